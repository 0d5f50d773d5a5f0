//! A school in trouble: its database, its mail server, its text provider, and what it has queued.

use std::{
    collections::HashSet,
    fmt::Write as _,
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use liaison::{
    domain::time::{school_date, week_of},
    flows::{Clock as _, SystemClock},
};
use liaison_channels::fakes::{
    smtp::{At, Script, SmtpFake},
    twilio::TwilioFake,
};
use sqlx::Connection as _;
use uuid::Uuid;

use crate::{
    chance::Chance,
    daemon::{self, Daemon},
    place::{PATIENCE, Place},
};

/// How long the daemon waits for others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    daemon: &'static str,
    mail_server_secs: u8,
    provider_secs: u8,
}

/// Takes over soon, so that a test need not wait half a minute for it.
pub(crate) const IMPATIENT: Patience = Patience {
    // No mail to ourselves: whether one leaves would hang on the hour at which the tests run.
    daemon: "[daemon]\nlease_secs = 3\nask_after_secs = 1\nprobe_at = \"\"\n",
    mail_server_secs: 3,
    provider_secs: 1,
};
/// As shipped, but for the mail to ourselves.
pub(crate) const DEFAULT: Patience =
    Patience { daemon: "[daemon]\nprobe_at = \"\"\n", mail_server_secs: 120, provider_secs: 30 };
/// How often the queue is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long a whole queue may take.
const DRAINED_BY: Duration = Duration::from_secs(150);

/// Everything a test stands on.
pub(crate) struct School {
    /// Where the database is, if the test runs one.
    pub(crate) place: Place,
    /// The mail server.
    pub(crate) smtp: SmtpFake,
    /// The text provider.
    pub(crate) twilio: Arc<TwilioFake>,
    /// The moments.
    pub(crate) chance: Chance,
    /// What was on the wire or in doubt at a kill.
    pub(crate) in_doubt_at_a_kill: HashSet<Uuid>,
    mails: usize,
    texts: usize,
}

impl School {
    /// A school with its own server, which has queued so many mails and texts; no daemon runs yet.
    pub(crate) async fn with_queue(test: &str, mails: usize, texts: usize, patience: Patience) -> Self {
        let place = Place::with_server().await;
        let socket = place.socket_dir();
        let database =
            format!("[database]\nurl = \"postgres:///liaison?host={}&user=liaison\"\n", socket.display());
        let school = Self::in_place(place, test, &database, patience).await;
        daemon::run(&school.config(), &["migrate"]).await;
        school.queue(mails, texts).await
    }

    /// A school in a place, with the section of its database; nothing is queued and no daemon runs yet.
    pub(crate) async fn in_place(place: Place, test: &str, database: &str, patience: Patience) -> Self {
        let smtp = SmtpFake::start(Script::default()).await;
        let twilio = Arc::new(TwilioFake::start().unwrap());
        let token = place.path().join("twilio-token");
        fs::write(&token, TwilioFake::TOKEN).unwrap();
        let settings = format!(
            "{database}{}[school]\nname = \"Hill School\"\noffice_phone = \"01632 960100\"\n\
             [data]\ndir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
             [sending]\nfrom = \"00:00\"\nuntil = \"00:00\"\ndays = \"every_day\"\ntext_update = \"full\"\n\
             ceiling_per_hour = 1000000\naddress_per_hour = 0\nretry_secs = {:?}\n\
             [channels.mail]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             hello_name = \"liaison.hill.example\"\nfrom = \"Hill School <parents@hill.example>\"\n\
             connections = 8\ndata_secs = {}\n\
             [channels.texts]\nkind = \"twilio\"\naccount_sid = \"{}\"\nauth_token_file = \"{}\"\n\
             from = \"HillSchool\"\nbase_url = \"{}\"\nper_second = 1000\nin_flight = 8\n\
             connect_timeout_secs = 1\nanswer_timeout_secs = {}\n",
            patience.daemon,
            place.path().display(),
            [1; 20],
            smtp.address().port(),
            patience.mail_server_secs,
            TwilioFake::ACCOUNT,
            token.display(),
            twilio.base_url(),
            patience.provider_secs,
        );
        fs::write(place.path().join("liaison.toml"), settings).unwrap();
        let chance = Chance::new(test);
        Self { place, smtp, twilio, chance, in_doubt_at_a_kill: HashSet::new(), mails: 0, texts: 0 }
    }

    /// Imports a pupil with one carer for each message and queues an update about each, all by commands.
    pub(crate) async fn queue(mut self, mails: usize, texts: usize) -> Self {
        let (pupils, contacts, updates) = files(mails, texts);
        let write = |name: &str, text: String| {
            let path = self.place.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let (pupils, contacts) = (write("pupils.csv", pupils), write("contacts.csv", contacts));
        let updates = write("updates.csv", updates);
        daemon::run(&self.config(), &["import", &pupils, &contacts]).await;
        let queued = daemon::run(&self.config(), &["updates", "queue", &updates, "--json"]).await;
        let queued: serde_json::Value = serde_json::from_slice(&queued.stdout).unwrap();
        assert_eq!((&queued["email"], &queued["text"]), (&mails.into(), &texts.into()), "{queued}");
        (self.mails, self.texts) = (mails, texts);
        self
    }

    /// The settings file.
    pub(crate) fn config(&self) -> PathBuf {
        self.place.path().join("liaison.toml")
    }

    /// Starts a daemon.
    pub(crate) fn start(&self) -> Daemon {
        Daemon::start(&self.config())
    }

    /// Mails and texts that were queued.
    pub(crate) const fn queued(&self) -> (usize, usize) {
        (self.mails, self.texts)
    }

    /// Waits for a moment that chance chose, while messages flow: so many further steps of the mail server, or texts
    /// posted, whichever come first; and a part of a millisecond.
    pub(crate) async fn moment(&mut self, least: usize, most: usize) {
        let at = *self.chance.one_of(&[At::Mail, At::Rcpt, At::Data, At::Dot]);
        let steps = self.smtp.steps(at) + self.chance.number(least, most);
        let posts = self.twilio.posted() + self.chance.number(least, most);
        let came = async {
            tokio::select! {
                () = self.smtp.reached(at, steps) => {}
                () = self.twilio.until_posted(posts) => {}
            }
        };
        let came = tokio::time::timeout(PATIENCE, came).await;
        assert!(came.is_ok(), "messages no longer flow: {}\n{}", self.states().await, self.log_tail());
        tokio::time::sleep(self.chance.instant()).await;
    }

    /// `kill -9`, and a note of what was on the wire or in doubt then. Returns how much that was.
    pub(crate) async fn kill(&mut self, daemon: Daemon) -> usize {
        daemon.kill().await;
        self.note_doubts().await
    }

    /// A soft stop, which must end well.
    pub(crate) async fn stop(&self, daemon: Daemon) {
        let status = daemon.stop().await;
        assert!(status.success(), "{status}\n{}", self.log_tail());
    }

    /// Notes what is on the wire or in doubt.
    pub(crate) async fn note_doubts(&mut self) -> usize {
        let mut connection = self.place.connect().await;
        let doubts: Vec<Uuid> =
            sqlx::query_scalar("select id from delivery where state in ('submitting', 'unknown')")
                .fetch_all(&mut connection)
                .await
                .unwrap();
        connection.close().await.ok();
        self.in_doubt_at_a_kill.extend(&doubts);
        doubts.len()
    }

    /// One number from the database, which may be starting again just now.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut connection = self.place.connect().await;
            let counted = sqlx::query_scalar(sql).fetch_one(&mut connection).await;
            connection.close().await.ok();
            match counted {
                Ok(count) => return count,
                Err(error) if Instant::now() > deadline => panic!("{sql}: {error}"),
                Err(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Deliveries whose end is not known.
    pub(crate) async fn unfinished(&self) -> i64 {
        self.count("select count(*) from delivery where state in ('queued', 'submitting', 'unknown')").await
    }

    /// Waits until a number from the database is 0.
    pub(crate) async fn until_none(&self, sql: &'static str, within: Duration) {
        let deadline = Instant::now() + within;
        loop {
            let left = self.count(sql).await;
            if left == 0 {
                return;
            }
            assert!(Instant::now() < deadline, "{left} left: {}\n{}", self.states().await, self.log_tail());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until nothing is left to do.
    pub(crate) async fn until_drained(&self) {
        self.until_none(
            "select count(*) from delivery where state in ('queued', 'submitting', 'unknown')",
            DRAINED_BY,
        )
        .await;
    }

    /// Routes, states and what stands beside them, counted: for the words of a failure.
    pub(crate) async fn states(&self) -> String {
        let mut connection = self.place.connect().await;
        let rows: Vec<String> = sqlx::query_scalar(
            "select concat_ws(' ', count(*), route, state, 'tries', min(tries), 'to', max(tries), reason)
             from delivery group by route, state, reason order by 1",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        rows.join("; ")
    }

    /// Everything the daemons logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(daemon::log_file(&self.config())).unwrap_or_default()
    }

    /// The end of the log: for the words of a failure.
    pub(crate) fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

/// Pupils, contacts and updates for so many mails and texts. Each message has words and an address of its own.
fn files(mails: usize, texts: usize) -> (String, String, String) {
    assert!(texts <= 1000, "there are a thousand invented mobile numbers");
    let week = week_of(school_date(SystemClock.now()));
    let mut pupils = "pupil_ref,legal_surname,legal_forename,class,key_colleague_email\n".to_owned();
    let mut contacts =
        "pupil_ref,contact_ref,surname,forename,relationship,priority,parental_responsibility,\
                        legal_restriction,preferred_channel,email,mobile\n"
            .to_owned();
    let mut updates = "pupil,week,text\n".to_owned();
    for n in 0..mails + texts {
        let way = if n < mails {
            format!("email,carer{n}@home.example,")
        } else {
            format!("sms,,07700 {}", 900_000 + n - mails)
        };
        writeln!(pupils, "P{n},Surname,Forename,Oak,tess@hill.example").unwrap();
        writeln!(contacts, "P{n},C{n},Surname,Forename,mother,1,yes,none,{way}").unwrap();
        writeln!(updates, "P{n},{week},Tower number {n} was built and it stood.").unwrap();
    }
    (pupils, contacts, updates)
}
