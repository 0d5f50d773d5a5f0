//! Which `initdb` and `postgres` to use.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ClusterError;

/// The oldest major version we run on.
pub(super) const OLDEST: u32 = 15;
/// One folder a version, as Debian and Ubuntu install it.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A folder with both programs, of a version that we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) bin_dir: PathBuf,
    pub(super) version: u32,
}

impl Programs {
    pub(super) fn initdb(&self) -> PathBuf {
        self.bin_dir.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.bin_dir.join("postgres")
    }

    fn in_dir(bin_dir: &Path) -> Option<Self> {
        let version = output(Command::new(bin_dir.join("postgres")).arg("--version"))?;
        let programs = Self { bin_dir: bin_dir.to_owned(), version: major(&version)? };
        programs.initdb().is_file().then_some(programs)
    }
}

/// The programs to use: those in `setting` and no others when it is given; else the first of what `pg_config`
/// says and Debian's folders, newest first. Data that exist decide among them, as only the version that wrote
/// them can read them.
pub(super) fn find(setting: Option<&Path>, data_version: Option<u32>) -> Result<Programs, ClusterError> {
    let candidates = match setting {
        Some(dir) => Programs::in_dir(dir).into_iter().collect(),
        None => installed(),
    };
    match choose(candidates, data_version) {
        Ok(programs) => Ok(programs),
        Err(Unfit::None) => {
            let looked = setting.map(|dir| format!(" in {}", dir.display())).unwrap_or_default();
            Err(ClusterError::NoPrograms { looked })
        }
        Err(Unfit::TooOld(p)) => Err(ClusterError::TooOld { bin_dir: p.bin_dir, found: p.version }),
    }
}

enum Unfit {
    None,
    TooOld(Programs),
}

fn choose(candidates: Vec<Programs>, data_version: Option<u32>) -> Result<Programs, Unfit> {
    let (fit, old): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|p| p.version >= OLDEST);
    let same = fit.iter().find(|p| Some(p.version) == data_version);
    match same.or(fit.first()) {
        Some(programs) => Ok(programs.clone()),
        None => Err(old.into_iter().next().map_or(Unfit::None, Unfit::TooOld)),
    }
}

fn installed() -> Vec<Programs> {
    let configured = output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from);
    let mut per_version: Vec<Programs> = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| Programs::in_dir(&entry.ok()?.path().join("bin")))
        .collect();
    per_version.sort_by_key(|p| std::cmp::Reverse(p.version));
    configured.iter().filter_map(|dir| Programs::in_dir(dir)).chain(per_version).collect()
}

/// What a command prints, trimmed; `None` when it is not there or fails.
fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// 15 from `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; 19 from `19beta1`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number.get(..end)?.parse().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn programs(version: u32) -> Programs {
        Programs { bin_dir: PathBuf::from(format!("/opt/{version}/bin")), version }
    }

    #[test]
    fn the_major_version_is_read_from_each_way_of_writing_it() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(major("something else"), None);
    }

    #[test]
    fn data_that_exist_choose_the_version_that_wrote_them() {
        let found = || vec![programs(18), programs(17), programs(15)];

        assert_eq!(choose(found(), Some(15)).ok(), Some(programs(15)));
        assert_eq!(choose(found(), None).ok(), Some(programs(18)));
        assert_eq!(choose(found(), Some(16)).ok(), Some(programs(18)));
    }

    #[test]
    fn an_old_version_is_told_apart_from_none() {
        assert!(matches!(choose(vec![programs(14)], None), Err(Unfit::TooOld(p)) if p.version == 14));
        assert!(matches!(choose(vec![], None), Err(Unfit::None)));
    }

    #[test]
    fn a_named_folder_without_the_programs_is_named_in_the_sentence() {
        let empty = tempfile::tempdir().unwrap();

        let error = find(Some(empty.path()), None).unwrap_err().to_string();

        assert!(error.contains(&empty.path().display().to_string()), "{error}");
        assert!(error.contains("apt-get install postgresql"), "{error}");
    }
}
