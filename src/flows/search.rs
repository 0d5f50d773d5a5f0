//! Looking for something among all that a colleague may see. What is looked for is kept nowhere; that something restricted
//! was found is an entry (R55).

use super::{
    FlowError,
    desk::{note, read_restricted},
    gateway::Gateway,
};
use crate::{
    domain::{
        chronology::Visibility, complaint::Number, ids::StaffId, import::read_address, people::AddressKind,
    },
    store::{
        StoreError, Tx,
        complaint_lists::{self, ComplaintRow},
        search::{
            self, FoundCarer, FoundCase, FoundContact, FoundMessage, FoundPupil, FoundReply, FoundUpdate,
        },
    },
};

/// How many of each kind are found at most.
pub const MOST: usize = 20;
/// The most characters that are looked for.
const LONGEST: usize = 200;
/// The fewest characters for which names are searched.
const SHORTEST: usize = 2;
/// The fewest characters for which the words of messages are searched.
const SHORTEST_WORDS: usize = 3;

/// Some of what was found, and whether there is more.
#[derive(Debug, Clone)]
pub struct Part<T> {
    /// At most [`MOST`].
    pub found: Vec<T>,
    /// Whether there is more.
    pub more: bool,
}

impl<T> Part<T> {
    fn of(mut found: Vec<T>) -> Self {
        let more = found.len() > MOST;
        found.truncate(MOST);
        Self { found, more }
    }

    /// The same, each made into something else.
    pub fn map<U>(self, into: impl FnMut(T) -> U) -> Part<U> {
        Part { found: self.found.into_iter().map(into).collect(), more: self.more }
    }

    const fn none() -> Self {
        Self { found: Vec::new(), more: false }
    }
}

/// All that was found, by kind.
#[derive(Debug, Clone)]
pub struct Found {
    /// Pupils.
    pub pupils: Part<FoundPupil>,
    /// Carers.
    pub carers: Part<FoundCarer>,
    /// Cases.
    pub cases: Part<FoundCase>,
    /// The complaint of this number.
    pub complaints: Part<ComplaintRow>,
    /// Updates.
    pub updates: Part<FoundUpdate>,
    /// Carers' messages.
    pub messages: Part<FoundMessage>,
    /// Replies in cases.
    pub replies: Part<FoundReply>,
    /// Contacts.
    pub contacts: Part<FoundContact>,
}

/// What is typed, with single spaces; `None` where it is too short to look for.
pub fn readable(typed: &str) -> Option<String> {
    let typed = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let typed: String = typed.chars().take(LONGEST).collect();
    (typed.chars().count() >= SHORTEST).then_some(typed)
}

/// Looks among all that this colleague may see.
pub async fn search(gateway: &Gateway, staff: StaffId, typed: &str) -> Result<Found, FlowError> {
    let address = address(typed);
    let address = address.as_ref().map(|(kind, value)| (*kind, value.expose().as_str()));
    let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let mut tx = gateway.store.as_colleague(staff).await?;
    let mut found = Found {
        pupils: Part::of(search::pupils(&mut tx, typed, limit).await?),
        carers: Part::of(search::carers(&mut tx, typed, address, limit).await?),
        cases: Part::none(),
        complaints: Part::of(complaint(&mut tx, typed).await?),
        updates: Part::none(),
        messages: Part::none(),
        replies: Part::none(),
        contacts: Part::none(),
    };
    if typed.chars().count() >= SHORTEST_WORDS {
        found.cases = Part::of(search::cases(&mut tx, typed, limit).await?);
        found.updates = Part::of(search::updates(&mut tx, typed, limit).await?);
        found.messages = Part::of(search::messages(&mut tx, typed, limit).await?);
        found.replies = Part::of(search::replies(&mut tx, typed, limit).await?);
        found.contacts = Part::of(search::contacts(&mut tx, typed, limit).await?);
    }
    tx.commit().await.map_err(StoreError::from)?;
    tell(gateway, staff, &found).await?;
    Ok(found)
}

/// The complaint whose number is typed, where this colleague may read its papers.
async fn complaint(tx: &mut Tx, typed: &str) -> Result<Vec<ComplaintRow>, FlowError> {
    let Some(number) = Number::parse(typed) else { return Ok(Vec::new()) };
    let id = complaint_lists::named(tx, number).await?;
    Ok(complaint_lists::read(tx, id.as_slice()).await?)
}

/// What is typed as an address, in the form in which addresses are kept.
fn address(typed: &str) -> Option<(AddressKind, liaison_channels::private::Private<String>)> {
    let kind = if typed.contains('@') { AddressKind::Email } else { AddressKind::Mobile };
    read_address(kind, typed).ok()
}

/// Tells that restricted things were found.
async fn tell(gateway: &Gateway, staff: StaffId, found: &Found) -> Result<(), FlowError> {
    let read = |said: &str| read_restricted(gateway, staff, said);
    let cases = found.cases.found.iter().filter(|case| case.visibility == Visibility::Restricted);
    let messages = found.messages.found.iter().filter(|one| one.visibility == Visibility::Restricted);
    let replies = found.replies.found.iter().filter(|reply| reply.visibility == Visibility::Restricted);
    let complaints = found.complaints.found.iter().filter(|one| one.visibility == Visibility::Restricted);
    let contacts =
        found.contacts.found.iter().filter(|contact| contact.sensitive || contact.restricted_case.is_some());
    let entries = cases
        .map(|case| read("a search found this case").case(case.id))
        .chain(messages.map(|one| read("a search found a message in this case").case(one.case)))
        .chain(replies.map(|reply| read("a search found a reply in this case").case(reply.case)))
        .chain(complaints.map(|one| read("a search found the complaint of this case").case(one.case)))
        .chain(contacts.map(|contact| {
            let mut entry = read("a search found a sensitive contact");
            (entry.pupil, entry.carer) = (Some(contact.pupil), contact.carer);
            entry.case = contact.restricted_case;
            entry
        }));
    note(gateway, entries.collect()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_mailbox_is_known_however_it_is_typed() {
        for typed in ["07700 900101", "+44 7700 900101", "0044 7700 900 101", "(07700) 900101"] {
            let (kind, value) = address(typed).expect(typed);

            assert_eq!((kind, value.expose().as_str()), (AddressKind::Mobile, "+447700900101"), "{typed}");
        }
        let (kind, value) = address("Amina.Begum@Home.Example").expect("an address");
        assert_eq!(
            (kind, value.expose().to_lowercase().as_str()),
            (AddressKind::Email, "amina.begum@home.example")
        );
        assert!(address("Sam Ash").is_none());
    }

    #[test]
    fn what_is_too_short_is_not_looked_for() {
        assert_eq!(readable("  a "), None);
        assert_eq!(readable(" sam \n  ash "), Some("sam ash".to_owned()));
        assert_eq!(readable(&"x".repeat(500)).map(|typed| typed.len()), Some(LONGEST));
    }
}
