//! `liaison demo`: the main job on an invented school, told as a story a head teacher could read.

mod people;
mod replies;
mod stand_ins;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use jiff::ToSpan as _;
use tokio::net::TcpListener;

use self::stand_ins::StandIns;
use super::{chronology, open, queue, say, serve, settings, settings::Settings, start_log, table::table};
use crate::{
    domain::{
        chronology::kind,
        time::{Date, day_in_words, school_date, week_of},
        wording::language_in_words,
    },
    flows::{
        Clock as _, SystemClock, deliver, gateway::Gateway, import::Files, play::Play, queue::Queued,
        resolve, seal, tasks, verify,
    },
    store::{
        self,
        cluster::{Cluster, reachable_dir},
        explain::{self, Filter, Whose},
    },
    web, workers,
};

const PUPILS: &str = include_str!("../../deploy/demo-school/pupils.csv");
const CONTACTS: &str = include_str!("../../deploy/demo-school/contacts.csv");
/// The demo's settings, in its folder.
const SETTINGS_FILE: &str = "liaison.toml";
const UPDATES: &str = include_str!("../../deploy/demo-school/updates.csv");

/// What `liaison demo` is told.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Tell the story once and end; the exit code is 1 if anything in it is not as it should be
    #[arg(long)]
    once: bool,
    /// Where its database and its messages go; what an earlier demo left there is removed
    #[arg(long, default_value = ".demo", value_name = "FOLDER")]
    dir: PathBuf,
}

/// The demo while it runs: its school, and what stands in for the world around it.
struct Demo {
    gateway: Arc<Gateway>,
    settings: Settings,
    stand_ins: Arc<StandIns>,
    /// Where the pages are, and what providers post to.
    pages: SocketAddr,
    folders: Folders,
}

/// The folders of the demo that a visitor may look into.
struct Folders {
    inbox: PathBuf,
    mail: PathBuf,
    texts: PathBuf,
}

/// Runs the demo.
pub(super) async fn run(args: &DemoArgs) -> Result<u8> {
    std::fs::create_dir_all(&args.dir).with_context(|| format!("Make {}", args.dir.display()))?;
    let dir = args.dir.canonicalize()?;
    let outbox = cleared(dir.join("outbox"))?;
    let folders = Folders {
        inbox: cleared(dir.join("inbox"))?,
        mail: outbox.join("mail"),
        texts: outbox.join("texts"),
    };
    let stand_ins = Arc::new(StandIns::start(&dir, &outbox).await?);
    let mut settings = demo_settings(&dir, &folders.inbox, &stand_ins)?;
    let (switch, stop) = workers::Stop::switch();
    serve::on_signal(switch)?;
    say("Setting up a private Postgres …");
    start_clean(&settings).await?;
    let database = open::database(&settings).await?;
    let gateway = open::gateway(&settings, &database.store)?;
    let listener = serve::listen(&settings).await?;
    let pages = listener.local_addr()?;
    settings.site.play = Some(Play {
        inbox: folders.inbox.clone(),
        mail: folders.mail.clone(),
        texts: folders.texts.clone(),
        phones: stand_ins.phones(pages),
    });
    let listener = listener.into_std()?;
    // While the story is told providers can post already.
    let posts = TcpListener::from_std(listener.try_clone()?)?;
    let posts = tokio::spawn(
        axum::serve(posts, web::router(Arc::clone(&gateway), web::Site::default())).into_future(),
    );
    let demo = Demo { gateway, settings, stand_ins, pages, folders };
    let told = both_halves(&demo).await;
    posts.abort();
    let served = match &told {
        Ok(true) if !args.once => go_on(&demo, &dir, TcpListener::from_std(listener)?, stop).await,
        _ => Ok(()),
    };
    database.close().await;
    served?;
    Ok(u8::from(!told?))
}

/// Serves like any daemon, and says what there is to look at.
async fn go_on(demo: &Demo, dir: &Path, listener: TcpListener, stop: workers::Stop) -> Result<()> {
    let (gateway, settings) = (&demo.gateway, &demo.settings);
    say(&people::in_words(gateway, demo.pages).await?);
    say(&format!(
        "\nThe daemon goes on serving; Ctrl-C ends it. Mails put into {} are read. In another terminal:\n  {} --config {} cases list",
        demo.folders.inbox.display(),
        std::env::current_exe()?.display(),
        dir.join(SETTINGS_FILE).display(),
    ));
    start_log(tracing::Level::INFO, false);
    let stand_ins = Arc::clone(&demo.stand_ins);
    let (pages, until) = (demo.pages, stop.clone());
    let carrying = tokio::spawn(async move { stand_ins.keep_carrying(pages, until).await });
    let served = serve::serve(settings, gateway, listener, open::mailboxes(settings, gateway)?, stop).await;
    carrying.abort();
    served
}

/// Only ever a folder of a name that the demo itself makes.
fn cleared(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("Clear {}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A second run starts clean: the cluster is kept, which is what takes time to make; the database is made anew.
async fn start_clean(settings: &Settings) -> Result<()> {
    let cluster = Cluster::start(&open::cluster_options(settings)).await?;
    let removed = store::remove_database(&cluster.connect_options("postgres")).await;
    removed.context("Clear the demo's database; is another demo running?")?;
    // The server stays up: this process opens it again at once.
    std::mem::drop(cluster);
    Ok(())
}

fn demo_settings(dir: &Path, inbox: &Path, stand_ins: &StandIns) -> Result<Settings> {
    let text = |path: &Path| path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    let calendar = dir.join("calendar.csv");
    std::fs::write(&calendar, demo_calendar(school_date(SystemClock.now())))?;
    let settings = format!(
        "[school]\nname = \"Northfield School\"\noffice_phone = \"01632 960100\"\n\
         [data]\ndir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1\"\n\
         [sending]\nfrom = \"00:00\"\nuntil = \"00:00\"\ndays = \"every_day\"\ntext_update = \"full\"\n\
         [channels.parents-inbox]\nkind = \"inbox_folder\"\npath = \"{}\"\n\
         addresses = [\"parents@northfield.example\"]\n[calendar]\nfile = \"{}\"\n{}",
        text(&reachable_dir(dir)),
        text(inbox),
        text(&calendar),
        stand_ins.channels(),
    );
    // For whoever wants to look at the demo's school with the other commands.
    std::fs::write(dir.join(SETTINGS_FILE), &settings)?;
    let mut settings = settings::read_text(&settings)?;
    settings.site.demo = true;
    // The port is known only when it listens: a notice says to come in as always.
    settings.policy.notices.pages_url = None;
    // The stand-in's list does not lag.
    settings.patience.ask_after = Duration::ZERO;
    Ok(settings)
}

/// A term around today, and the one after it: a committed calendar would run out.
fn demo_calendar(today: Date) -> String {
    let day = |weeks: i64| week_of(today).saturating_add((weeks * 7).days());
    format!(
        "kind,from,until,reason\nterm,{},{},\nterm,{},{},\n",
        day(-6),
        day(5).saturating_add(4.days()),
        day(8),
        day(18).saturating_add(4.days()),
    )
}

/// What the carers are told, and what they answer.
async fn both_halves(demo: &Demo) -> Result<bool> {
    Ok(story(demo).await? && replies::play(demo).await?)
}

/// Fills in the days a committed file cannot know.
fn dated(file: &str, today: Date) -> String {
    file.replace("{monday}", &week_of(today).to_string())
        .replace("{tomorrow}", &today.saturating_add(1.day()).to_string())
        .replace("{yesterday}", &today.saturating_sub(1.day()).to_string())
        .replace("{today}", &today.to_string())
}

/// Plays it and tells it; `true` when everything is as it should be.
async fn story(demo: &Demo) -> Result<bool> {
    let gateway = &demo.gateway;
    let today = school_date(SystemClock.now());
    let (pupils, contacts, updates) = (dated(PUPILS, today), dated(CONTACTS, today), dated(UPDATES, today));
    say("Importing an invented school …");
    let files = Files { pupils: pupils.as_bytes(), contacts: contacts.as_bytes() };
    let report =
        crate::flows::import::import(&gateway.store, gateway.clock.as_ref(), files, "office", false).await?;
    if report.refused {
        bail!("the demo's own files were refused:\n{}", super::import::report(&report));
    }
    people::add(gateway).await?;
    say("Queueing this week's updates for class Oak …");
    let queued =
        queue::updates_for_demo(gateway, updates.as_bytes(), &people::class_teacher(gateway).await?).await?;
    say("Delivering, through strict stand-ins for a mail server and a provider of texts …\n");
    demo.stand_ins.cut_the_next_text();
    deliver_all(demo).await?;
    while seal::seal(gateway).await? > 0 {}
    tell(demo, &queued, today).await
}

/// Delivers what is due, clears up what is in doubt, and lets the stand-ins carry on what they took.
async fn deliver_all(demo: &Demo) -> Result<()> {
    let gateway = &demo.gateway;
    for sender in gateway.senders.values() {
        for mut lane in deliver::lanes(gateway, sender) {
            while matches!(lane.step().await?, deliver::Step::Did(_)) {}
            lane.finish().await?;
        }
    }
    resolve::resolve(gateway).await?;
    demo.stand_ins.carry_on(demo.pages).await
}

async fn tell(demo: &Demo, queued: &Queued, today: Date) -> Result<bool> {
    let gateway = &demo.gateway;
    let mut connection = gateway.store.acquire().await?;
    let sent = explain::deliveries(&mut connection, &Filter::default()).await?;
    let entries = explain::chronology(&mut connection, Whose::default()).await?;
    drop(connection);
    let tasks = tasks::list(gateway, true, true).await?;
    let left_out: Vec<_> = entries.iter().filter(|entry| entry.kind == kind::LEFT_OUT).collect();

    say(&format!(
        "NORTHFIELD SCHOOL: weekly updates for class Oak, week of {}\n",
        day_in_words(week_of(today))
    ));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for d in &sent {
        let outcome = if d.state == "submitted" { "sent" } else { &d.state };
        let why = d.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        rows.push(vec![d.pupil.clone(), d.carer.clone(), d.route.clone(), format!("{outcome}{why}")]);
    }
    for task in &tasks {
        let route = if ["call", "letter"].contains(&task.kind.as_str()) {
            task.kind.clone()
        } else {
            "task".to_owned()
        };
        rows.push(vec![
            task.pupil.clone(),
            task.carer.clone(),
            route,
            format!("for {}: {}", task.role, task.why),
        ]);
    }
    for entry in &left_out {
        let why = entry.sentence.trim_start_matches("weekly update: ").to_owned();
        rows.push(vec![
            entry.pupil.clone().unwrap_or_default(),
            entry.carer.clone().unwrap_or_default(),
            "none".to_owned(),
            why,
        ]);
    }
    rows.sort();
    say(&table(&["pupil", "carer", "by", "what happened"], &rows, 62));
    say(&queue::in_words(queued));
    say(&format!("\nTO DO\n{}", to_do(&tasks)));
    say(&format!(
        "The messages are files to open:\n  {}\n  {}",
        demo.folders.mail.display(),
        demo.folders.texts.display()
    ));
    say(&on_the_wire(demo, &sent));

    let verdict = verify::verify(&gateway.store, &[]).await?;
    say(&format!("\nTHE CHRONOLOGY\n{}", chronology::in_words(&verdict)));
    let wrong = what_is_wrong(demo, &sent, &rows, verdict.good && verdict.waiting == 0).await?;
    for problem in &wrong {
        say(&format!("NOT AS IT SHOULD BE: {problem}"));
    }
    Ok(wrong.is_empty())
}

/// What the stand-in for the provider of texts did to us, and what came of it.
fn on_the_wire(demo: &Demo, sent: &[explain::DeliveryView]) -> String {
    let arrived = sent.iter().filter(|d| d.state == "delivered").count();
    format!(
        "\nTHE PROVIDER OF TEXTS\nThe line was cut once, just after it had taken a text: Liaison asked whether it had it, and did \
         not send it again.\nIt posted each receipt late, twice and out of order: of {} text(s) {arrived} are known to have arrived.",
        demo.stand_ins.texts_taken(),
    )
}

fn to_do(listed: &[tasks::Listed]) -> String {
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|task| {
            let needs = task.needs.clone().unwrap_or_default();
            let mut how = needs.to.unwrap_or_default().replace('\n', ", ");
            if let Some(language) = needs.interpreter {
                how += &format!("\ninterpreter: {}, book first", language_in_words(&language));
            }
            if let Some(times) = needs.best_times {
                how += &format!("\nbest: {times}");
            }
            if let Some(format) = needs.format {
                how += &format!("\nin {}", format.replace('_', " "));
            }
            let whom = format!("{} (about {})", task.carer, task.pupil);
            vec![task.role.clone(), task.kind.replace('_', " "), whom, how, day_in_words(task.due)]
        })
        .collect();
    table(&["who", "does", "for", "how", "by"], &rows, 40)
}

/// Checks the story against the files and the roll, not against itself.
async fn what_is_wrong(
    demo: &Demo,
    sent: &[explain::DeliveryView],
    told: &[Vec<String>],
    proved: bool,
) -> Result<Vec<String>> {
    let mut wrong = demo.stand_ins.complaints();
    if !proved {
        wrong.push("the chronology does not verify, or is not sealed to its end".to_owned());
    }
    for d in sent {
        // Of a text its provider tells more than that it took it.
        let due = if d.route == "text" { "delivered" } else { "submitted" };
        if d.state != due {
            wrong.push(format!("delivery {} is {}, not {due}", d.id, d.state));
        }
    }
    let folders = [(&demo.folders.mail, "email", "eml"), (&demo.folders.texts, "text", "txt")];
    let mut files = BTreeSet::new();
    for (folder, route, ending) in folders {
        let wanted: BTreeSet<String> = sent
            .iter()
            .filter(|d| d.route == route)
            .map(|d| format!("{}.{ending}", d.id.0.simple()))
            .collect();
        let found = file_names(folder);
        if wanted != found {
            wrong.push(format!(
                "by {route}: {} message(s) were recorded and {} file(s) are there",
                wanted.len(),
                found.len()
            ));
        }
        files.extend(found);
    }
    let people = explain::carers_of_updated(&mut *demo.gateway.store.acquire().await?).await?;
    let told: BTreeSet<_> =
        told.iter().filter_map(|row| Some((row.first()?.clone(), row.get(1)?.clone()))).collect();
    for pair in people.iter().filter(|pair| !told.contains(*pair)) {
        wrong.push(format!("{} was neither told about {} nor left out with a reason", pair.1, pair.0));
    }
    if files.is_empty() || people.is_empty() {
        wrong.push("nothing happened".to_owned());
    }
    Ok(wrong)
}

fn file_names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
