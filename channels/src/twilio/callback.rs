//! What Twilio posts: how far our texts have come, and texts from carers.
//!
//! Both kinds are proved and read in the same way, whichever of our addresses was called: a school that enters the
//! wrong one of them at Twilio loses nothing.

use uuid::Uuid;

use super::{
    arrived, codes, is_message_sid,
    signature::{self, Fields, Keys},
};
use crate::{
    inbound::{Event, KeptText, RawForm},
    message::{ChannelId, OurRef, ProviderRef},
    private::Private,
    receipt::{Callback, FailedAs, NotBelieved, Posted, Progress, Receipt},
};

/// Believes and reads every post of one channel.
pub(super) struct Posts {
    keys: Keys,
    account: String,
    public: String,
    id: ChannelId,
}

impl Posts {
    pub(super) fn new(keys: Keys, account: String, public: String, id: ChannelId) -> Self {
        Self { keys, account, public, id }
    }

    /// The address Twilio is to call about one text of ours. Our reference rides in it, under the signature.
    pub(super) fn status_address(&self, reference: OurRef) -> String {
        format!("{}/webhooks/{}/status?ref={reference}", self.public, self.id)
    }

    /// The address Twilio is to call about texts that arrive.
    pub(super) fn text_address(&self) -> String {
        format!("{}/webhooks/{}/text", self.public, self.id)
    }
}

impl Callback for Posts {
    fn events(&self, posted: &Posted<'_>) -> Result<Vec<Event>, NotBelieved> {
        let url = [self.public.as_str(), posted.path_and_query].concat();
        let fields = signature::verify(&self.keys, &url, posted.headers, posted.body)?;
        if one(&fields, "AccountSid")? != Some(&self.account) {
            return Err(NotBelieved::Unreadable("AccountSid is not this channel's account"));
        }
        read(&fields, posted.path_and_query, posted.body).map(|event| vec![event])
    }

    fn form(&self) -> RawForm {
        arrived::POSTED
    }

    fn answer(&self) -> (&'static str, &'static str) {
        // An empty response tells Twilio to do nothing further; plain text would be an error in its log.
        ("text/xml", "<Response/>")
    }
}

/// Reads a post that was proved. `address` is where it was posted to, for our reference in it.
pub(super) fn read(fields: &Fields, address: &str, body: &[u8]) -> Result<Event, NotBelieved> {
    let status = one(fields, "MessageStatus")?.or(one(fields, "SmsStatus")?);
    let text = match status {
        Some("receiving" | "received") => true,
        Some(_) => false,
        // Only a text that arrives has words in its post.
        None => fields.iter().any(|(name, _)| name == "Body"),
    };
    match status {
        _ if text => {
            let text = arrived::from_post(fields).map_err(NotBelieved::Unreadable)?;
            let raw = Private::new(body.to_vec());
            Ok(Event::Text(Box::new(KeptText { text, form: arrived::POSTED, raw })))
        }
        Some(status) => receipt(fields, status, ours(address)).map(Event::Receipt),
        None => Err(NotBelieved::Unreadable("neither MessageStatus nor SmsStatus is there")),
    }
}

fn receipt(fields: &Fields, status: &str, ours: Option<OurRef>) -> Result<Receipt, NotBelieved> {
    let sid = one(fields, "MessageSid")?.or(one(fields, "SmsSid")?).filter(|sid| is_message_sid(sid));
    let sid = sid.ok_or(NotBelieved::Unreadable("MessageSid is not a message's"))?;
    if !is_word(status) {
        return Err(NotBelieved::Unreadable("MessageStatus is not a word"));
    }
    let code = one(fields, "ErrorCode")?.and_then(|code| code.parse::<u32>().ok()).filter(|code| *code > 0);
    Ok(Receipt {
        reference: ProviderRef(sid.to_owned()),
        ours,
        progress: progress(status, code),
        status: status.to_owned(),
        code: code.map(|code| code.to_string()),
    })
}

fn one<'a>(fields: &'a Fields, name: &str) -> Result<Option<&'a str>, NotBelieved> {
    signature::one(fields, name).map_err(NotBelieved::Unreadable)
}

fn ours(address: &str) -> Option<OurRef> {
    let (_, query) = address.split_once('?')?;
    let (_, value) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ref")?;
    Uuid::try_parse(&value).ok().map(OurRef)
}

/// Whether a status can be one: it is kept as it stands.
pub(super) fn is_word(status: &str) -> bool {
    status.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && status.len() <= 40
}

/// How far a status word says the text has come. A word that Twilio has yet to invent moves nothing, and is kept.
pub(super) fn progress(status: &str, code: Option<u32>) -> Progress {
    match status {
        // Some parts of a long text arrived: the carer has something, but not a receipt for the whole.
        "sent" | "partially_delivered" => Progress::Sent,
        "delivered" | "read" => Progress::Delivered,
        "undelivered" | "failed" => Progress::Failed(codes::failed_as(code)),
        // Somebody stopped it at the provider's: not ours to send again.
        "canceled" => Progress::Failed(code.map_or(FailedAs::Refused, |code| codes::failed_as(Some(code)))),
        _ => Progress::Accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_rank() {
        for (status, code, expected) in [
            ("accepted", None, Progress::Accepted),
            ("scheduled", None, Progress::Accepted),
            ("queued", None, Progress::Accepted),
            ("sending", None, Progress::Accepted),
            ("sent", None, Progress::Sent),
            ("partially_delivered", None, Progress::Sent),
            ("delivered", None, Progress::Delivered),
            ("read", None, Progress::Delivered),
            ("undelivered", Some(30_003), Progress::Failed(FailedAs::Temporary)),
            ("undelivered", Some(30_006), Progress::Failed(FailedAs::BadAddress)),
            ("failed", Some(21_610), Progress::Failed(FailedAs::Stopped)),
            ("failed", Some(30_007), Progress::Failed(FailedAs::Refused)),
            ("failed", Some(30_002), Progress::Failed(FailedAs::Misconfigured)),
            ("failed", None, Progress::Failed(FailedAs::Temporary)),
            ("canceled", None, Progress::Failed(FailedAs::Refused)),
            ("of_tomorrow", None, Progress::Accepted),
        ] {
            assert_eq!(progress(status, code), expected, "{status} {code:?}");
        }
    }
}
