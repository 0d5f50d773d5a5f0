//! The settings: defaults that are compiled in, the school's file, `LIAISON__` variables; all problems told at once.

mod answering;
mod notices;
mod reading;
mod records;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU64,
    path::{Path, PathBuf},
    time::Duration,
};

pub(in crate::cli) use answering::read_calendar;
use answering::{Answering, AnsweringSection, CalendarSection, ComplaintsSection};
use config::{Config, Environment, File, FileFormat, Value};
use jiff::civil::Time;
use liaison_channels::{
    ChannelConfig, message::ChannelId, private::Private, reading::Limits, scan::ScanningConfig,
};
use notices::NoticesSection;
use reading::ScanningSection;
use records::RecordsSection;
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    domain::{
        hours::{Days, Hours},
        key_item::RecordPolicy,
        notice::NoticePolicy,
        policy::{Policy, RetrySchedule, School, TextUpdate},
        second_person::SecondFor,
        staff::Role,
        standard::Meanwhile,
        topic::Topic,
        version::Known,
        wording::Templates,
    },
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
struct SendingSection {
    email_channel: Option<String>,
    text_channel: Option<String>,
    from: String,
    until: String,
    days: String,
    text_update: String,
    text_full_max_parts: usize,
    ceiling_per_hour: u32,
    address_per_hour: u32,
    carers_url: Option<String>,
    confirm_addresses: bool,
    meanwhile: String,
    retry_secs: Vec<u64>,
    task_days: u8,
    call_tries: u8,
    undo_minutes: u32,
    approval: Vec<String>,
    never_by_text: Vec<String>,
    rehearsal: bool,
    rehearsal_only: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the unit stands in the key")]
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
            (config::ConfigError::Foreign(_), Some(file)) if !file.exists() => {
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
            Some((email_channel, text_channel)),
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
        let mut table = value.clone().into_table().unwrap_or_default();
        let mut clean = true;
        loop {
            let value = Value::new(None, config::ValueKind::Table(table.clone()));
            let error = match value.try_deserialize::<T>() {
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

    /// `SENCO: Mrs Hill, who helps with special needs`, pair by pair.
    fn plain_words(&mut self, listed: &[String]) -> Vec<(String, String)> {
        let pairs = listed.iter().filter_map(|line| {
            let pair = line.split_once(':').map(|(word, say)| (word.trim(), say.trim()));
            let pair = pair.filter(|(word, say)| !word.is_empty() && !word.contains(' ') && !say.is_empty());
            if pair.is_none() {
                self.0.push(format!(
                    "school.plain_words has \"{line}\": write one word, a colon, and what families are told instead"
                ));
            }
            pair.map(|(word, say)| (word.to_owned(), say.to_owned()))
        });
        pairs.collect()
    }

    fn parsed<T: std::str::FromStr>(&mut self, name: &str, text: &str, wanted: &str) -> Option<T> {
        let value = text.trim().parse().ok();
        if value.is_none() {
            self.0.push(format!("{name} is not {wanted}"));
        }
        value
    }

    fn channels(&mut self, value: Option<&Value>) -> BTreeMap<ChannelId, ChannelConfig> {
        let tables = value.and_then(|value| value.clone().into_table().ok()).unwrap_or_default();
        let mut channels = BTreeMap::new();
        for (name, value) in tables {
            let id = match ChannelId::parse(&name) {
                Ok(id) => id,
                Err(error) => {
                    self.0.push(error.to_string());
                    continue;
                }
            };
            if id.as_str() == crate::store::daemons::ALL_CHANNELS {
                self.0.push("a channel cannot be called all: that word means every channel".to_owned());
                continue;
            }
            if let Some(channel) = self.one_channel(&name, value) {
                channels.insert(id, channel);
            }
        }
        channels
    }

    fn one_channel(&mut self, name: &str, value: Value) -> Option<ChannelConfig> {
        let section = format!("channels.{name}");
        let mut table = value.into_table().unwrap_or_default();
        let kind = table.remove("kind").and_then(|kind| kind.into_string().ok()).unwrap_or_default();
        let rest = Value::new(None, config::ValueKind::Table(table));
        match kind.as_str() {
            "smtp" => self.table(&rest, &section).map(ChannelConfig::Smtp),
            "twilio" => self.table(&rest, &section).map(ChannelConfig::Twilio),
            "govuk_notify" => self.table(&rest, &section).map(ChannelConfig::GovukNotify),
            "http" => self.table(&rest, &section).map(Box::new).map(ChannelConfig::Http),
            "sinch" => self.table(&rest, &section).map(ChannelConfig::Sinch),
            "vonage" => self.table(&rest, &section).map(ChannelConfig::Vonage),
            "folder" => self.table(&rest, &section).map(ChannelConfig::Folder),
            "imap" => self.table(&rest, &section).map(ChannelConfig::Imap),
            "maildir" => self.table(&rest, &section).map(ChannelConfig::Maildir),
            "inbox_folder" => self.table(&rest, &section).map(ChannelConfig::InboxFolder),
            _ => {
                self.0.push(format!(
                    "[{section}]: kind must be one of smtp, twilio, govuk_notify, sinch, vonage, http, folder, imap, maildir, inbox_folder"
                ));
                None
            }
        }
    }

    fn channel(
        &mut self,
        setting: &str,
        name: Option<&str>,
        channels: &BTreeMap<ChannelId, ChannelConfig>,
    ) -> Option<ChannelId> {
        let name = name?;
        let id = ChannelId::parse(name).ok().filter(|id| channels.contains_key(id));
        if id.is_none() {
            self.0.push(format!("sending.{setting} names {name}, but there is no section [channels.{name}]"));
        }
        id
    }

    fn approval(&mut self, words: &[String]) -> BTreeSet<SecondFor> {
        let read = |word: &String| match SecondFor::parse(word) {
            Ok(audience) => Some(audience),
            Err(unknown) => {
                self.0.push(format!("sending.approval: {unknown}"));
                None
            }
        };
        words.iter().filter_map(read).collect()
    }

    fn never_by_text(&mut self, words: &[String]) -> BTreeSet<Topic> {
        let read = |word: &String| match Topic::parse(word) {
            Ok(topic) => Some(topic),
            Err(unknown) => {
                self.0.push(format!("sending.never_by_text: {unknown}"));
                None
            }
        };
        words.iter().filter_map(read).collect()
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

    fn policy(
        &mut self,
        school: SchoolSection,
        sending: &SendingSection,
        (answering, notices, stage_days, records): (Answering, NoticePolicy, [u8; 3], RecordPolicy),
    ) -> Option<Policy> {
        let time = "a time of day such as 08:00";
        let from: Option<Time> = self.parsed("sending.from", &sending.from, time);
        let until: Option<Time> = self.parsed("sending.until", &sending.until, time);
        if let (Some(from), Some(until)) = (from, until)
            && from > until
        {
            self.0.push("sending.from is later than sending.until: turn them round".to_owned());
        }
        let text_update = match sending.text_update.as_str() {
            "notice" => TextUpdate::Notice,
            "full" => TextUpdate::Full { max_parts: sending.text_full_max_parts },
            _ => {
                self.0.push("sending.text_update must be notice or full".to_owned());
                return None;
            }
        };
        for (setting, text) in [("school.name", &school.name), ("school.office_phone", &school.office_phone)]
        {
            if text.trim().is_empty() || text.contains(|c: char| c.is_control()) {
                self.0.push(format!("{setting} must be one line of text"));
            }
        }
        if sending.ceiling_per_hour == 0 {
            self.0.push("sending.ceiling_per_hour is 0, so nothing would ever leave".to_owned());
        }
        if sending.call_tries == 0 {
            self.0.push("sending.call_tries is 0: write at least 1, the first call".to_owned());
        }
        let days = Days::parse(&sending.days);
        if days.is_none() {
            self.0.push("sending.days must be school_days, weekdays or every_day".to_owned());
        }
        let plain_words = self.plain_words(&school.plain_words);
        let approval = self.approval(&sending.approval);
        let never_by_text = self.never_by_text(&sending.never_by_text);
        let meanwhile = Meanwhile::parse(&sending.meanwhile).unwrap_or_else(|unknown| {
            self.0.push(format!("sending.meanwhile: {unknown}"));
            Meanwhile::Nothing
        });
        let carers_url = sending.carers_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        // One press must be enough, and seen by nobody on its way (RFC 8058 §3.1).
        if carers_url
            .as_ref()
            .is_some_and(|url| !url.starts_with("https://") || url.contains(['?', '#', ' ']))
        {
            self.0.push(
                "sending.carers_url must be an address such as https://liaison.ourschool.example".to_owned(),
            );
        }
        let listed = sending
            .rehearsal_only
            .iter()
            .map(|address| Private::new(address.trim().to_lowercase()))
            .collect();
        Some(Policy {
            templates: Templates::shipped(),
            known: Known::default(),
            school: School { name: school.name, office_phone: school.office_phone },
            text_update,
            hours: Hours { from: from?, until: until?, days: days? },
            rehearsal: sending.rehearsal.then_some(listed),
            retry: RetrySchedule(sending.retry_secs.iter().copied().map(Duration::from_secs).collect()),
            ceiling_per_hour: sending.ceiling_per_hour,
            address_per_hour: sending.address_per_hour,
            carers_url,
            confirm_addresses: sending.confirm_addresses,
            meanwhile,
            task_days: sending.task_days,
            call_tries: sending.call_tries,
            plain_words,
            undo: Duration::from_secs(u64::from(sending.undo_minutes) * 60),
            approval,
            never_by_text,
            acknowledge: answering.acknowledge,
            notices,
            calendar: answering.calendar,
            clock: answering.rule,
            stage_days,
            records,
        })
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
    fn the_schools_own_words_are_pairs_and_a_line_that_is_none_is_named() {
        let good =
            read_text("[school]\nplain_words = [\"Hub: the homework room\"]\n").expect("good settings");
        let told = problems("[school]\nplain_words = [\"Hub\", \"two words: x\", \"y:\"]\n");

        assert_eq!(good.policy.plain_words, [("Hub".to_owned(), "the homework room".to_owned())]);
        assert_eq!(told.matches("school.plain_words has").count(), 3, "{told}");
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
    fn who_is_asked_to_approve_is_read_or_told_as_wrong() {
        let told = problems("[sending]\napproval = [\"everybody\"]\n");
        let policy =
            read_text("[sending]\napproval = [\"class\", \"restricted_family\"]\n").expect("valid").policy;

        assert!(told.contains("sending.approval: what a second person approves is one of: class year school sensitive restricted_family"), "{told}");
        assert_eq!(
            policy.approval.into_iter().collect::<Vec<_>>(),
            [SecondFor::Class, SecondFor::RestrictedFamily]
        );
    }

    #[test]
    fn what_never_goes_by_text_is_a_list_of_topics() {
        use Topic::{Behaviour, Medical, Safeguarding, Send, Wellbeing};
        let usual = read_text("").expect("valid").policy.never_by_text;
        let none = read_text("[sending]\nnever_by_text = []\n").expect("valid").policy.never_by_text;
        let told = problems("[sending]\nnever_by_text = [\"weather\"]\n");

        assert_eq!(
            usual.into_iter().collect::<Vec<_>>(),
            [Behaviour, Send, Medical, Safeguarding, Wellbeing]
        );
        assert!(none.is_empty());
        assert!(told.contains("sending.never_by_text: a topic is one of: attendance"), "{told}");
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

    #[test]
    fn a_channel_that_is_named_must_exist() {
        assert!(problems("[sending]\nemail_channel = \"school-mail\"\n").contains("[channels.school-mail]"));
    }

    #[test]
    fn every_example_in_the_manual_is_valid_when_uncommented() {
        let (_, examples) = DEFAULTS.split_once("# [channels.school-mail]").expect("examples");
        let toml =
            format!("[channels.school-mail]{}", examples.replace("\n# # ", "\n").replace("\n# ", "\n"));

        let settings = read_text(&toml.replace("\n#\n", "\n")).expect("valid examples");

        assert_eq!(settings.channels.len(), 11);
    }

    #[test]
    fn every_shipped_description_of_a_provider_is_valid() {
        for shipped in [
            include_str!("../../deploy/providers/esendex.toml"),
            include_str!("../../deploy/providers/firetext.toml"),
        ] {
            let settings = read_text(shipped).expect("a valid description");

            assert!(matches!(settings.channels.values().next(), Some(ChannelConfig::Http(_))));
        }
    }
}
