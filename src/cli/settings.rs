//! The settings: defaults that are compiled in, the school's file, `LIAISON__` variables; all problems told at once.

mod answering;
mod channels;
mod notices;
mod reading;
mod records;
mod sending;

use std::{
    collections::BTreeMap,
    num::NonZeroU64,
    path::{Path, PathBuf},
    time::Duration,
};

pub(in crate::cli) use answering::read_calendar;
use answering::{AnsweringSection, CalendarSection, ComplaintsSection};
use config::{Config, ConfigError, Environment, File, FileFormat, Value};
use liaison_channels::{ChannelConfig, message::ChannelId, reading::Limits, scan::ScanningConfig};
use notices::NoticesSection;
use reading::ScanningSection;
use records::RecordsSection;
use secrecy::SecretString;
use sending::SendingSection;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    domain::{policy::Policy, staff::Role},
    flows::gateway::Patience,
    web::Site,
};

/// Every setting with its default, and the manual.
pub const DEFAULTS: &str = include_str!("../../deploy/liaison.default.toml");

/// Where the school's file is, unless it is named.
const USUAL_FILE: &str = "/etc/liaison/liaison.toml";

/// Settings that were read and are valid in themselves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the private database lives.
    pub data_dir: PathBuf,
    /// An ordinary server's address; `None`: a private cluster in `data_dir`.
    pub database_url: Option<SecretString>,
    /// The private cluster's programs.
    pub bin_dir: Option<PathBuf>,
    /// Connections to the database at most.
    pub connections: u32,
    /// Where health and webhooks are served.
    pub listen: std::net::SocketAddr,
    /// How the pages are served.
    pub site: Site,
    /// The school's policy.
    pub policy: Policy,
    /// When to take over.
    pub patience: Patience,
    /// The channel for email, if named.
    pub email_channel: Option<ChannelId>,
    /// The channel for texts, if named.
    pub text_channel: Option<ChannelId>,
    /// The channel for letters that are handed over, if named.
    pub letter_channel: Option<ChannelId>,
    /// Logs as JSON.
    pub json_logs: bool,
    /// `info` and such.
    pub log_level: tracing::Level,
    /// Where sheets for the school's own recording system are put.
    pub record_folder: Option<PathBuf>,
    /// How much of a mail is read.
    pub reading: Limits,
    /// What looks through files for viruses; `None`: nothing does.
    pub scanning: Option<ScanningConfig>,
    /// The channels.
    pub channels: BTreeMap<ChannelId, ChannelConfig>,
}

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[error("the settings need mending:{}", .0.iter().map(|problem| format!("\n  - {problem}")).collect::<String>())]
pub struct SettingsProblems(pub Vec<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchoolSection {
    name: String,
    office_phone: String,
    plain_words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataSection {
    dir: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DatabaseSection {
    url: Option<SecretString>,
    url_file: Option<PathBuf>,
    bin_dir: Option<PathBuf>,
    connections: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebSection {
    listen: String,
    public_url: Option<String>,
    second_factor: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DaemonSection {
    lease_secs: NonZeroU64,
    ask_after_secs: u64,
    person_after_secs: u64,
    poll_texts_secs: NonZeroU64,
    probe_at: String,
    probe_back_mins: NonZeroU64,
    silent_mins: NonZeroU64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogSection {
    format: String,
    level: String,
}

const SECTIONS: [&str; 15] = [
    "school",
    "data",
    "database",
    "web",
    "sending",
    "calendar",
    "answering",
    "notices",
    "complaints",
    "records",
    "reading",
    "scanning",
    "daemon",
    "log",
    "channels",
];

/// Reads the settings. `file` is the one named on the command line; it must exist then.
pub fn read(file: Option<&Path>) -> Result<Settings, SettingsProblems> {
    let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    let usual = Path::new(USUAL_FILE);
    if let Some(file) = file {
        builder = builder.add_source(File::from(file).format(FileFormat::Toml).required(true));
    } else if usual.exists() {
        builder = builder.add_source(File::from(usual).format(FileFormat::Toml).required(true));
    }
    let environment = Environment::with_prefix("LIAISON").prefix_separator("__").separator("__");
    let config = builder.add_source(environment).build().map_err(|error| {
        let sentence = match (&error, file) {
            (ConfigError::Foreign(_), Some(file)) if !file.exists() => {
                format!("the file {} is not there: check --config", file.display())
            }
            _ => format!("the settings cannot be read: {error}"),
        };
        SettingsProblems(vec![sentence])
    })?;
    from_config(&config)
}

/// Reads settings from TOML text over the defaults: for the demo and for tests.
pub fn read_text(toml: &str) -> Result<Settings, SettingsProblems> {
    let config = Config::builder()
        .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
        .add_source(File::from_str(toml, FileFormat::Toml))
        .build()
        .map_err(|error| SettingsProblems(vec![format!("the settings cannot be read: {error}")]))?;
    from_config(&config)
}

fn from_config(config: &Config) -> Result<Settings, SettingsProblems> {
    let all: BTreeMap<String, Value> = config.clone().try_deserialize().unwrap_or_default();
    let mut found = Problems::default();
    for name in all.keys().filter(|name| !SECTIONS.contains(&name.as_str())) {
        found.0.push(format!("there is no section [{name}]; there are {}", SECTIONS.join(", ")));
    }
    let school = found.section::<SchoolSection>(&all, "school");
    let data = found.section::<DataSection>(&all, "data");
    let database = found.section::<DatabaseSection>(&all, "database");
    let web = found.section::<WebSection>(&all, "web");
    let sending = found.section::<SendingSection>(&all, "sending");
    let calendar = found.section::<CalendarSection>(&all, "calendar");
    let answering = found.section::<AnsweringSection>(&all, "answering");
    let notices = found.section::<NoticesSection>(&all, "notices");
    let complaints = found.section::<ComplaintsSection>(&all, "complaints");
    let records = found.section::<RecordsSection>(&all, "records").map(|section| found.records(section));
    let reading = found.section::<Limits>(&all, "reading").map(|limits| found.limits(limits));
    let scanning = found.section::<ScanningSection>(&all, "scanning").map(|section| found.scanning(section));
    let daemon = found.section::<DaemonSection>(&all, "daemon");
    let log = found.section::<LogSection>(&all, "log");
    let channels = found.channels(all.get("channels"));
    let listen = web
        .as_ref()
        .map(|web| found.parsed("web.listen", &web.listen, "an address and port such as 127.0.0.1:8460"));
    let site = web.map(|web| found.site(web)).unwrap_or_default();
    let level = log.as_ref().map(|log| found.parsed("log.level", &log.level, "error, warn, info or debug"));
    if let Some(log) = log.as_ref().filter(|log| !["text", "json"].contains(&log.format.as_str())) {
        found.0.push(format!("log.format is {}: write text or json", log.format));
    }
    let reading = reading.zip(scanning);
    let probe_at = daemon.as_ref().filter(|daemon| !daemon.probe_at.is_empty()).map(|daemon| {
        found.parsed("daemon.probe_at", &daemon.probe_at, "a time of day such as 07:15, or empty")
    });
    let named = sending.as_ref().map(|sending| {
        (
            found.channel("email_channel", sending.email_channel.as_deref(), &channels),
            found.channel("text_channel", sending.text_channel.as_deref(), &channels),
            found.channel("letter_channel", sending.letter_channel.as_deref(), &channels),
        )
    });
    let database_url = database.as_ref().and_then(|database| found.database_url(database));
    let answering = calendar.zip(answering).and_then(|(c, a)| found.answering(&c, &a));
    let notices = notices.and_then(|notices| found.notices(&notices, site.public_url.as_deref()));
    let stage_days = complaints.and_then(|complaints| found.stage_days(&complaints));
    let (records, record_folder) = records.unzip();
    let policy = school.zip(sending).zip(answering.zip(notices)).zip(stage_days.zip(records)).and_then(
        |(((school, sending), (answering, notices)), (days, records))| {
            found.policy(school, &sending, (answering, notices, days, records))
        },
    );
    match (data, database, listen.flatten(), policy, daemon, level.flatten(), log, named, reading) {
        (
            Some(data),
            Some(database),
            Some(listen),
            Some(policy),
            Some(daemon),
            Some(log_level),
            Some(log),
            Some((email_channel, text_channel, letter_channel)),
            Some((reading, scanning)),
        ) if found.0.is_empty() => Ok(Settings {
            data_dir: data.dir,
            database_url,
            bin_dir: database.bin_dir,
            connections: database.connections.clamp(4, 100),
            listen,
            site,
            policy,
            patience: Patience {
                lease: Duration::from_secs(daemon.lease_secs.get()),
                ask_after: Duration::from_secs(daemon.ask_after_secs),
                person_after: Duration::from_secs(daemon.person_after_secs),
                poll_texts: Duration::from_secs(daemon.poll_texts_secs.get()),
                probe_at: probe_at.flatten(),
                probe_back: Duration::from_secs(daemon.probe_back_mins.get().saturating_mul(60)),
                silent_after: Duration::from_secs(daemon.silent_mins.get().saturating_mul(60)),
            },
            email_channel,
            text_channel,
            letter_channel,
            json_logs: log.format == "json",
            log_level,
            record_folder: record_folder.flatten(),
            reading,
            scanning,
            channels,
        }),
        _ => Err(SettingsProblems(found.0)),
    }
}

/// Whether an address without TLS never leaves the machine.
fn is_own_machine(url: &str) -> bool {
    ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|own| url.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])))
}

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    /// Reads a section; its unknown names are each told, not only the first.
    fn section<T: DeserializeOwned>(&mut self, all: &BTreeMap<String, Value>, name: &str) -> Option<T> {
        self.table(all.get(name)?, name)
    }

    fn table<T: DeserializeOwned>(&mut self, value: &Value, name: &str) -> Option<T> {
        self.table_by(value, name, Value::try_deserialize)
    }

    /// The same for what is not read by its type alone.
    fn table_by<T>(
        &mut self,
        value: &Value,
        name: &str,
        read: impl Fn(Value) -> Result<T, ConfigError>,
    ) -> Option<T> {
        let mut table = value.clone().into_table().unwrap_or_default();
        let mut clean = true;
        loop {
            let value = Value::new(None, config::ValueKind::Table(table.clone()));
            let error = match read(value) {
                Ok(section) => return clean.then_some(section),
                Err(error) => error.to_string(),
            };
            clean = false;
            self.0.push(format!("[{name}]: {error}"));
            let unknown = error.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
            match unknown {
                Some((field, _)) if table.remove(field).is_some() => {}
                _ => return None,
            }
        }
    }

    fn site(&mut self, web: WebSection) -> Site {
        if let Some(url) = &web.public_url
            && !(url.starts_with("https://") || is_own_machine(url))
        {
            self.0.push(
                "web.public_url must begin with https://; only a machine's own address (http://127.0.0.1:…) goes without"
                    .to_owned(),
            );
        }
        let roles = web.second_factor.iter().filter_map(|word| match Role::parse(word) {
            Ok(role) => Some(role),
            Err(unknown) => {
                self.0.push(format!("web.second_factor: {unknown}"));
                None
            }
        });
        let second_factor = roles.collect();
        Site { public_url: web.public_url, second_factor, ..Site::default() }
    }

    fn parsed<T: std::str::FromStr>(&mut self, name: &str, text: &str, wanted: &str) -> Option<T> {
        let value = text.trim().parse().ok();
        if value.is_none() {
            self.0.push(format!("{name} is not {wanted}"));
        }
        value
    }

    fn database_url(&mut self, database: &DatabaseSection) -> Option<SecretString> {
        match (&database.url, &database.url_file) {
            (Some(_), Some(_)) => {
                self.0.push("database.url and database.url_file are both set: keep one".to_owned());
                None
            }
            (Some(url), None) => Some(url.clone()),
            (None, Some(file)) => match std::fs::read_to_string(file) {
                Ok(url) => Some(SecretString::from(url.trim().to_owned())),
                Err(error) => {
                    self.0.push(format!(
                        "database.url_file {} cannot be read: {}",
                        file.display(),
                        error.kind()
                    ));
                    None
                }
            },
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(toml: &str) -> String {
        read_text(toml).expect_err("problems").to_string()
    }

    #[test]
    fn the_compiled_in_defaults_are_valid() {
        let settings = read_text("").expect("valid defaults");

        assert!(settings.channels.is_empty());
        assert_eq!(settings.policy.retry.0.len(), 5);
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let told = problems(
            "[sending]\nfrom = \"8 o'clock\"\nuntill = \"18:00\"\nceling = 3\n[scool]\nname = \"x\"\n\
             [channels.Mail]\nkind = \"smtp\"\n[channels.post]\nkind = \"pigeon\"\n[log]\nlevel = \"loud\"\n",
        );

        for expected in [
            "untill",
            "celing",
            "[scool]",
            "'Mail' cannot name a channel",
            "kind must be one of",
            "log.level",
        ] {
            assert!(told.contains(expected), "{expected} is not told in {told}");
        }
    }

    #[test]
    fn a_complaint_has_three_stages_that_each_take_a_day_at_least() {
        let good = read_text("[complaints]\nstage_days = [5, 10, 30]\n").expect("valid").policy;

        assert_eq!(good.stage_days, [5, 10, 30]);
        for wrong in ["[10, 15]", "[10, 0, 20]", "[10, 15, 20, 25]"] {
            let told = problems(&format!("[complaints]\nstage_days = {wrong}\n"));
            assert!(told.contains("complaints.stage_days must be three numbers"), "{told}");
        }
    }
}
