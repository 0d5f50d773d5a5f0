//! The operator's commands; the only place that wires everything. What a command prints is for the person at the
//! terminal; with `--json` it is for a script.

mod case_deeds;
mod cases;
mod check;
mod chronology;
mod complaints;
mod demo;
mod explain;
mod import;
mod inspect;
mod open;
mod questions;
mod queue;
mod records;
mod serve;
pub mod settings;
mod staff;
mod table;
mod tasks;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use settings::Settings;

use crate::{
    domain::ids::{DeliveryId, TaskId},
    flows::{current, gateway::Gateway, import::Files, verify::Noted},
};

/// A school's contact with parents and carers, out and in, in one chronology.
#[derive(Debug, Parser)]
#[command(name = "liaison", version, about, max_term_width = 100)]
pub struct Cli {
    /// The settings file [default: /etc/liaison/liaison.toml, if it is there]
    #[arg(long, global = true, env = "LIAISON_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon until it is told to stop
    Serve,
    /// Show the main job on an invented school, with nothing set up
    Demo(demo::DemoArgs),
    /// Try the database and every channel, and say in words what to do; writes to no carer
    Check,
    /// Bring the database up to this program, as its owner; a private one is brought up by itself
    Migrate,
    /// Print every setting with its default and its meaning
    Settings,
    /// Import pupils and contacts; the same files twice change nothing
    Import {
        /// The file of pupils, such as pupils.csv
        pupils: PathBuf,
        /// The file of their contacts, such as contacts.csv
        contacts: PathBuf,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// A teacher's weekly updates
    #[command(subcommand)]
    Updates(UpdatesCommand),
    /// Messages that wait, left or failed
    #[command(subcommand)]
    Queue(QueueCommand),
    /// What people must do: calls, letters, addresses to check [default: list]
    Tasks {
        #[command(subcommand)]
        what: Option<TasksCommand>,
    },
    /// What carers wrote, whose turn it is and by when, and replies
    #[command(subcommand)]
    Cases(cases::CasesCommand),
    /// Cases that were handed on to the Complaints Procedure: stages, days, and who has them
    #[command(subcommand)]
    Complaints(complaints::ComplaintsCommand),
    /// What is about safeguarding, SEND or behaviour: its sheet, and its reference in CPOMS or Engage
    #[command(subcommand)]
    Records(records::RecordsCommand),
    /// What only a person can decide about a message: who wrote, and about which child
    #[command(subcommand)]
    Questions(questions::QuestionsCommand),
    /// Everything that arrived, as it was kept, and what was made of it
    #[command(subcommand)]
    Received(questions::ReceivedCommand),
    /// Colleagues: who may sign in, as what, and with which classes
    #[command(subcommand)]
    Staff(staff::StaffCommand),
    /// The record: show it, export it, prove it
    #[command(subcommand)]
    Chronology(ChronologyCommand),
    /// Why something is as it is: what was decided, by which rules and settings, and what they saw
    Explain {
        /// An id from any list (message, task, received, clock, question, entry of the chronology and the like), a case's code,
        /// a complaint's number, or a version of the settings
        id: String,
    },
    /// What Liaison would make of something; keeps nothing, needs no database, prints one JSON object
    #[command(subcommand)]
    Inspect(inspect::InspectCommand),
}

#[derive(Debug, Subcommand)]
enum UpdatesCommand {
    /// Queue a CSV file of updates (columns: pupil, week, text, and if wanted sensitive and topic); the same file twice queues
    /// nothing new
    Queue {
        /// The CSV file
        file: PathBuf,
        /// The teacher whose updates they are, for the record
        #[arg(long, default_value = "operator")]
        author: String,
    },
}

#[derive(Debug, Args)]
struct By {
    /// Who does it, for the record
    #[arg(long, default_value = "operator")]
    by: String,
}

#[derive(Debug, Subcommand)]
enum QueueCommand {
    /// List messages, newest first, and what is held
    List {
        /// Only this state
        #[arg(long, value_parser = ["queued", "submitting", "submitted", "delivered", "failed", "unknown", "refused", "cancelled"])]
        state: Option<String>,
        /// Only this channel
        #[arg(long)]
        channel: Option<String>,
        /// At most so many; 0 for all
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// Hold all sending, one channel or one message, until it is released
    Hold {
        /// all, the name of a channel, or the id of a message
        #[arg(default_value = "all")]
        scope: String,
        /// Why, for the record
        #[arg(long, default_value = "held by hand")]
        reason: String,
        #[command(flatten)]
        by: By,
    },
    /// Lift a hold
    Release {
        /// all, the name of a channel, or the id of a message
        #[arg(default_value = "all")]
        scope: String,
        #[command(flatten)]
        by: By,
    },
    /// Send again a message that failed, was refused or was cancelled; the gate is asked first
    Retry {
        /// Its id, from `queue list`
        id: DeliveryId,
        /// Also one that may have gone already: it may then arrive twice
        #[arg(long)]
        even_if_twice: bool,
        #[command(flatten)]
        by: By,
    },
    /// Take a message back before it leaves
    Cancel {
        /// Its id, from `queue list`
        id: DeliveryId,
        #[command(flatten)]
        by: By,
    },
}

#[derive(Debug, Subcommand)]
enum TasksCommand {
    /// List what is open, soonest due first
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
    },
    /// Show one, with all that is needed to do it; the gate is asked first
    Show {
        /// Its id, from `tasks list`
        id: TaskId,
        /// Print a letter as an HTML page, to open in a browser and print
        #[arg(long)]
        page: bool,
    },
    /// Keep the words of a call in the carer's own language, and send them in writing to all who read it
    Translate {
        /// Its id, from `tasks list`
        id: TaskId,
        /// A UTF-8 file with the translation
        file: PathBuf,
        /// The title in that language, for a notice or newsletter
        #[arg(long, default_value = "")]
        title: String,
        /// The person who reads that language and answers for it
        #[arg(long)]
        checked_by: String,
        /// A machine made it, and that person has read it against the English
        #[arg(long)]
        by_machine: bool,
        #[command(flatten)]
        by: By,
    },
    /// Close one that is done
    Done {
        /// Its id, from `tasks list`
        id: TaskId,
        /// What came of it
        #[arg(long)]
        outcome: String,
        #[command(flatten)]
        by: By,
    },
    /// Close one that cannot be done
    GiveUp {
        /// Its id, from `tasks list`
        id: TaskId,
        /// Why
        #[arg(long)]
        outcome: String,
        #[command(flatten)]
        by: By,
    },
}

#[derive(Debug, Args)]
struct WhoseArgs {
    /// About this pupil, by the school's reference or id
    #[arg(long)]
    pupil: Option<String>,
    /// About this carer, by the contact's reference or id
    #[arg(long)]
    carer: Option<String>,
}

#[derive(Debug, Subcommand)]
enum ChronologyCommand {
    /// Show all of it, or what is about one pupil or carer
    Show {
        #[command(flatten)]
        whose: WhoseArgs,
        /// With the words that were sent
        #[arg(long)]
        words: bool,
    },
    /// Print it as JSON lines, each with its digest
    Export {
        #[command(flatten)]
        whose: WhoseArgs,
    },
    /// Recompute it and name the first entry that was altered, removed or brought in
    Verify {
        /// A seal that was noted down elsewhere, as it was printed: number:hash. Shows an end that was cut off
        #[arg(long = "seal", value_name = "NUMBER:HASH")]
        seals: Vec<Noted>,
    },
}

/// Runs a command; the exit code is the process's.
pub async fn run(cli: Cli) -> Result<u8> {
    if let Command::Inspect(what) = &cli.command {
        inspect::run(what);
        return Ok(0);
    }
    if matches!(cli.command, Command::Settings) {
        say(settings::DEFAULTS);
        return Ok(0);
    }
    if let Command::Demo(args) = &cli.command {
        start_log(tracing::Level::WARN, false);
        return demo::run(args).await;
    }
    let settings = settings::read(cli.config.as_deref())?;
    match cli.command {
        Command::Serve => {
            start_log(settings.log_level, settings.json_logs);
            serve::run(&settings).await.map(|()| 0)
        }
        Command::Check => check::run(&settings, cli.json).await,
        Command::Migrate => {
            let database = open::database(&settings).await?;
            let applied = crate::store::migrate(&database.owner).await;
            database.close().await;
            let applied = applied?;
            say(&format!("the database is up to date; {applied} migration(s) applied now"));
            Ok(0)
        }
        command => with_database(&settings, cli.json, command).await,
    }
}

/// The commands that read or change the record and send nothing.
async fn with_database(settings: &Settings, json: bool, command: Command) -> Result<u8> {
    let database = open::database(settings).await?;
    let done = async {
        database.store.ready().await?;
        let gateway = open::idle_gateway(settings, &database.store)?;
        current::refresh(&gateway).await?;
        one_command(&gateway, json, command).await
    }
    .await;
    database.close().await;
    done
}

async fn one_command(gateway: &Gateway, json: bool, command: Command) -> Result<u8> {
    match command {
        Command::Import { pupils, contacts, dry_run } => {
            import_files(gateway, &pupils, &contacts, dry_run, json).await
        }
        Command::Updates(UpdatesCommand::Queue { file, author }) => {
            queue::updates(gateway, &file, &author, json).await
        }
        Command::Queue(what) => queue::run(gateway, what, json).await,
        Command::Tasks { what } => {
            tasks::run(gateway, what.unwrap_or(TasksCommand::List { all: false }), json).await
        }
        Command::Cases(what) => cases::run(gateway, what, json).await,
        Command::Complaints(what) => complaints::run(gateway, what, json).await,
        Command::Records(what) => records::run(gateway, what, json).await,
        Command::Questions(what) => questions::run(gateway, what, json).await,
        Command::Received(what) => questions::received(gateway, what, json).await,
        Command::Staff(what) => staff::run(gateway, what, json).await,
        Command::Chronology(what) => chronology::run(gateway, what, json).await,
        Command::Explain { id } => explain::run(gateway, &id, json).await,
        Command::Serve
        | Command::Demo(_)
        | Command::Check
        | Command::Migrate
        | Command::Settings
        | Command::Inspect(_) => unreachable!("handled before a database is opened"),
    }
}

/// Imports two files, or says what that would do; the exit code is 1 when they were refused.
async fn import_files(
    gateway: &Gateway,
    pupils: &Path,
    contacts: &Path,
    dry_run: bool,
    json: bool,
) -> Result<u8> {
    let read = |file: &Path| std::fs::read(file).with_context(|| format!("Read {}", file.display()));
    let (pupils, contacts) = (read(pupils)?, read(contacts)?);
    let files = Files { pupils: &pupils, contacts: &contacts };
    let report =
        crate::flows::import::import(&gateway.store, gateway.clock.as_ref(), files, "operator", dry_run)
            .await?;
    if json {
        say_json(&report)?;
    } else {
        say(&import::report(&report));
    }
    Ok(u8::from(report.refused))
}

/// Starts the log on standard error. The IMAP and SMTP libraries would log what they read and write: they are silent.
fn start_log(level: tracing::Level, json: bool) {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter =
        EnvFilter::new(format!("{level},sqlx=warn,hyper=warn,lettre=off,async_imap=off,imap_proto=off"));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call, as in tests, leaves the first log as it is.
    let _ = if json {
        log.json().flatten_event(true).try_init()
    } else {
        log.with_target(false).with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init()
    };
}

/// Prints a line for people to standard output; a reader that has gone away (`| head`) is not an error.
fn say(text: &str) {
    put(&harmless(text));
}

/// Prints a value as JSON, for scripts: exactly as it is.
fn say_json(value: &impl serde::Serialize) -> Result<()> {
    put(&serde_json::to_string(value)?);
    Ok(())
}

fn put(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{}", line.trim_end_matches('\n'));
}

/// What a terminal shows and no more: words of strangers must not move its cursor, colour it, or turn the writing round
/// (Unicode's bidirectional overrides).
fn harmless(text: &str) -> String {
    let shown = |c: &char| {
        let turns = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        !turns && (!c.is_control() || matches!(c, '\n' | '\t'))
    };
    text.chars().filter(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_a_stranger_wrote_cannot_steer_the_terminal() {
        let hostile = "\u{1b}[2Jred\u{7}\u{9b}31m \u{202e}olleh\r\nżółw 👍\ttab";

        assert_eq!(harmless(hostile), "[2Jred31m olleh\nżółw 👍\ttab");
    }
}
