//! One request to Twilio, with the channel's login, and what its errors mean.

use reqwest::{RequestBuilder, header};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::{
    codes,
    config::{Login, Settings},
};
use crate::{
    error::{Fault, OpenError, SendError, Went},
    wire::{Line, NoReply, Reply, by_status, said},
    wire_log::Recorder,
};

/// What is to be looked at where the login was refused.
const LOGIN: &str = "the account SID, and the token or API key";

/// Asks Twilio things, with the channel's login and deadlines.
pub(super) struct Wire {
    line: Line,
    login: Login,
    messages: Url,
    account: Url,
}

impl Wire {
    pub(super) fn new(settings: &Settings, login: Login) -> Result<Self, OpenError> {
        let at = |rest: &str| {
            let path = format!(
                "{}/2010-04-01/Accounts/{}{rest}",
                settings.base.path().trim_end_matches('/'),
                settings.account
            );
            let mut url = settings.base.clone();
            url.set_path(&path);
            url
        };
        let line = Line::new("Twilio", settings.patience)?;
        Ok(Self { line, login, messages: at("/Messages.json"), account: at(".json") })
    }

    /// The list of messages, and where new ones are posted.
    pub(super) fn messages(&self) -> Url {
        self.messages.clone()
    }

    /// The account's own record.
    pub(super) fn account(&self) -> Url {
        self.account.clone()
    }

    /// Whether the account's own record may be read with our login.
    pub(super) const fn may_read_account(&self) -> bool {
        matches!(self.login, Login::Account(_))
    }

    pub(super) async fn post(
        &self,
        url: Url,
        form: &[(&str, String)],
        recorder: &Recorder,
    ) -> Result<Reply, NoReply> {
        self.ask(self.line.client().post(url).form(form), recorder).await
    }

    pub(super) async fn get(&self, url: Url, recorder: &Recorder) -> Result<Reply, NoReply> {
        self.ask(self.line.client().get(url), recorder).await
    }

    async fn ask(&self, request: RequestBuilder, recorder: &Recorder) -> Result<Reply, NoReply> {
        let request = match &self.login {
            Login::Account(token) => request.basic_auth(self.account_sid(), Some(token.expose_secret())),
            Login::Key { sid, secret } => request.basic_auth(sid, Some(secret.expose_secret())),
        };
        self.line.ask(request.header(header::ACCEPT, "application/json"), recorder).await
    }

    fn account_sid(&self) -> &str {
        let last = self.account.path_segments().and_then(Iterator::last).unwrap_or_default();
        last.strip_suffix(".json").unwrap_or(last)
    }
}

/// Reads an answer that is not a success: by Twilio's code where we know it, else by the HTTP status.
pub(super) fn error(reply: &Reply) -> SendError {
    let problem = Problem::read(&reply.json().unwrap_or_default());
    let known = problem.code.and_then(codes::find);
    let (fault, says) = known.map_or_else(
        || by_status(reply.status, "Twilio", LOGIN),
        |entry| (entry.fault, entry.says.to_owned()),
    );
    let code =
        problem.code.map_or_else(|| format!("HTTP {}", reply.status.as_u16()), |code| code.to_string());
    let fault = match fault {
        Fault::Throttled { wait } => Fault::Throttled { wait: reply.retry_after.or(wait) },
        other => other,
    };
    let error = SendError::not_sent(fault, says).code(code).said(problem.said);
    let went = if problem.code == Some(codes::TOO_MANY_REQUESTS) { Went::No } else { reply.went() };
    SendError { went, ..error }
}

/// What both of Twilio's error shapes tell: the old `{code, message, …}` and RFC 9457 problem details.
struct Problem {
    code: Option<u32>,
    said: String,
}

impl Problem {
    fn read(body: &Value) -> Self {
        let code = body.get("code").or_else(|| body.get("error_code")).and_then(number);
        let words = ["message", "title", "detail"].iter().filter_map(|name| body.get(name)?.as_str());
        let said = said(&words.collect::<Vec<_>>().join(": "));
        Self { code, said }
    }
}

/// A code, whether it is written as a number or as a string.
pub(super) fn number(value: &Value) -> Option<u32> {
    let plain = value.as_u64().and_then(|n| u32::try_from(n).ok());
    plain.or_else(|| value.as_str()?.trim().parse().ok()).filter(|code| *code > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_error_shapes_give_code_and_words() {
        for (body, code, said) in [
            (
                json!({"code": 21610, "message": "opted out", "more_info": "x", "status": 400}),
                Some(21610),
                "opted out",
            ),
            (
                json!({"type": "x", "title": "T", "status": 400, "code": 21211, "detail": "d"}),
                Some(21211),
                "T: d",
            ),
            (json!({"title": "T", "code": "30007"}), Some(30007), "T"),
            (json!({"code": 0}), None, ""),
            (json!({"code": -1}), None, ""),
            (json!(["code"]), None, ""),
            (json!(null), None, ""),
        ] {
            let problem = Problem::read(&body);

            assert_eq!((problem.code, problem.said.as_str()), (code, said), "{body}");
        }
    }
}
