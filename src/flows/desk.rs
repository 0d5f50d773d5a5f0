//! What a page shows of cases and questions: read as the colleague, and noted where it is restricted (R55).

use liaison_channels::{
    inbound::{RawForm, read_text},
    reading::{Hints, read_within},
};

use super::{
    FlowError,
    cases::{Listed, with_clocks},
    gateway::Gateway,
    questions::Person,
};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        ids::{CarerId, CaseId, ContactId, PupilId, QuestionId, StaffId, TaskId},
        people::Purpose,
        rights::LinkFacts,
        time::Timestamp,
        translation::Translation,
    },
    store::{
        StoreError, Tx, answers,
        answers::AnswerView,
        attachments::{self, Files},
        cases::{self, WhichCases},
        chronology,
        contacts::{self, Balance, ContactRow},
        desk,
        desk::{CarerOf, Message, Named, WhichQuestions},
        diverted,
        entries::{self, Narrow, Of, Told},
        explain, facts,
        questions::QuestionRow,
        translations,
    },
};

/// A message with the words a person wrote.
#[derive(Debug, Clone)]
pub struct Words {
    /// What is known of it.
    pub message: Message,
    /// What the person wrote now, quotes and signatures apart.
    pub words: String,
    /// All of it, where something was left out above.
    pub whole: Option<String>,
    /// The same in English, where somebody has put it into English.
    pub english: Option<Translation>,
    /// The files that came with it.
    pub files: Files,
    /// How many pictures came with a text; they stay with the provider.
    pub pictures: u16,
}

impl Words {
    /// Whether the page of its mail shows pictures of its own: logos, as a rule.
    pub fn shows_pictures(&self) -> bool {
        self.files.apart.iter().any(|file| file.inline)
    }

    /// The message with these words, and nothing else known of it.
    fn of(message: Message, words: String) -> Self {
        Self { message, words, whole: None, english: None, files: Files::default(), pictures: 0 }
    }
}

/// A case with its whole story.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The case.
    pub case: Listed,
    /// The pupil whose page it leads to.
    pub pupil: PupilId,
    /// What arrived.
    pub messages: Vec<Words>,
    /// What was said.
    pub answers: Vec<AnswerView>,
}

/// A case by its code; `None` where there is none for this colleague.
pub async fn case(gateway: &Gateway, staff: StaffId, code: &str) -> Result<Option<Opened>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let which = WhichCases { named: Some(code), closed: true, restricted: true };
    let Some(row) = cases::list(&mut tx, &which).await?.pop() else { return Ok(None) };
    let (id, pupil, visibility) = (row.id, row.pupil.unwrap_or(row.link_pupil), row.visibility);
    let Some(case) = with_clocks(&mut tx, vec![row], gateway.now()).await?.pop() else { return Ok(None) };
    let mut messages = Vec::new();
    let came = desk::messages(&mut tx, Some(id), None).await?;
    let mut english =
        translations::english_of(&mut tx, &came.iter().map(|one| one.id).collect::<Vec<_>>()).await?;
    let mut files =
        attachments::of_messages(&mut tx, &came.iter().map(|one| one.id).collect::<Vec<_>>()).await?;
    for message in came {
        let english = english.remove(&message.id);
        let files = files.remove(&message.id).unwrap_or_default();
        messages.push(Words { english, files, ..words_of(gateway, message).await });
    }
    let answers = answers::of_case(&mut tx, id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if visibility == Visibility::Restricted {
        note(gateway, vec![read_restricted(gateway, staff, "the case was read").case(id)]).await?;
    }
    Ok(Some(Opened { case, pupil, messages, answers }))
}

/// A pupil with the contact card, as this colleague may see it.
#[derive(Debug, Clone)]
pub struct Card {
    /// The pupil.
    pub pupil: Named,
    /// The carers with all that must be known before writing.
    pub carers: Vec<(CarerOf, Option<LinkFacts>)>,
}

/// A pupil's contact card (R08); `None` where there is no such pupil for this colleague.
pub async fn card(gateway: &Gateway, staff: StaffId, pupil: PupilId) -> Result<Option<Card>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let card = card_in(&mut tx, pupil).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(card)
}

async fn card_in(tx: &mut Tx, pupil: PupilId) -> Result<Option<Card>, FlowError> {
    let Some(named) = desk::pupil(tx, pupil).await? else { return Ok(None) };
    let mut links = facts::of_links(tx, &[pupil], None, Purpose::WeeklyUpdate).await?;
    let carers = desk::carers_of(tx, pupil).await?.into_iter().map(|carer| {
        let at = links.iter().position(|link| link.carer == carer.id);
        (carer, at.map(|at| links.swap_remove(at)))
    });
    Ok(Some(Card { pupil: named, carers: carers.collect() }))
}

/// How many contacts a family's page looks back over.
const CONTACTS: i64 = 10;

/// A pupil's family as this colleague may see it.
#[derive(Debug, Clone)]
pub struct Family {
    /// The pupil and the contact card.
    pub card: Card,
    /// The entries that were asked for.
    pub entries: Vec<Told>,
    /// The last contacts that were logged and that no correction has replaced.
    pub contacts: Vec<ContactRow>,
    /// How good news and concerns stand.
    pub balance: Balance,
    /// Colleagues' names by id, for who did what.
    pub names: std::collections::HashMap<String, String>,
}

/// A pupil's family with at most `limit` entries, of one carer where one is named, and the balance since an instant; `None`
/// where there is no such pupil for this colleague.
pub async fn family(
    gateway: &Gateway,
    staff: StaffId,
    (pupil, carer): (PupilId, Option<CarerId>),
    narrow: &Narrow,
    limit: i64,
    since: Timestamp,
) -> Result<Option<Family>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(card) = card_in(&mut tx, pupil).await? else { return Ok(None) };
    let entries = entries::list(&mut tx, Of::Pupil(pupil, carer), narrow, limit).await?;
    let balance = contacts::balance(&mut tx, pupil, since).await?;
    let mut logged = contacts::list(&mut tx, contacts::Of::Pupil(pupil), None, CONTACTS).await?;
    logged.retain(|contact| contact.corrected_by.is_none());
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if entries.iter().any(|entry| entry.restricted) {
        let mut entry = read_restricted(gateway, staff, "a chronology with restricted entries was read");
        entry.pupil = Some(pupil);
        note(gateway, vec![entry]).await?;
    }
    Ok(Some(Family { card, entries, contacts: logged, balance, names }))
}

/// A contact with what its page names.
#[derive(Debug, Clone)]
pub struct ContactRead {
    /// The contact.
    pub row: ContactRow,
    /// The pupil.
    pub pupil: Named,
    /// Colleagues' names by id, for who was there.
    pub names: std::collections::HashMap<String, String>,
}

/// A contact; `None` where there is none for this colleague. That a sensitive one was read is noted.
pub async fn contact(
    gateway: &Gateway,
    staff: StaffId,
    id: ContactId,
) -> Result<Option<ContactRead>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(row) = contacts::find(&mut tx, id).await? else { return Ok(None) };
    let Some(pupil) = desk::pupil(&mut tx, row.pupil).await? else { return Ok(None) };
    let names = desk::names(&mut tx).await?;
    let case = match row.case {
        Some(case) => contacts::case(&mut tx, case).await?.map(|(_, _, visibility)| (case, visibility)),
        None => None,
    };
    tx.commit().await.map_err(StoreError::from)?;
    let case = case.filter(|(_, visibility)| *visibility == Visibility::Restricted).map(|(case, _)| case);
    if row.sensitive || case.is_some() {
        let mut entry = read_restricted(gateway, staff, "a sensitive contact was read");
        (entry.pupil, entry.carer, entry.case) = (Some(row.pupil), row.carer, case);
        note(gateway, vec![entry]).await?;
    }
    Ok(Some(ContactRead { row, pupil, names }))
}

/// A question with the words it is about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The question.
    pub question: QuestionRow,
    /// What arrived; `None` where it could not be read.
    pub words: Option<Words>,
    /// Who it may be, of those this colleague may see.
    pub candidates: Vec<Person>,
    /// Whether nothing on record says who it may be.
    pub nobody_known: bool,
}

/// A question with the words it is about; `None` where there is none for this colleague.
pub async fn question(
    gateway: &Gateway,
    staff: StaffId,
    one: QuestionId,
) -> Result<Option<Asked>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(mut question) = desk::questions(&mut tx, WhichQuestions::One(one)).await?.pop() else {
        return Ok(None);
    };
    let words = match desk::messages(&mut tx, None, Some(question.received)).await?.pop() {
        Some(message) => {
            let mut files = attachments::of_messages(&mut tx, &[message.id]).await?;
            let files = files.remove(&message.id).unwrap_or_default();
            Some(Words { files, ..words_of(gateway, message).await })
        }
        None => None,
    };
    let nobody_known = question.candidates.is_empty();
    let candidates = persons(&mut tx, &mut question).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if question.visibility == Visibility::Restricted {
        let read =
            read_restricted(gateway, staff, "a restricted question was read").received(question.received);
        note(gateway, vec![read]).await?;
    }
    Ok(Some(Asked { question, words, candidates, nobody_known }))
}

async fn persons(tx: &mut Tx, question: &mut QuestionRow) -> Result<Vec<Person>, FlowError> {
    let mut persons = Vec::new();
    for candidate in std::mem::take(&mut question.candidates) {
        // One whom this colleague may not see is not named, here as anywhere.
        let Some(carer_name) = explain::carer_name(tx, candidate.carer).await? else { continue };
        let pupil_name = match candidate.pupil {
            Some(pupil) => explain::pupil_name(tx, pupil).await?,
            None => None,
        };
        if candidate.pupil.is_some() && pupil_name.is_none() {
            continue;
        }
        persons.push(Person {
            carer_name,
            pupil_name,
            carer: candidate.carer,
            pupil: candidate.pupil,
            evidence: candidate.evidence,
        });
    }
    Ok(persons)
}

pub(super) fn read_restricted(gateway: &Gateway, staff: StaffId, said: &str) -> Entry {
    Entry::now(gateway.now(), kind::READ_RESTRICTED, said)
        .by(&staff.to_string())
        .seen_by(Visibility::Restricted)
}

/// Notes that a colleague read of these restricted cases: an entry for each (R55).
pub async fn note_cases(
    gateway: &Gateway,
    staff: StaffId,
    cases: impl IntoIterator<Item = CaseId>,
    said: &str,
) -> Result<(), FlowError> {
    let entries = cases.into_iter().map(|case| read_restricted(gateway, staff, said).case(case));
    note(gateway, entries.collect()).await
}

/// Notes that a colleague read of the restricted cases to which these tasks belong.
pub async fn note_tasks(
    gateway: &Gateway,
    staff: StaffId,
    tasks: &[TaskId],
    said: &str,
) -> Result<(), FlowError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let cases = diverted::cases_of_tasks(&mut *gateway.store.acquire().await?, tasks).await?;
    note_cases(gateway, staff, cases, said).await
}

pub(super) async fn note(gateway: &Gateway, entries: Vec<Entry>) -> Result<(), FlowError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut tx = gateway.store.begin().await?;
    chronology::append(&mut tx, &entries).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// What the person wrote, read from the kept bytes; what cannot be read says so.
pub(super) async fn words_of(gateway: &Gateway, message: Message) -> Words {
    if message.form != RawForm::MAIL {
        let text = read_text(message.form, message.raw.expose());
        let (words, pictures) = text.map(|text| (text.body.into_inner(), text.media)).unwrap_or_default();
        return Words { pictures, ..Words::of(message, words) };
    }
    let (raw, hints, limits) =
        (message.raw.clone(), Hints { own: gateway.own.clone(), envelope_from: None }, gateway.reading);
    let Ok(reading) = tokio::task::spawn_blocking(move || read_within(raw.expose(), &hints, &limits)).await
    else {
        return Words::of(message, String::new());
    };
    let (reply, whole) = (reading.reply_text.into_inner(), reading.text.into_inner());
    if reply.trim().is_empty() {
        return Words::of(message, whole);
    }
    let shortened = reply.trim() != whole.trim();
    Words { whole: shortened.then_some(whole), ..Words::of(message, reply) }
}
