//! The description of a provider, as it stands in the settings. `plan` checks it.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use crate::cost::CostConfig;

/// `kind = "http"`: texts through a provider that is described here and has no code of its own.
///
/// A description says how a text is posted, how the answer is read, and what the provider posts to us. Values in a form
/// are named by field (`status`), in JSON by pointer (`/message/id`, RFC 6901), in XML by path: `/a/b` is an element's
/// text, `/a/b/@c` an attribute, `/*/b` an element in a root of any name, `name()` the root's name. Namespaces are
/// overlooked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// The provider's name in sentences for staff.
    pub provider: String,
    /// What texts leave from, for the placeholder `{from}`: a number such as `+447700900456`, or a name of at most 11
    /// characters.
    #[serde(default)]
    pub from: Option<String>,
    /// Whether carers can answer to it.
    #[serde(default)]
    pub can_be_answered: bool,
    /// Which letters the provider carries.
    #[serde(default)]
    pub alphabet: Letters,
    /// How a text is posted.
    pub request: Request,
    /// How we log in.
    #[serde(default)]
    pub login: Login,
    /// How the answer is read.
    #[serde(default)]
    pub answer: Answer,
    /// A question that costs nothing and reaches nobody, by which `liaison check` tries the login.
    #[serde(default)]
    pub probe: Option<Probe>,
    /// What the provider posts to `/webhooks/<channel>/status` about our texts.
    #[serde(default)]
    pub receipts: Option<Receipts>,
    /// What the provider posts to `/webhooks/<channel>/text` about texts from carers.
    #[serde(default)]
    pub texts: Option<Texts>,
    /// What proves its posts. Nothing that is not proved is believed.
    #[serde(default)]
    pub proof: Option<Proof>,
    /// Messages a second (not segments). 1 until the provider has said what it takes; at most 1,000.
    #[serde(default = "one_a_second")]
    pub per_second: f64,
    /// Messages on the wire at once, 1 to 100.
    #[serde(default = "four")]
    pub in_flight: usize,
    /// Seconds to reach the provider (name, line and TLS together), 1 to 300.
    #[serde(default = "ten")]
    pub connect_timeout_secs: u64,
    /// Seconds to wait for the whole answer once reached, 1 to 300.
    #[serde(default = "thirty")]
    pub answer_timeout_secs: u64,
    /// What a part of a text costs, and how many may leave in a month.
    #[serde(default)]
    pub cost: CostConfig,
}

/// Which letters a provider carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letters {
    /// Everything.
    #[default]
    Unicode,
    /// The GSM alphabet alone: other letters would become question marks.
    Gsm7,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
    /// `application/xml`.
    Xml,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    /// `+447700900123`.
    #[default]
    Plus,
    /// `447700900123`.
    Plain,
}

/// The HTTP method of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The body is posted.
    #[default]
    Post,
    /// The body is put.
    Put,
}

/// How a text is posted. The placeholders are `{to}`, `{from}`, `{text}`, `{reference}` (ours) and, where the login says
/// so, `{secret}`; each is escaped as the body wants it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Where to: `https`, or `http` on loopback, for rehearsals against a stand-in.
    pub url: String,
    /// The method.
    #[serde(default)]
    pub method: Method,
    /// How the body is written.
    pub content_type: Form,
    /// The fields of a form, each with its value or placeholders.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The body of JSON or XML. In JSON placeholders stand within strings.
    #[serde(default)]
    pub body: Option<String>,
    /// Headers beyond those of content and login.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How numbers are written.
    #[serde(default)]
    pub number: Number,
}

/// How we log in.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Login {
    /// Not at all. In braces, for without them serde takes unknown names.
    None {},
    /// By `{secret}` in the body.
    Field {
        /// File holding it.
        secret_file: PathBuf,
    },
    /// By HTTP Basic (RFC 7617).
    Basic {
        /// Who.
        username: String,
        /// File holding the password.
        secret_file: PathBuf,
    },
    /// By a bearer token (RFC 6750).
    Bearer {
        /// File holding it.
        secret_file: PathBuf,
    },
    /// By a header of the provider's.
    Header {
        /// The header's name.
        name: String,
        /// File holding its value.
        secret_file: PathBuf,
    },
}

impl Default for Login {
    fn default() -> Self {
        Self::None {}
    }
}

/// How the answer to a posted text is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// How its body is written.
    #[serde(default = "json")]
    pub content_type: Form,
    /// The lowest and the highest HTTP status of a success.
    #[serde(default = "successes")]
    pub status: [u16; 2],
    /// The place of a value that tells a success; by the status alone if absent.
    #[serde(default)]
    pub success_at: Option<String>,
    /// What stands there after a success.
    #[serde(default)]
    pub success: Vec<String>,
    /// The place of the provider's name for the text. Where it gives none, our reference is its name.
    #[serde(default)]
    pub id: Option<String>,
    /// The place of a refusal's code.
    #[serde(default)]
    pub code: Option<String>,
    /// The place of a refusal's words, for the attempt's record.
    #[serde(default)]
    pub words: Option<String>,
    /// Whose turn it is after a code, or after `HTTP 402` and the like. A code that is not here is temporary, an HTTP
    /// status that is not here is understood as HTTP means it.
    #[serde(default)]
    pub faults: BTreeMap<String, Turn>,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            content_type: json(),
            status: successes(),
            success_at: None,
            success: Vec::new(),
            id: None,
            code: None,
            words: None,
            faults: BTreeMap::new(),
        }
    }
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Ours, later.
    Temporary,
    /// Ours, after a rest of the whole channel.
    Throttled,
    /// The office's: the number is wrong.
    BadAddress,
    /// The carer's, who opted out at the provider.
    Stopped,
    /// The next way's: this text will not be taken.
    Refused,
    /// IT's.
    Misconfigured,
}

/// A question that reaches nobody.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Where to; asked by GET, and answered as [`Answer`] says of status and success.
    pub url: String,
    /// Fields of its query; `{secret}` may stand in them where the login is by field.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// What the provider posts about our texts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    /// How it is written.
    pub content_type: Form,
    /// The place of the provider's name for the text.
    #[serde(default)]
    pub id: Option<String>,
    /// The place of our reference.
    #[serde(default)]
    pub reference: Option<String>,
    /// The place of the status.
    pub status: String,
    /// How far each status says the text has come. One that is not here moves nothing.
    pub statuses: BTreeMap<String, Come>,
    /// The place of a failure's code.
    #[serde(default)]
    pub code: Option<String>,
    /// Why a text failed, by code. A code that is not here is temporary.
    #[serde(default)]
    pub codes: BTreeMap<String, Turn>,
}

/// How far a text has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Come {
    /// The provider is working on it.
    Accepted,
    /// With the network.
    Sent,
    /// There.
    Delivered,
    /// It will not arrive; the code tells why.
    Failed,
}

/// What the provider posts about texts from carers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// How it is written.
    pub content_type: Form,
    /// The place of the provider's name for the text, by which a repeat is known.
    #[serde(default)]
    pub id: Option<String>,
    /// Where the provider gives no name: the places whose values together are the text's name. Two texts in which all
    /// of them are the same are one.
    #[serde(default)]
    pub same_by: Vec<String>,
    /// The place of the sender.
    pub from: String,
    /// The place of our number.
    #[serde(default)]
    pub to: Option<String>,
    /// The place of the words.
    pub text: String,
}

/// What proves a post.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Proof {
    /// An HMAC over the raw body, in a header.
    Hmac {
        /// The header's name.
        header: String,
        /// The digest.
        algorithm: Digest,
        /// How the MAC is written.
        encoding: Encoding,
        /// File holding the key.
        secret_file: PathBuf,
    },
    /// HTTP Basic. It does not cover the body.
    Basic {
        /// Who.
        username: String,
        /// File holding the password, which we chose.
        secret_file: PathBuf,
    },
    /// A secret in the address that is entered at the provider's: `https://…/webhooks/<channel>/text?<secret>`. It does
    /// not cover the body, and proxies write addresses into their logs: better than nothing, for providers that sign
    /// nothing.
    Address {
        /// File holding it: at least 20 letters, digits, `-` and `_`, which we chose.
        secret_file: PathBuf,
    },
}

/// The digest of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// SHA-1, for providers that know no other.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a MAC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hexadecimal digits, in any case.
    Hex,
    /// Base64 (RFC 4648 §4).
    Base64,
}

const fn json() -> Form {
    Form::Json
}
const fn successes() -> [u16; 2] {
    [200, 299]
}
const fn one_a_second() -> f64 {
    1.0
}
const fn four() -> usize {
    4
}
const fn ten() -> u64 {
    10
}
const fn thirty() -> u64 {
    30
}
