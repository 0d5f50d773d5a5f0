//! The adapter: one text over one connection, in lines.
//!
//! We say `LOGIN <password>`, then `SEND <our reference> <number> <words in Base64>`, and the box answers `OK`, `OK <its
//! name for the text>` or `NO <why>`. `FIND <our reference>` asks for a text, and is answered `OK <name>` or `NONE`.

use std::{fmt, fs, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use liaison_channels::{
    Sender,
    cost::{Cost, CostConfig},
    error::{Fault, OpenError, SendError, Went},
    kind::Kind,
    message::{ChannelId, Outgoing, Parts, ProviderRef, Text},
    pace::Pace,
    sender::{Accepted, Carries, Finding, Found, Limits, Lookup},
    text::Alphabet,
    wire_log::Recorder,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};

/// The box sends one text after the other; a second connection lets it receive the next meanwhile.
const IN_FLIGHT: usize = 2;

/// `kind = "sim_box"`. An unknown key is an error: a slip would else be a setting that silently does nothing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimBoxConfig {
    /// Where the box is: host and port.
    pub(crate) address: String,
    /// File holding its password. A secret is named by file and never stands in the settings.
    pub(crate) password_file: PathBuf,
    /// Seconds for each step, above 0 and up to 300.
    #[serde(default = "ten")]
    pub(crate) answer_secs: f64,
    /// What a part of a text costs, and how many may leave in a month.
    #[serde(default)]
    pub(crate) cost: CostConfig,
}

const fn ten() -> f64 {
    10.0
}

/// What the rest of Liaison may ask of a kind of channel. What is not here keeps its default: the box takes no texts, no
/// provider posts to us, and no mail is sent.
impl Kind for SimBoxConfig {
    fn name() -> &'static str {
        "sim_box"
    }

    fn carries(&self) -> Option<Carries> {
        Some(Carries::Text)
    }

    fn hears(&self) -> bool {
        false
    }

    fn open(&self, id: ChannelId) -> Result<Arc<dyn Sender>, OpenError> {
        Ok(Arc::new(SimBox::open(id, self)?))
    }
}

/// A text channel through one box.
pub(crate) struct SimBox {
    id: ChannelId,
    limits: Limits,
    pace: Pace,
    address: String,
    password: SecretString,
    patience: Duration,
    places: Semaphore,
}

impl fmt::Debug for SimBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimBox").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The codes of the box as data: what it says, whose turn it is, and a sentence for staff without personal data. A code
/// that is not here is temporary.
const CODES: &[(&str, Fault, &str)] = &[
    ("busy", Fault::Throttled { wait: None }, "the box has too many texts waiting"),
    ("content", Fault::Refused, "the box will not send this text: shorten it"),
    ("login", Fault::Misconfigured, "the box refused the password: check password_file"),
    ("number", Fault::BadAddress, "the box says this is no mobile number: check the number"),
];

impl SimBox {
    /// Checks the settings and reads the secret. Reaches nothing yet. Sentences begin with the channel and say what to do.
    pub(crate) fn open(id: ChannelId, config: &SimBoxConfig) -> Result<Self, OpenError> {
        let bad = |why: String| OpenError(format!("channel {id}: {why}"));
        let file = config.password_file.display();
        let password = fs::read_to_string(&config.password_file)
            .map_err(|why| bad(format!("password_file: cannot read {file}: {}", why.kind())))?;
        let patience = Some(config.answer_secs).filter(|secs| *secs > 0.0 && *secs <= 300.0);
        let patience =
            patience.ok_or_else(|| bad("answer_secs: choose seconds, above 0 and up to 300".to_owned()))?;
        let cost: Cost = config.cost.check().map_err(|OpenError(why)| bad(why))?;
        Ok(Self {
            limits: Limits {
                carries: Carries::Text,
                in_flight: IN_FLIGHT,
                alphabet: Some(Alphabet::Unicode),
                can_be_answered: true,
                cost,
            },
            pace: Pace::unlimited(),
            address: config.address.clone(),
            password: SecretString::from(password.trim_end()),
            patience: Duration::from_secs_f64(patience),
            places: Semaphore::new(IN_FLIGHT),
            id,
        })
    }

    /// A connection that is signed in. Until here nothing of a message was said, so nothing went.
    async fn reach<'a>(&self, recorder: &'a Recorder) -> Result<Line<'a>, SendError> {
        let stream = timeout(self.patience, TcpStream::connect(&self.address)).await;
        let stream = stream.ok().and_then(Result::ok).ok_or_else(|| {
            recorder.broke("no connection");
            SendError::not_sent(
                Fault::Unreachable,
                "the box cannot be reached: check address, and that it is on",
            )
        })?;
        let mut line = Line { stream: BufStream::new(stream), recorder, patience: self.patience };
        // The log never sees the password.
        recorder.said("LOGIN …");
        match line.ask(&format!("LOGIN {}", self.password.expose_secret())).await {
            Ok(answer) if answer == "OK" => Ok(line),
            Ok(answer) => Err(refusal(&answer)),
            Err(Cut) => {
                Err(SendError::not_sent(Fault::Temporary, "the box cut the line before it had the text"))
            }
        }
    }

    async fn hand_over(&self, message: &Outgoing, recorder: &Recorder) -> Result<Accepted, SendError> {
        let text = text_of(message)?;
        let _place = self.places.acquire().await.map_err(|_| closing())?;
        let mut line = self.reach(recorder).await?;
        recorder.said(&format!("SEND {} … ({} bytes)", message.reference(), text.body.expose().len()));
        let words = STANDARD.encode(text.body.expose());
        // From here on whatever breaks leaves the text in doubt.
        match line.ask(&format!("SEND {} {} {words}", message.reference(), text.to.expose())).await {
            Ok(answer) => match answer.strip_prefix("OK ") {
                Some(name) => Ok(Accepted::new(ProviderRef(name.to_owned()), answer.clone())),
                None if answer.starts_with("NO ") => Err(refusal(&answer)),
                None => Err(SendError::in_doubt(
                    "the box seems to have taken the text, but its answer makes no sense",
                )),
            },
            Err(Cut) => Err(SendError::in_doubt("the box had the text and did not say what became of it")),
        }
    }

    /// The box keeps our reference with each text, so that one whose answer was lost can be asked for.
    async fn look_up(&self, lookup: &Lookup<'_>, recorder: &Recorder) -> Result<Finding, SendError> {
        text_of(lookup.message)?;
        let _place = self.places.acquire().await.map_err(|_| closing())?;
        let mut line = self.reach(recorder).await?;
        let question = format!("FIND {}", lookup.reference);
        recorder.said(&question);
        match line.ask(&question).await.as_deref() {
            Ok("NONE") => Ok(Found::No.into()),
            Ok(answer) if answer.starts_with("OK ") => {
                Ok(Found::Yes(ProviderRef(answer.trim_start_matches("OK ").to_owned())).into())
            }
            // A question that failed answers nothing: what was in doubt still is.
            _ => Err(SendError::in_doubt("a text in doubt could not be looked up at the box")),
        }
    }
}

#[async_trait]
impl Sender for SimBox {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn pace(&self) -> &Pace {
        &self.pace
    }

    async fn send(&self, message: &Outgoing) -> Result<Accepted, SendError> {
        let recorder = Recorder::default();
        let sent = self.hand_over(message, &recorder).await;
        recorder.log(&[]).on(sent)
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Finding, SendError> {
        let recorder = Recorder::default();
        let found = self.look_up(lookup, &recorder).await;
        recorder.log(&[]).on(found)
    }

    async fn probe(&self) -> Result<String, SendError> {
        let _place = self.places.acquire().await.map_err(|_| closing())?;
        self.reach(&Recorder::default()).await?;
        Ok("the box was reached and took the password".to_owned())
    }
}

/// The text a message is; mail goes nowhere, and so do numbers to which no text may go.
fn text_of(message: &Outgoing) -> Result<&Text, SendError> {
    let Parts::Text(text) = message.parts() else {
        return Err(SendError::not_sent(Fault::Refused, "this channel carries texts, not mail"));
    };
    let fits = text.to.textable().map(|()| text);
    fits.map_err(|_| SendError::not_sent(Fault::BadAddress, "this number cannot get texts"))
}

fn refusal(answer: &str) -> SendError {
    let code = answer.trim_start_matches("NO ");
    let known = CODES.iter().find(|(known, _, _)| *known == code);
    let (fault, says) =
        known.map_or((Fault::Temporary, "the box cannot just now"), |(_, fault, says)| (*fault, *says));
    let error = SendError::not_sent(fault, says);
    // An unknown code may hold anything, and a code is printed.
    if known.is_some() { error.code(code) } else { SendError { went: Went::No, ..error } }
}

fn closing() -> SendError {
    SendError::not_sent(Fault::Temporary, "the channel is closing")
}

/// The line was cut, fell silent, or was no line.
struct Cut;

struct Line<'a> {
    stream: BufStream<TcpStream>,
    recorder: &'a Recorder,
    patience: Duration,
}

impl Line<'_> {
    /// Says one line and reads one, within the time for a step.
    async fn ask(&mut self, line: &str) -> Result<String, Cut> {
        let asked = timeout(self.patience, async {
            self.stream.write_all(format!("{line}\n").as_bytes()).await?;
            self.stream.flush().await?;
            let mut answer = String::new();
            self.stream.read_line(&mut answer).await?;
            std::io::Result::Ok(answer)
        });
        let answer = asked.await.ok().and_then(Result::ok);
        let Some(answer) = answer.as_deref().and_then(|answer| answer.strip_suffix('\n')) else {
            self.recorder.broke("the line was cut, or nothing came in time");
            return Err(Cut);
        };
        self.recorder.heard(answer);
        Ok(answer.to_owned())
    }
}
