//! A description, checked: every problem is told, not only the first.

use std::{collections::BTreeMap, path::Path};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    config::{Answer, Form, HttpConfig, Login, Method, Number, Probe, Receipts, Texts},
    document::Document,
    proof::Proved,
    template::{Pattern, Slot},
};
use crate::{
    cost::Cost,
    error::OpenError,
    pace::Pace,
    settings::{is_e164, is_sender_name, pace, plain_url, seconds, secret, within},
    wire::Patience,
};

/// What a sample text holds, so that a body in which it is not escaped does not read.
const SAMPLE: &str = "a\"<&>\\ b";

/// How we log in, with the secret read.
pub(super) enum Ready {
    None,
    Field(SecretString),
    Basic(String, SecretString),
    Bearer(SecretString),
    Header(HeaderName, HeaderValue),
}

/// What is sent, with its placeholders.
pub(super) enum Body {
    Form(Vec<(String, Pattern)>),
    Text(Form, Pattern),
}

/// A question that reaches nobody.
pub(super) struct Question {
    pub(super) url: Url,
    pub(super) fields: Vec<(String, Pattern)>,
}

/// The description, checked, with the secrets read.
pub(super) struct Plan {
    pub(super) from: String,
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    pub(super) number: Number,
    pub(super) login: Ready,
    pub(super) answer: Answer,
    pub(super) probe: Option<Question>,
    pub(super) receipts: Option<Receipts>,
    pub(super) texts: Option<Texts>,
    pub(super) proof: Option<Proved>,
    pub(super) pace: Pace,
    pub(super) patience: Patience,
    pub(super) cost: Cost,
}

/// What is wrong so far.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    /// The value, or its problem noted.
    fn take<T>(&mut self, result: Result<T, OpenError>) -> Option<T> {
        result.map_err(|OpenError(problem)| self.add(problem)).ok()
    }

    fn pattern(&mut self, setting: &str, text: &str) -> Option<Pattern> {
        Pattern::parse(text).map_err(|why| self.add(format!("{setting}: {why}"))).ok()
    }

    fn patterns(&mut self, setting: &str, fields: &BTreeMap<String, String>) -> Vec<(String, Pattern)> {
        let read = |(name, text): (&String, &String)| {
            Some((name.clone(), self.pattern(&format!("{setting}.{name}"), text)?))
        };
        fields.iter().filter_map(read).collect()
    }

    fn secret(&mut self, setting: &str, file: &Path) -> Option<SecretString> {
        self.take(secret(setting, file))
    }

    /// Whether a place is written as this kind of body names its values.
    fn place(&mut self, setting: &str, form: Form, place: Option<&String>) {
        let Some(place) = place else { return };
        let (fits, want) = match form {
            Form::Form => (!place.is_empty() && !place.starts_with('/'), "a form's field, such as status"),
            Form::Json => {
                (place.starts_with('/') && !place.starts_with("/*/"), "a JSON pointer, such as /message/id")
            }
            Form::Xml => (
                place == "name()" || (place.starts_with('/') && !place.ends_with('/')),
                "a path, such as /answer/id, /answer/@id, /*/id or name()",
            ),
        };
        if !fits {
            self.add(format!("{setting} is \"{place}\": write {want}"));
        }
    }
}

impl HttpConfig {
    /// Checks the whole description.
    pub(super) fn check(&self) -> Result<Plan, OpenError> {
        let mut found = Problems::default();
        if self.provider.trim().is_empty() {
            found.add("provider is empty: write the provider's name, for sentences to staff");
        }
        let url = found.take(plain_url("request.url", &self.request.url));
        let headers = self.headers(&mut found);
        let body = self.body(&mut found);
        let login = self.login(&mut found);
        self.placeholders(body.as_ref(), &mut found);
        self.check_answer(&mut found);
        let probe = self.probe.as_ref().and_then(|probe| self.question(probe, &mut found));
        self.check_receipts(&mut found);
        self.check_texts(&mut found);
        let proof = self.proof.as_ref().and_then(|proof| found.take(Proved::new(proof)));
        match (&self.proof, self.receipts.is_some() || self.texts.is_some()) {
            (None, true) => {
                found.add("proof is missing: without it nothing the provider posts could be believed");
            }
            (Some(_), false) => found.add("proof is there, but neither receipts nor texts are described"),
            _ => {}
        }
        let connect = found.take(seconds("connect_timeout_secs", self.connect_timeout_secs));
        let answer = found.take(seconds("answer_timeout_secs", self.answer_timeout_secs));
        let in_flight = found.take(within("in_flight", self.in_flight, 1, 100));
        let pace = found.take(pace(self.per_second, 1000.0)).zip(found.take(self.cost.check()));
        match (url, body, login, pace, connect.zip(answer), in_flight) {
            (
                Some(url),
                Some(body),
                Some(login),
                Some((pace, cost)),
                Some((connect, answer)),
                Some(in_flight),
            ) if found.0.is_empty() => Ok(Plan {
                from: self.from.clone().unwrap_or_default(),
                url,
                method: self.request.method,
                headers,
                body,
                number: self.request.number,
                login,
                answer: self.answer.clone(),
                probe,
                receipts: self.receipts.clone(),
                texts: self.texts.clone(),
                proof,
                pace,
                patience: Patience { connect, answer, in_flight },
                cost,
            }),
            _ => Err(OpenError(format!(
                "the description of the provider needs mending: {}",
                found.0.join("; ")
            ))),
        }
    }

    /// Names whose values the record of an attempt may show: the places in an answer at which codes and names stand. One
    /// that is also a name in the request shows nothing, as there it may be the key's or the words'.
    pub(super) fn shown(&self) -> Vec<String> {
        let answer = &self.answer;
        let places = [&answer.success_at, &answer.id, &answer.code].into_iter().flatten();
        let name = |place: &String| {
            let mut parts = place.rsplit('/');
            parts.find(|part| !part.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned)
        };
        let in_request = |name: &String| {
            self.request.fields.contains_key(name)
                || self.request.body.as_ref().is_some_and(|body| body.contains(name.as_str()))
        };
        places.filter_map(name).filter(|name| !in_request(name)).collect()
    }

    fn headers(&self, found: &mut Problems) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.request.headers {
            let pair = (HeaderName::try_from(name), HeaderValue::try_from(value));
            match pair {
                (Ok(name), _) if name == "authorization" || name == "content-type" => {
                    found.add(format!("request.headers.{name}: say it by login and content_type"));
                }
                (Ok(name), Ok(value)) => {
                    headers.insert(name, value);
                }
                _ => found.add(format!("request.headers: \"{name}\" and its value are not a header")),
            }
        }
        headers
    }

    fn body(&self, found: &mut Problems) -> Option<Body> {
        let request = &self.request;
        let form = request.content_type;
        match (form, &request.body) {
            (Form::Form, None) if !request.fields.is_empty() => {
                Some(Body::Form(found.patterns("request.fields", &request.fields)))
            }
            (Form::Json | Form::Xml, Some(body)) if request.fields.is_empty() => {
                let pattern = found.pattern("request.body", body)?;
                let sample = pattern.fill(form, |_| SAMPLE).unwrap_or_default();
                if Document::read(form, sample.as_bytes()).is_err() {
                    found.add(match form {
                        Form::Xml => "request.body is not well-formed XML once it is filled in",
                        _ => {
                            "request.body is not JSON once it is filled in: placeholders stand within strings"
                        }
                    });
                }
                Some(Body::Text(form, pattern))
            }
            (Form::Form, _) => {
                found.add("request: a form has fields and no body");
                None
            }
            (Form::Json | Form::Xml, _) => {
                found.add("request: JSON and XML have a body and no fields");
                None
            }
        }
    }

    fn login(&self, found: &mut Problems) -> Option<Ready> {
        Some(match &self.login {
            Login::None {} => Ready::None,
            Login::Field { secret_file } => Ready::Field(found.secret("login.secret_file", secret_file)?),
            Login::Basic { username, secret_file } => {
                if username.is_empty() || username.contains(':') {
                    found.add("login.username must be there, without a colon");
                }
                Ready::Basic(username.clone(), found.secret("login.secret_file", secret_file)?)
            }
            Login::Bearer { secret_file } => Ready::Bearer(found.secret("login.secret_file", secret_file)?),
            Login::Header { name, secret_file } => {
                let secret = found.secret("login.secret_file", secret_file);
                let name = HeaderName::try_from(name);
                if name.is_err() {
                    found.add("login.name is not a header's name");
                }
                let mut value = HeaderValue::try_from(secret?.expose_secret()).ok();
                match &mut value {
                    Some(value) => value.set_sensitive(true),
                    None => found.add("login.secret_file: a header cannot hold this secret"),
                }
                Ready::Header(name.ok()?, value?)
            }
        })
    }

    /// Whether the request holds what it must, and nothing that is not set.
    fn placeholders(&self, body: Option<&Body>, found: &mut Problems) {
        let Some(body) = body else { return };
        let holds = |slot| match body {
            Body::Form(fields) => fields.iter().any(|(_, pattern)| pattern.holds(slot)),
            Body::Text(_, pattern) => pattern.holds(slot),
        };
        for (slot, name) in [(Slot::To, "{to}"), (Slot::Text, "{text}")] {
            if !holds(slot) {
                found.add(format!("request: {name} stands nowhere in it"));
            }
        }
        match (&self.from, holds(Slot::From)) {
            (Some(from), _) if !(is_e164(from) || is_sender_name(from)) => found.add(
                "from must be a number such as +447700900456, or a name of 1 to 11 of A-Z a-z 0-9 space . & _ - with at \
                 least one letter",
            ),
            (Some(from), _) if is_sender_name(from) && self.can_be_answered => {
                found.add("can_be_answered: nobody can answer to a name");
            }
            (Some(_), false) => found.add("from is set, but {from} stands nowhere in the request"),
            (None, true) => found.add("{from} stands in the request, but from is not set"),
            _ => {}
        }
        match (matches!(self.login, Login::Field { .. }), holds(Slot::Secret)) {
            (true, false) => found.add("login.kind is field, but {secret} stands nowhere in the request"),
            (false, true) => found.add("{secret} stands in the request, but login.kind is not field"),
            _ => {}
        }
    }

    fn check_answer(&self, found: &mut Problems) {
        let answer = &self.answer;
        let places = [
            ("success_at", &answer.success_at),
            ("id", &answer.id),
            ("code", &answer.code),
            ("words", &answer.words),
        ];
        for (name, place) in places {
            found.place(&format!("answer.{name}"), answer.content_type, place.as_ref());
        }
        let [lowest, highest] = answer.status;
        if !(200..=599).contains(&lowest) || highest < lowest || highest > 599 {
            found.add("answer.status must be the lowest and the highest HTTP status of a success, such as [200, 299]");
        }
        if answer.success_at.is_some() == answer.success.is_empty() {
            found.add("answer.success_at and answer.success belong together: set both or neither");
        }
    }

    fn question(&self, probe: &Probe, found: &mut Problems) -> Option<Question> {
        let fields = found.patterns("probe.fields", &probe.fields);
        let holds = |slot| fields.iter().any(|(_, pattern)| pattern.holds(slot));
        if [Slot::To, Slot::From, Slot::Text, Slot::Reference].into_iter().any(holds) {
            found.add("probe.fields: only {secret} may stand in them, as a probe reaches nobody");
        }
        if holds(Slot::Secret) && !matches!(self.login, Login::Field { .. }) {
            found.add("{secret} stands in the probe, but login.kind is not field");
        }
        Some(Question { url: found.take(plain_url("probe.url", &probe.url))?, fields })
    }

    fn check_receipts(&self, found: &mut Problems) {
        let Some(receipts) = &self.receipts else { return };
        let places = [
            ("id", receipts.id.as_ref()),
            ("reference", receipts.reference.as_ref()),
            ("status", Some(&receipts.status)),
            ("code", receipts.code.as_ref()),
        ];
        for (name, place) in places {
            found.place(&format!("receipts.{name}"), receipts.content_type, place);
        }
        if receipts.id.is_none() && receipts.reference.is_none() {
            found.add("receipts: neither id nor reference is there, so no text could be recognised");
        }
        if receipts.id.is_none() && self.answer.id.is_some() {
            found.add("receipts.id is missing: texts are known by the name that answer.id gives");
        }
        if receipts.statuses.is_empty() {
            found.add("receipts.statuses is empty: say which status means delivered, and which failed");
        }
        if receipts.code.is_none() && !receipts.codes.is_empty() {
            found.add("receipts.codes is there, but receipts.code says no place");
        }
    }

    fn check_texts(&self, found: &mut Problems) {
        let Some(texts) = &self.texts else { return };
        let places = [
            ("id", texts.id.as_ref()),
            ("from", Some(&texts.from)),
            ("to", texts.to.as_ref()),
            ("text", Some(&texts.text)),
        ];
        for (name, place) in places {
            found.place(&format!("texts.{name}"), texts.content_type, place);
        }
        for place in &texts.same_by {
            found.place("texts.same_by", texts.content_type, Some(place));
        }
        if texts.id.is_some() != texts.same_by.is_empty() {
            found.add(
                "texts: set id, or else same_by, the places whose values together tell one text from another, such as \
                 sender, our number, words and time",
            );
        }
    }
}
