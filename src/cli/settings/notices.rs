//! The settings of what colleagues are told: the digest, and the ladder of what nobody answers.

use liaison_channels::{address::EmailAddress, private::Private};
use serde::Deserialize;

use super::Problems;
use crate::domain::{ladder::Rungs, notice::NoticePolicy};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticesSection {
    digest_at: String,
    slt_days: u8,
    head_days: u8,
    head: String,
    chair: String,
}

impl Problems {
    pub(super) fn notices(
        &mut self,
        notices: &NoticesSection,
        public_url: Option<&str>,
    ) -> Option<NoticePolicy> {
        let digest_at = self.parsed("notices.digest_at", &notices.digest_at, "a time of day such as 07:45");
        for (setting, days) in
            [("notices.slt_days", notices.slt_days), ("notices.head_days", notices.head_days)]
        {
            if days == 0 {
                self.0.push(format!("{setting} is 0: whoever is told needs at least one school day"));
            }
        }
        let head = self.post("notices.head", &notices.head);
        let chair = self.post("notices.chair", &notices.chair);
        Some(NoticePolicy {
            pages_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            digest_at: digest_at?,
            rungs: Rungs { slt: notices.slt_days, head: notices.head_days },
            head,
            chair,
        })
    }

    /// The address of a post; empty: nobody is named.
    fn post(&mut self, setting: &str, address: &str) -> Option<Private<String>> {
        let address = address.trim().to_lowercase();
        if address.is_empty() {
            return None;
        }
        if EmailAddress::parse(&address).is_err() {
            self.0.push(format!("{setting} is not an email address"));
        }
        Some(Private::new(address))
    }
}
