//! The mark in a Reply-To: which of our messages an answer answers, signed so that it cannot be made up.
//!
//! A mark proposes, no more: whoever got the mail forwarded has it too. What the sender may do is decided by the sender's
//! own rights.

use ring::hmac;

use super::ids::DeliveryId;

/// Letters of a mark: small, because mailboxes fold case, and none that people mix up.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Bytes of the signature that travel: 2^64 guesses, on a mark that only proposes.
const SIGNATURE: usize = 8;

/// The path of the page on which a carer ends newsletters; the mark stands behind it.
pub const NEWSLETTERS: &str = "/newsletters/";

/// What a mark is good for. One does not do for the other.
#[derive(Clone, Copy)]
enum For {
    Answers,
    Newsletters,
}

/// Signs and reads marks.
#[derive(Clone)]
pub struct ReplyKey(hmac::Key);

impl std::fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplyKey(…)")
    }
}

impl ReplyKey {
    /// From 32 random bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The mark of a delivery: 39 small letters and digits.
    pub fn tag(&self, delivery: DeliveryId) -> String {
        self.mark(For::Answers, delivery)
    }

    /// The delivery a mark means, or `None` when it was not made with this key.
    pub fn read(&self, tag: &str) -> Option<DeliveryId> {
        self.read_mark(For::Answers, tag)
    }

    /// Where whoever got this newsletter ends newsletters for themselves, on the site that carers reach. Its mark is another
    /// than that of the `Reply-To`: an address travels further than a header does.
    pub fn newsletters_link(&self, site: &str, newsletter: DeliveryId) -> String {
        format!("{site}{NEWSLETTERS}{}", self.mark(For::Newsletters, newsletter))
    }

    /// The newsletter that the mark in such a link means, or `None` when it was not made with this key.
    pub fn read_newsletters(&self, mark: &str) -> Option<DeliveryId> {
        self.read_mark(For::Newsletters, mark)
    }

    fn mark(&self, purpose: For, delivery: DeliveryId) -> String {
        let mut bytes = delivery.0.as_bytes().to_vec();
        let signature = match purpose {
            For::Answers => hmac::sign(&self.0, &bytes),
            For::Newsletters => {
                hmac::sign(&self.0, &[b"newsletters:", delivery.0.as_bytes().as_slice()].concat())
            }
        };
        bytes.extend(signature.as_ref().iter().take(SIGNATURE));
        encode(&bytes)
    }

    fn read_mark(&self, purpose: For, mark: &str) -> Option<DeliveryId> {
        let mark = mark.to_ascii_lowercase();
        let bytes = decode(&mark)?;
        let (id, _) = bytes.split_at_checked(16)?;
        let delivery = DeliveryId(uuid::Uuid::from_slice(id).ok()?);
        // Made anew and compared whole: a mark is no secret, so the time this takes tells nothing.
        (self.mark(purpose, delivery) == mark).then_some(delivery)
    }

    /// The delivery that one of these addresses is marked with: `parents+mark@…`.
    pub fn find<'a>(&self, addresses: impl IntoIterator<Item = &'a str>) -> Option<DeliveryId> {
        addresses.into_iter().find_map(|address| {
            let (user, _) = address.rsplit_once('@')?;
            self.read(user.rsplit_once('+')?.1)
        })
    }
}

fn encode(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
            held &= (1 << bits) - 1;
        }
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(value: u32) -> char {
    LETTERS.get((value & 31) as usize).copied().map_or('a', char::from)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in text.bytes() {
        let value = LETTERS.iter().position(|letter| *letter == byte)?;
        held = (held << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// A case's code, for people to say on the phone and for a subject line: eight letters and digits that are not mixed
/// up, from the id's own random bits.
pub fn case_code(case: super::ids::CaseId) -> String {
    let bytes = case.0.as_bytes();
    let code = encode(bytes.get(11..).unwrap_or_default()).to_ascii_uppercase();
    let (first, second) = code.split_at_checked(4).unwrap_or((&code, ""));
    format!("{first}-{second}")
}

/// The case codes in a subject: `[Ref ABCD-2345]`.
pub fn codes_in(subject: &str) -> Vec<String> {
    subject
        .split("[Ref ")
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .map(|(code, _)| code.trim().to_ascii_uppercase())
        .filter(|code| code.len() == 9)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::CaseId;

    fn key() -> ReplyKey {
        ReplyKey::new(&[7; 32])
    }

    #[test]
    fn a_mark_reads_back_in_any_case_and_fits_a_local_part() {
        let delivery = DeliveryId::new();

        let tag = key().tag(delivery);

        assert_eq!(tag.len(), 39);
        assert_eq!(key().read(&tag), Some(delivery));
        assert_eq!(key().read(&tag.to_ascii_uppercase()), Some(delivery));
        let address = format!("parents+{tag}@northfield.example");
        assert_eq!(key().find(["office@northfield.example", address.as_str()]), Some(delivery));
    }

    #[test]
    fn the_mark_that_ends_newsletters_is_not_the_mark_of_an_answer() {
        let newsletter = DeliveryId::new();

        let link = key().newsletters_link("https://liaison.northfield.example", newsletter);
        let mark =
            link.strip_prefix("https://liaison.northfield.example/newsletters/").expect("the page's path");

        assert_eq!(key().read_newsletters(mark), Some(newsletter));
        assert_eq!(key().read(mark), None, "it would send an answer to a child");
        assert_eq!(key().read_newsletters(&key().tag(newsletter)), None, "a Reply-To would end newsletters");
    }

    #[test]
    fn a_mark_that_was_changed_or_made_with_another_key_means_nothing() {
        let tag = key().tag(DeliveryId::new());
        for (at, _) in tag.char_indices() {
            let mut changed = tag.clone().into_bytes();
            let letter = changed.get_mut(at).expect("a letter");
            *letter = if *letter == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert_eq!(key().read(&changed), None, "letter {at}");
        }

        assert_eq!(ReplyKey::new(&[8; 32]).read(&tag), None);
        assert_eq!(key().read(""), None);
        assert_eq!(key().read("żółw"), None);
    }

    #[test]
    fn a_case_code_is_found_in_a_subject_whatever_stands_around_it() {
        let code = case_code(CaseId::new());

        assert_eq!(codes_in(&format!("Re: Reply [Ref {}] thanks", code.to_lowercase())), [code]);
        assert_eq!(codes_in("Re: [Ref ] [Ref 123"), Vec::<String>::new());
    }
}
