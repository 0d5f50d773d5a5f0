//! What stands in for the providers in the demo: a strict mail server and a strict provider of texts, in this process. They
//! refuse what a real one would, and what they took they carry to mailboxes and phones, which are folders here.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};
use liaison_channels::{
    fakes::{
        smtp::{Caught, Script, SmtpFake},
        twilio::{Deed, Taken, TwilioFake},
    },
    reading::{Hints, read},
};
use uuid::Uuid;

use crate::{
    flows::play::{Phones, put},
    workers::Stop,
};

/// Where the provider of texts believes us to be; in the demo it reaches us on loopback.
const PUBLIC_URL: &str = "https://liaison.northfield.example";
/// What the provider tells of each text: late, twice and out of order, as networks do.
const TOLD: [&str; 3] = ["delivered", "sent", "delivered"];
/// How often what they took is carried on while the demo serves.
const ROUND: Duration = Duration::from_millis(500);

/// The two of them, and how much of what they took has been carried on.
pub(super) struct StandIns {
    mail: SmtpFake,
    texts: Arc<TwilioFake>,
    token: PathBuf,
    mailboxes: PathBuf,
    phones: PathBuf,
    carried: (AtomicUsize, AtomicUsize),
}

impl StandIns {
    /// Starts them. What they took comes to lie in `mail` and `texts` under `outbox`; the provider's token lies in `dir`.
    pub(super) async fn start(dir: &Path, outbox: &Path) -> Result<Self> {
        let texts = TwilioFake::start().context("Start the stand-in for a provider of texts")?;
        let token = texts.config(dir)?.auth_token_file.context("its token lies in a file")?;
        let (mailboxes, phones) = (outbox.join("mail"), outbox.join("texts"));
        fs::create_dir_all(&mailboxes)?;
        fs::create_dir_all(&phones)?;
        Ok(Self {
            mail: SmtpFake::start(Script::default()).await,
            texts: Arc::new(texts),
            token,
            mailboxes,
            phones,
            carried: Default::default(),
        })
    }

    /// The sections of the settings that send through them.
    pub(super) fn channels(&self) -> String {
        let token = self.token.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
        format!(
            "[channels.school-mail]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             from = \"Northfield School <parents@northfield.example>\"\n\
             [channels.texts]\nkind = \"twilio\"\naccount_sid = \"{}\"\nauth_token_file = \"{token}\"\n\
             from = \"{}\"\nbase_url = \"{}\"\npublic_url = \"{PUBLIC_URL}\"\nper_second = 100\n",
            self.mail.address().port(),
            TwilioFake::ACCOUNT,
            TwilioFake::NUMBER,
            self.texts.base_url(),
        )
    }

    /// The carers' phones, whose texts reach us at `pages`.
    pub(super) fn phones(&self, pages: SocketAddr) -> Phones {
        Phones {
            provider: Arc::clone(&self.texts),
            pages: format!("http://{pages}"),
            public_url: PUBLIC_URL.to_owned(),
        }
    }

    /// Cuts the line behind the next text: the provider has it, and we are not told.
    pub(super) fn cut_the_next_text(&self) {
        self.texts.next(1, Deed::Cut { took: true });
    }

    /// Carries on what was taken since: mails to mailboxes, texts to phones, and to us what became of the texts.
    pub(super) async fn carry_on(&self, pages: SocketAddr) -> Result<()> {
        let (mails, texts) = (self.mail.messages(), self.texts.messages());
        for mail in mails.iter().skip(self.carried.0.load(Ordering::Relaxed)) {
            put(&self.mailboxes, &mail_file(mail), mail.data.as_bytes())?;
            self.carried.0.fetch_add(1, Ordering::Relaxed);
        }
        for text in texts.iter().skip(self.carried.1.load(Ordering::Relaxed)) {
            put(&self.phones, &format!("{}.txt", delivery_of(text)), on_a_phone(text).as_bytes())?;
            for status in TOLD {
                let told =
                    self.texts.post_callback(&format!("http://{pages}"), &text.sid, status, None).await;
                let answer = told.map_err(|why| anyhow!("a receipt was not taken: {why}"))?;
                anyhow::ensure!(answer == 200, "a receipt was answered with {answer}");
            }
            // Only now: what could not be carried on is tried again.
            self.carried.1.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The same again and again, until told to stop.
    pub(super) async fn keep_carrying(&self, pages: SocketAddr, mut stop: Stop) {
        while !stop.is_now() {
            if let Err(why) = self.carry_on(pages).await {
                tracing::warn!("what the stand-ins took could not be carried on: {why:#}");
            }
            stop.pause(ROUND).await;
        }
    }

    /// How many texts were taken.
    pub(super) fn texts_taken(&self) -> usize {
        self.texts.messages().len()
    }

    /// What a strict provider has to say against us: nothing, when all is well.
    pub(super) fn complaints(&self) -> Vec<String> {
        // Two carers may share a phone and be told the same: only a second text of one delivery is one too many.
        let texts = self.texts.messages();
        let deliveries: BTreeSet<_> = texts.iter().map(delivery_of).collect();
        let twice = texts.len() - deliveries.len();
        let twice = (twice > 0).then(|| format!("{twice} text(s) were sent twice"));
        self.texts.complaints().into_iter().chain(self.mail.violations()).chain(twice).collect()
    }
}

/// Named by its delivery, which its Message-ID begins with.
fn mail_file(mail: &Caught) -> String {
    let id = read(mail.data.as_bytes(), &Hints { own: Vec::new(), envelope_from: None }).message_id;
    let id = id.and_then(|id| id.split('@').next().map(str::to_owned));
    format!("{}.eml", id.unwrap_or_else(|| Uuid::now_v7().simple().to_string()))
}

/// The delivery that a text is of: our own reference, in the address that its receipts are posted to.
fn delivery_of(text: &Taken) -> String {
    let reference = text.fields.get("StatusCallback").and_then(|address| address.split_once("ref="));
    reference.map_or_else(|| text.sid.clone(), |(_, reference)| reference.to_owned())
}

fn on_a_phone(text: &Taken) -> String {
    let from = text.from.as_deref().unwrap_or_default();
    let date = text.created.strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!("To: {}\nFrom: {from}\nDate: {date}\n\n{}\n", text.to, text.body)
}
