//! Runs one function over many broken inputs. A case is made from its seed and its number alone, so that any case can be
//! made again; no coverage is measured, and no tool is needed beyond cargo.
//!
//! Without any variable a fixed number of cases of a fixed seed runs, as a test must. `tests/fuzz/run` sets the others:
//! `LIAISON_FUZZ_MINUTES` and `LIAISON_FUZZ_SEED` run longer and elsewhere, `LIAISON_FUZZ_INPUT` runs one file.

use std::{
    cell::Cell,
    env, fs,
    panic::{self, AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process,
    sync::{
        Arc, Once,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::mutate::mutated;

/// What is run, and on what.
pub(crate) struct Target {
    /// The word by which it is called.
    pub(crate) name: &'static str,
    /// Panics where something is wrong with its input's reading.
    pub(crate) fuzz: fn(&[u8]),
    /// Good inputs, and those that once failed.
    pub(crate) seeds: Vec<Vec<u8>>,
    /// Words that mean something to the reader.
    pub(crate) dictionary: &'static [&'static str],
    /// The largest input, in bytes: what grows with size is another test's matter.
    pub(crate) largest: usize,
    /// Cases of an ordinary run.
    pub(crate) cases: u64,
}

/// A case that takes longer hangs. Far above the slowest without optimisation on a busy machine.
const LONGEST: Duration = Duration::from_secs(30);

/// The seed of an ordinary run.
const SEED: u64 = 1;

/// How often a failing input is tried smaller.
const SMALLER: usize = 400;

/// Every file of a folder beside the tests, by name.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no .{ending}", folder.display());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs the seeds as they are, then broken ones.
pub(crate) fn run(target: &Target) {
    if let Ok(file) = env::var("LIAISON_FUZZ_INPUT") {
        return (target.fuzz)(&fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}")));
    }
    tell_panics_once();
    let seed = number("LIAISON_FUZZ_SEED").unwrap_or(SEED);
    let until =
        number("LIAISON_FUZZ_MINUTES").map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    for input in &target.seeds {
        check(target, input, "a seed as it stands");
    }
    let watch = Watch::start(target.name, seed);
    let mut case = 0;
    while until.map_or(case < target.cases, |until| Instant::now() < until) {
        watch.begin(case);
        let input = mutated(seed, case, &target.seeds, target.dictionary, target.largest);
        check(target, &input, &format!("case {case} of seed {seed}"));
        case += 1;
    }
    watch.end();
    eprintln!("{}: {case} cases of seed {seed}, from {} seeds", target.name, target.seeds.len());
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no whole number")))
}

thread_local! {
    /// Whether this thread's panics are told: the first of an input is, those of smaller ones are not.
    static TELLS: Cell<bool> = const { Cell::new(true) };
}

fn tell_panics_once() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if TELLS.get() {
                usual(info);
            }
        }));
    });
}

fn fails(target: &Target, input: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| (target.fuzz)(input))).is_err()
}

fn check(target: &Target, input: &[u8], which: &str) {
    if !fails(target, input) {
        return;
    }
    TELLS.set(false);
    let small = smaller(target, input.to_vec());
    TELLS.set(true);
    let path = place().join(format!("{}.failed", target.name));
    fs::write(&path, &small).unwrap();
    let (name, path) = (target.name, path.display());
    panic!(
        "{name}: {which} failed; the words of its panic stand above.\n  its input, made smaller: {path} ({} bytes)\n  \
         to repeat it: tests/fuzz/run --input {path} {name}\n  once it is mended: put it among the seeds",
        small.len()
    );
}

/// Takes pieces out as long as what remains fails too.
fn smaller(target: &Target, mut input: Vec<u8>) -> Vec<u8> {
    let mut tries = 0;
    let mut piece = input.len() / 2;
    while piece > 0 && tries < SMALLER {
        let mut at = 0;
        while at < input.len() && tries < SMALLER {
            let mut shorter = input.clone();
            shorter.drain(at..(at + piece).min(input.len()));
            tries += 1;
            if fails(target, &shorter) {
                input = shorter;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    input
}

fn place() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    fs::create_dir_all(&place).unwrap();
    place
}

/// Knows which case runs, for the two ends that no panic tells of: a hang, and a process that was killed.
struct Watch {
    running: PathBuf,
    case: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
}

impl Watch {
    fn start(name: &'static str, seed: u64) -> Self {
        let running = place().join(format!("{name}.running"));
        if let Ok(left) = fs::read_to_string(&running) {
            eprintln!("{name}: the last run ended in the middle, at {left}");
        }
        let (case, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (watched, over) = (Arc::clone(&case), Arc::clone(&done));
        thread::spawn(move || {
            let (mut last, mut since) = (u64::MAX, Instant::now());
            while !over.load(Ordering::Relaxed) {
                let now = watched.load(Ordering::Relaxed);
                if now != last {
                    (last, since) = (now, Instant::now());
                } else if since.elapsed() > LONGEST {
                    eprintln!("{name}: case {now} of seed {seed} hangs");
                    process::exit(101);
                }
                thread::park_timeout(Duration::from_secs(1));
            }
        });
        fs::write(&running, format!("seed {seed}")).unwrap();
        Self { running, case, done }
    }

    fn begin(&self, case: u64) {
        self.case.store(case, Ordering::Relaxed);
        // Not each: a file costs more than most cases. The rest is told by running on from here.
        if case.is_multiple_of(256) {
            fs::write(&self.running, format!("or up to 255 cases behind case {case}")).unwrap();
        }
    }

    fn end(&self) {
        self.done.store(true, Ordering::Relaxed);
        let _ = fs::remove_file(&self.running);
    }
}
