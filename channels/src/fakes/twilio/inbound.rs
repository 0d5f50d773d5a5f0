//! Texts from carers: what the provider lists, and what it posts about them.
//!
//! [`TwilioFake::arrive`] alone is a text whose webhook was never called; calling [`TwilioFake::text_request`] again is
//! the provider's repeat of a post; [`SignedPost::tampered`] is somebody else's doing.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{SignedPost, Taken, TwilioFake, deliver};

impl TwilioFake {
    /// A text from a carer arrives at the account's number, with so many pictures. It is listed from now on; nobody is
    /// told.
    pub fn arrive(&self, from: &str, body: &str, media: u16) -> Taken {
        let taken = self.inbound(from, body, media);
        self.plant(taken.clone());
        taken
    }

    fn inbound(&self, from: &str, body: &str, media: u16) -> Taken {
        let kind = if media == 0 { "SM" } else { "MM" };
        let pictures = (0..media).flat_map(|index| {
            let uri = format!("https://api.twilio.com/2010-04-01/Accounts/{}/Media/{index}", Self::ACCOUNT);
            [(format!("MediaUrl{index}"), uri), (format!("MediaContentType{index}"), "image/jpeg".to_owned())]
        });
        let fields: BTreeMap<_, _> = pictures.chain([("NumMedia".to_owned(), media.to_string())]).collect();
        Taken {
            sid: format!("{kind}{}", Uuid::now_v7().simple()),
            to: Self::NUMBER.to_owned(),
            from: Some(from.to_owned()),
            service: None,
            body: body.to_owned(),
            status: "received".to_owned(),
            error_code: None,
            direction: "inbound".to_owned(),
            created: self.shared.now(),
            fields,
        }
    }

    /// A text from a carer, without pictures, that is known by a name of the caller's: the same name brings it once.
    pub fn arrive_once(&self, name: Uuid, from: &str, body: &str) -> Taken {
        let sid = format!("SM{}", name.simple());
        if let Some(known) = self.arrived().into_iter().find(|taken| taken.sid == sid) {
            return known;
        }
        let taken = Taken { sid, ..self.inbound(from, body, 0) };
        self.plant(taken.clone());
        taken
    }

    /// The post that tells of a text which arrived, to the address entered at the provider's. The same every time.
    /// `None` when no such text arrived.
    pub fn text_request(&self, url: &str, sid: &str) -> Option<SignedPost> {
        let taken = self.arrived().into_iter().find(|taken| taken.sid == sid)?;
        let mut fields: Vec<(&str, String)> = vec![
            ("ToCountry", "GB".to_owned()),
            ("SmsMessageSid", taken.sid.clone()),
            ("SmsSid", taken.sid.clone()),
            ("MessageSid", taken.sid),
            ("SmsStatus", taken.status),
            ("FromCountry", "GB".to_owned()),
            ("Body", taken.body),
            ("To", taken.to),
            ("From", taken.from.unwrap_or_default()),
            ("NumSegments", "1".to_owned()),
            ("AccountSid", Self::ACCOUNT.to_owned()),
            ("ApiVersion", "2010-04-01".to_owned()),
        ];
        fields.extend(taken.service.map(|service| ("MessagingServiceSid", service)));
        fields.extend(taken.fields.iter().map(|(name, value)| (name.as_str(), value.clone())));
        Some(self.signed(url.to_owned(), &fields))
    }

    /// A text arrives, and this is the post that tells of it.
    pub fn receive(&self, url: &str, from: &str, body: &str, media: u16) -> SignedPost {
        let taken = self.arrive(from, body, media);
        // It arrived in the line above; an unsigned post would fail the test that wanted it, and plainly.
        self.text_request(url, &taken.sid).unwrap_or_else(|| SignedPost::unsigned(url))
    }

    /// A text arrives and is posted the way it comes through a proxy: signed for the public address, carried to `base`
    /// (such as `http://127.0.0.1:8080`). Returns the HTTP status.
    pub async fn post_text(
        &self,
        base: &str,
        url: &str,
        from: &str,
        body: &str,
        media: u16,
    ) -> Result<u16, String> {
        deliver(base, &self.receive(url, from, body, media)).await
    }

    /// Every text that arrived, in order.
    pub fn arrived(&self) -> Vec<Taken> {
        self.shared.lock().messages.iter().filter(|taken| taken.is_inbound()).cloned().collect()
    }
}
