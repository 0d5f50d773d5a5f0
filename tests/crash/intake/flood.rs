//! Messages that arrive: mails into Dovecot, texts by posts to the daemon's webhook.

use std::{
    fs,
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::fmt::rfc2822::DateTimePrinter;
use liaison::{
    domain::calendar::EXAMPLE_FILE,
    flows::{Clock as _, SystemClock},
};
use liaison_channels::fakes::{
    dovecot::{Dovecot, USER},
    twilio::{SignedPost, TwilioFake},
};
use ring::digest::{SHA256, digest};
use sqlx::{Connection as _, PgConnection};
use tokio::{
    net::TcpStream,
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{
    daemon::{self, Daemon},
    place::{PATIENCE, Place},
    school::{IMPATIENT, School},
};

/// Carers with an address, and as many with a number; a few more write whom nobody knows.
const CARERS: usize = 40;
const WRITERS: usize = 50;
/// Where the provider believes the daemon to be.
const PUBLIC: &str = "https://liaison.hill.example";
const POSTERS: usize = 4;
/// Between two looks, and between two mails.
const PAUSE: Duration = Duration::from_millis(3);

/// A school, its mailbox, and those who write to it.
pub(super) struct Flood {
    pub(super) school: School,
    sea: Arc<Sea>,
    senders: JoinSet<()>,
}

/// What the senders share.
struct Sea {
    dovecot: Dovecot,
    twilio: Arc<TwilioFake>,
    base: String,
    client: reqwest::Client,
    up: watch::Sender<bool>,
    mails: Semaphore,
    texts: Semaphore,
    written: AtomicUsize,
    delivered: Mutex<Vec<Vec<u8>>>,
    answered: Mutex<Vec<String>>,
    lost: AtomicUsize,
    refused: AtomicUsize,
}

impl Flood {
    /// A school that reads a mailbox and takes texts; nobody has written yet. `None` where there is no Dovecot.
    pub(super) async fn new(test: &str) -> Option<Self> {
        let dovecot = Dovecot::start()?;
        let place = Place::with_server().await;
        let socket = place.socket_dir();
        let database =
            format!("[database]\nurl = \"postgres:///liaison?host={}&user=liaison\"\n", socket.display());
        let school = School::in_place(place, test, &database, IMPATIENT).await;
        let port = free_port();
        write_settings(&school, &dovecot, port);
        daemon::run(&school.config(), &["migrate"]).await;
        let school = school.queue(CARERS, CARERS).await;
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let sea = Arc::new(Sea {
            dovecot,
            twilio: Arc::clone(&school.twilio),
            base: format!("http://127.0.0.1:{port}"),
            client,
            up: watch::Sender::new(false),
            mails: Semaphore::new(0),
            texts: Semaphore::new(0),
            written: AtomicUsize::new(0),
            delivered: Mutex::default(),
            answered: Mutex::default(),
            lost: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        });
        let mut senders = JoinSet::new();
        senders.spawn(Arc::clone(&sea).write_mails());
        for _ in 0..POSTERS {
            let proof = school.place.connect().await;
            senders.spawn(Arc::clone(&sea).post_texts(proof));
        }
        let mut flood = Self { school, sea, senders };
        flood.connect_first().await;
        Some(flood)
    }

    /// The first look notes the present: what was there before is not the school's to answer.
    async fn connect_first(&mut self) {
        let daemon = self.start().await;
        self.school.until_none("select 2 - count(*) from inbox", PATIENCE).await;
        self.down();
        self.school.stop(daemon).await;
    }

    /// Starts the daemon and waits until posts reach it.
    pub(super) async fn start(&mut self) -> Daemon {
        let mut daemon = self.school.start();
        let at = self.sea.base.strip_prefix("http://").unwrap();
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(at).await.is_err() {
            daemon.assert_alive();
            assert!(Instant::now() < deadline, "it does not listen\n{}", self.school.log_tail());
            tokio::time::sleep(PAUSE).await;
        }
        self.sea.up.send_replace(true);
        daemon
    }

    /// From now on nobody posts on; a post that is on its way then is lost.
    pub(super) fn down(&self) {
        self.sea.up.send_replace(false);
    }

    /// So many mails lie in the mailbox when this returns.
    pub(super) fn deliver(&self, mails: usize) {
        for _ in 0..mails {
            self.sea.deliver();
        }
    }

    /// So many more mails and texts are written while the daemon is there; the texts that are on their way while it is
    /// not are lost.
    pub(super) async fn let_through(&mut self, mails: usize, texts: usize) {
        if *self.sea.up.borrow() {
            self.sea.mails.add_permits(mails);
            self.sea.texts.add_permits(texts);
        } else {
            assert_eq!(mails, 0, "they would wait for the daemon");
            for _ in 0..texts {
                assert_eq!(self.post_one().await, None, "nobody listens");
            }
        }
        while let Some(ended) = self.senders.try_join_next() {
            ended.unwrap();
        }
    }

    /// One text, posted once by hand. Returns the answer's status; a text without any is never posted again.
    pub(super) async fn post_one(&self) -> Option<u16> {
        let (sid, post) = self.sea.new_text();
        let status = self.sea.post(&post).await;
        match status {
            None => drop(self.sea.lost.fetch_add(1, Ordering::Relaxed)),
            Some(200..300) => self.sea.answered.lock().unwrap().push(sid),
            Some(_) => {}
        }
        status
    }

    /// Waits for a moment that chance chose: so many further messages are kept, at most; or the mailbox is noted as read
    /// further than before, which must not be true an instant before its mails are kept.
    pub(super) async fn moment(&mut self, most: usize) {
        let (what, more) = match self.school.chance.number(1, 2) {
            1 => ("select count(*) from received", self.school.chance.number(1, most)),
            _ => ("select taken_to from inbox where channel = 'parents-inbox'", 1),
        };
        let reached = self.school.count(what).await + i64::try_from(more).unwrap();
        self.until(what, reached).await;
        if more > 1 {
            tokio::time::sleep(self.school.chance.instant()).await;
        }
    }

    /// Waits until a number from the database is as high, looking as often as it can.
    async fn until(&self, what: &'static str, reached: i64) {
        let mut connection = self.school.place.connect().await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now: i64 = sqlx::query_scalar(what).fetch_one(&mut connection).await.unwrap();
            if now >= reached {
                return;
            }
            assert!(Instant::now() < deadline, "{what}: {now} of {reached}\n{}", self.school.log_tail());
            tokio::task::yield_now().await;
        }
    }

    /// Every text that was answered with 2xx so far is committed.
    pub(super) async fn assert_answered_are_kept(&self) {
        let answered = self.sea.answered.lock().unwrap().clone();
        let mut connection = self.school.place.connect().await;
        let missing: Vec<String> = sqlx::query_scalar(
            "select sid from unnest($1::text[]) sid where not exists (select from received where once = sid)",
        )
        .bind(answered)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        assert_eq!(missing, Vec::<String>::new(), "answered with 2xx and not kept");
    }

    /// Waits until so many mails and texts are kept and read, and all that is to be said to it has been sent.
    pub(super) async fn until_read(&mut self, mails: usize, texts: usize, within: Duration) {
        let all = i64::try_from(mails + texts).unwrap();
        self.until("select count(*) from received", all).await;
        self.school.until_none("select count(*) from received_unread", within).await;
        self.school.until_drained().await;
        assert_eq!(self.school.count("select count(*) from received").await, all);
        self.senders.shutdown().await;
    }

    /// The digests of the mails that were delivered.
    pub(super) fn delivered(&self) -> Vec<Vec<u8>> {
        self.sea.delivered.lock().unwrap().clone()
    }

    /// Posts that found nobody, or no answer.
    pub(super) fn lost(&self) -> usize {
        self.sea.lost.load(Ordering::Relaxed)
    }

    /// For whoever watches.
    pub(super) fn sums(&self) -> String {
        let answered = self.sea.answered.lock().unwrap().len();
        format!("{answered} posts answered, {} refused", self.sea.refused.load(Ordering::Relaxed))
    }
}

impl Sea {
    fn next(&self) -> usize {
        self.written.fetch_add(1, Ordering::Relaxed)
    }

    fn deliver(&self) {
        let mail = mail(self.next());
        self.delivered.lock().unwrap().push(digest(&SHA256, &mail).as_ref().to_vec());
        self.dovecot.deliver(&mail);
    }

    async fn write_mails(self: Arc<Self>) {
        let mut up = self.up.subscribe();
        loop {
            self.mails.acquire().await.unwrap().forget();
            up.wait_for(|up| *up).await.unwrap();
            self.deliver();
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A refused post is repeated until it is taken; one without an answer never is.
    async fn post_texts(self: Arc<Self>, mut proof: PgConnection) {
        let mut up = self.up.subscribe();
        loop {
            self.texts.acquire().await.unwrap().forget();
            up.wait_for(|up| *up).await.unwrap();
            let (sid, post) = self.new_text();
            loop {
                match self.post(&post).await {
                    Some(200..300) => {
                        self.answered.lock().unwrap().push(sid.clone());
                        assert_kept(&mut proof, &sid).await;
                        // Providers repeat themselves.
                        if sid.ends_with('0') {
                            self.post(&post).await;
                        }
                        break;
                    }
                    Some(503) => {
                        self.refused.fetch_add(1, Ordering::Relaxed);
                        tokio::time::sleep(PAUSE).await;
                    }
                    Some(status) => panic!("a good post was answered with {status}"),
                    None => {
                        self.lost.fetch_add(1, Ordering::Relaxed);
                        break;
                    }
                }
            }
        }
    }

    fn new_text(&self) -> (String, SignedPost) {
        let number = self.next();
        let from = format!("+44770090{:04}", number % WRITERS);
        let taken = self.twilio.arrive(&from, &format!("Tower {number}: when is it?"), 0);
        let post = self.twilio.text_request(&format!("{PUBLIC}/webhooks/texts/text"), &taken.sid);
        (taken.sid, post.expect("it arrived in the line above"))
    }

    /// The answer's status; `None` when there was none.
    async fn post(&self, post: &SignedPost) -> Option<u16> {
        let mut request = self.client.post(format!("{}{}", self.base, post.path_and_query));
        for (name, value) in &post.headers {
            request = request.header(name, value);
        }
        request.body(post.body.clone()).send().await.ok().map(|answer| answer.status().as_u16())
    }
}

/// At the very moment of the answer. While Postgres is away nobody can look: then the next look at all of them does.
async fn assert_kept(proof: &mut PgConnection, sid: &str) {
    if proof.ping().await.is_err() {
        return;
    }
    let kept: Result<i64, _> =
        sqlx::query_scalar("select count(*) from received where once = $1").bind(sid).fetch_one(proof).await;
    assert!(kept.is_err() || matches!(kept, Ok(1)), "answered with 2xx and not kept: {kept:?}");
}

fn mail(number: usize) -> Vec<u8> {
    let asked = "When will the tower be built again, and who brings the bricks?\r\n".repeat(1 + number % 40);
    format!(
        "From: carer{}@home.example\r\nTo: parents@hill.example\r\nSubject: Tower {number}\r\n\
         Message-ID: <{number}@home.example>\r\nDate: {}\r\n\r\n{asked}",
        number % WRITERS,
        DateTimePrinter::new().timestamp_to_string(&SystemClock.now()).unwrap(),
    )
    .into_bytes()
}

fn write_settings(school: &School, dovecot: &Dovecot, port: u16) {
    let calendar = school.place.path().join("calendar.csv");
    fs::write(&calendar, EXAMPLE_FILE).unwrap();
    let mailbox = dovecot.settings(&serde_json::json!({}));
    let settings = fs::read_to_string(school.config())
        .unwrap()
        .replace("listen = \"127.0.0.1:0\"", &format!("listen = \"127.0.0.1:{port}\""))
        .replace(
            "from = \"HillSchool\"",
            &format!("from = \"{}\"\npublic_url = \"{PUBLIC}\"", TwilioFake::NUMBER),
        )
        .replace("[daemon]\n", "[daemon]\npoll_texts_secs = 1\n");
    let more = format!(
        "[calendar]\nfile = \"{}\"\n[answering]\nper_sender_day = 100000\nper_domain_hour = 100000\n\
         per_hour = 100000\n[channels.parents-inbox]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\n\
         tls = \"none\"\nusername = \"{USER}\"\npassword_file = {}\naddresses = [\"parents@hill.example\"]\n",
        calendar.display(),
        dovecot.port(),
        mailbox["password_file"],
    );
    fs::write(school.config(), settings + &more).unwrap();
}

/// A port that was free a moment ago: the provider must find the daemon again after each start.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).unwrap().port()
}
