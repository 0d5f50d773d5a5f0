//! `liaison demo`: the main job on an invented school, told as a story a head teacher could read.

mod people;
mod replies;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use jiff::ToSpan as _;

use super::{chronology, open, queue, say, serve, settings, settings::Settings, start_log, table::table};
use crate::{
    domain::{
        chronology::kind,
        time::{Date, day_in_words, school_date, week_of},
        wording::language_in_words,
    },
    flows::{
        Clock as _, SystemClock, deliver, gateway::Gateway, import::Files, play::Play, queue::Queued, seal,
        tasks, verify,
    },
    store::{
        self,
        cluster::{Cluster, reachable_dir},
        explain::{self, Filter, Whose},
    },
    workers,
};

const PUPILS: &str = include_str!("../../deploy/demo-school/pupils.csv");
const CONTACTS: &str = include_str!("../../deploy/demo-school/contacts.csv");
/// The number from which the demo's school texts.
const TEXTS_FROM: &str = "+447700900900";
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

/// Runs the demo.
pub(super) async fn run(args: &DemoArgs) -> Result<u8> {
    std::fs::create_dir_all(&args.dir).with_context(|| format!("Make {}", args.dir.display()))?;
    let dir = args.dir.canonicalize()?;
    let outbox = dir.join("outbox");
    // Only ever the folder of this name that the demo itself makes.
    if outbox.exists() {
        std::fs::remove_dir_all(&outbox).with_context(|| format!("Clear {}", outbox.display()))?;
    }
    std::fs::create_dir_all(&outbox)?;
    let inbox = dir.join("inbox");
    if inbox.exists() {
        std::fs::remove_dir_all(&inbox).with_context(|| format!("Clear {}", inbox.display()))?;
    }
    std::fs::create_dir_all(&inbox)?;
    let settings = demo_settings(&dir, &outbox, &inbox)?;
    let (switch, stop) = workers::Stop::switch();
    serve::on_signal(switch)?;
    say("Setting up a private Postgres …");
    start_clean(&settings).await?;
    let database = open::database(&settings).await?;
    let gateway = open::gateway(&settings, &database.store)?;
    let told = both_halves(&gateway, &settings, &inbox, &outbox).await;
    let served = match &told {
        Ok(true) if !args.once => {
            let listener = serve::listen(&settings).await?;
            say(&people::in_words(&gateway, listener.local_addr()?).await?);
            say(&format!(
                "\nThe daemon goes on serving; Ctrl-C ends it. Mails put into {} are read. In another terminal:\n  {} --config {} cases list",
                inbox.display(),
                std::env::current_exe()?.display(),
                dir.join(SETTINGS_FILE).display(),
            ));
            start_log(tracing::Level::INFO, false);
            serve::serve(&settings, &gateway, listener, open::mailboxes(&settings, &gateway)?, stop).await
        }
        _ => Ok(()),
    };
    database.close().await;
    served?;
    Ok(u8::from(!told?))
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

fn demo_settings(dir: &Path, outbox: &Path, inbox: &Path) -> Result<Settings> {
    let text = |path: &Path| path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    let calendar = dir.join("calendar.csv");
    std::fs::write(&calendar, demo_calendar(school_date(SystemClock.now())))?;
    let settings = format!(
        "[school]\nname = \"Northfield School\"\noffice_phone = \"01632 960100\"\n\
         [data]\ndir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1\"\n\
         [sending]\nfrom = \"00:00\"\nuntil = \"00:00\"\ndays = \"every_day\"\ntext_update = \"full\"\n\
         [channels.school-mail]\nkind = \"folder\"\ncarries = \"mail\"\npath = \"{}\"\n\
         from = \"Northfield School <parents@northfield.example>\"\n\
         [channels.parents-inbox]\nkind = \"inbox_folder\"\npath = \"{}\"\n\
         addresses = [\"parents@northfield.example\"]\n[calendar]\nfile = \"{}\"\n\
         [channels.texts]\nkind = \"folder\"\ncarries = \"text\"\npath = \"{}\"\nfrom = \"{TEXTS_FROM}\"\n",
        text(&reachable_dir(dir)),
        text(&outbox.join("mail")),
        text(inbox),
        text(&calendar),
        text(&outbox.join("texts")),
    );
    // For whoever wants to look at the demo's school with the other commands.
    std::fs::write(dir.join(SETTINGS_FILE), &settings)?;
    let mut settings = settings::read_text(&settings)?;
    settings.site.demo = true;
    // The port is known only when it listens: a notice says to come in as always.
    settings.policy.notices.pages_url = None;
    settings.site.play = Some(Play {
        inbox: inbox.to_owned(),
        mail: outbox.join("mail"),
        texts: outbox.join("texts"),
        number: TEXTS_FROM.to_owned(),
    });
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
async fn both_halves(
    gateway: &Arc<Gateway>,
    settings: &Settings,
    inbox: &Path,
    outbox: &Path,
) -> Result<bool> {
    Ok(story(gateway, outbox).await? && replies::play(gateway, settings, inbox, outbox).await?)
}

/// Fills in the days a committed file cannot know.
fn dated(file: &str, today: Date) -> String {
    file.replace("{monday}", &week_of(today).to_string())
        .replace("{tomorrow}", &today.saturating_add(1.day()).to_string())
        .replace("{yesterday}", &today.saturating_sub(1.day()).to_string())
        .replace("{today}", &today.to_string())
}

/// Plays it and tells it; `true` when everything is as it should be.
async fn story(gateway: &Arc<Gateway>, outbox: &Path) -> Result<bool> {
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
    say("Delivering …\n");
    deliver_all(gateway).await?;
    while seal::seal(gateway).await? > 0 {}
    tell(gateway, outbox, &queued, today).await
}

async fn deliver_all(gateway: &Arc<Gateway>) -> Result<()> {
    for sender in gateway.senders.values() {
        for mut lane in deliver::lanes(gateway, sender) {
            while matches!(lane.step().await?, deliver::Step::Did(_)) {}
            lane.finish().await?;
        }
    }
    Ok(())
}

async fn tell(gateway: &Gateway, outbox: &Path, queued: &Queued, today: Date) -> Result<bool> {
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
        let outcome = if d.state == "submitted" { "sent".to_owned() } else { d.state.clone() };
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
        outbox.join("mail").display(),
        outbox.join("texts").display()
    ));

    let verdict = verify::verify(&gateway.store, &[]).await?;
    say(&format!("\nTHE CHRONOLOGY\n{}", chronology::in_words(&verdict)));
    let wrong = what_is_wrong(gateway, outbox, &sent, &rows, verdict.good && verdict.waiting == 0).await?;
    for problem in &wrong {
        say(&format!("NOT AS IT SHOULD BE: {problem}"));
    }
    Ok(wrong.is_empty())
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
    gateway: &Gateway,
    outbox: &Path,
    sent: &[explain::DeliveryView],
    told: &[Vec<String>],
    proved: bool,
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    if !proved {
        wrong.push("the chronology does not verify, or is not sealed to its end".to_owned());
    }
    for d in sent.iter().filter(|d| d.state != "submitted") {
        wrong.push(format!("delivery {} is {}", d.id, d.state));
    }
    let (folders, mut files) = ([("mail", "email", "eml"), ("texts", "text", "txt")], BTreeSet::new());
    for (folder, route, ending) in folders {
        let wanted: BTreeSet<String> = sent
            .iter()
            .filter(|d| d.route == route)
            .map(|d| format!("{}.{ending}", d.id.0.simple()))
            .collect();
        let found = file_names(&outbox.join(folder));
        if wanted != found {
            wrong.push(format!(
                "{folder}: {} message(s) were recorded and {} file(s) are there",
                wanted.len(),
                found.len()
            ));
        }
        files.extend(found);
    }
    let people = explain::carers_of_updated(&mut *gateway.store.acquire().await?).await?;
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
