//! What an entry of the chronology says, and the digest that makes a later change visible.

use liaison_channels::private::Private;
use ring::digest::{Context, SHA256};

use super::{
    delivery::Carried,
    ids::{AnnouncementId, CarerId, CaseId, DeliveryId, EntryId, PupilId, ReceivedId, TaskId, UpdateId},
    time::Timestamp,
};

/// 32 bytes of SHA-256.
pub type Digest = [u8; 32];

/// Who may see an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Whoever may see the pupil.
    Ordinary,
    /// The DSL only.
    Restricted,
}

impl Visibility {
    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Ordinary, Self::Restricted].into_iter().find(|visibility| visibility.as_str() == word)
    }

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Restricted => "restricted",
        }
    }
}

/// One event. It names people by id only: names are joined when it is shown, so that an erasure can remove them.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id, and its place: UUIDv7 order is the order of recording.
    pub id: EntryId,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it was written down. Later than `happened_at` when back-dated.
    pub recorded_at: Timestamp,
    /// Who did it: `daemon`, `operator`, `import`, or a colleague's id.
    pub actor: String,
    /// What kind of event: one of the words in [`kind`].
    pub kind: String,
    /// The carer it is about.
    pub carer: Option<CarerId>,
    /// The pupil it is about.
    pub pupil: Option<PupilId>,
    /// The update it is about.
    pub update: Option<UpdateId>,
    /// The delivery it is about.
    pub delivery: Option<DeliveryId>,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// The case it is about.
    pub case: Option<CaseId>,
    /// The message that arrived it is about.
    pub received: Option<ReceivedId>,
    /// The announcement it is about.
    pub announcement: Option<AnnouncementId>,
    /// Who may see it.
    pub visibility: Visibility,
    /// One neutral sentence without names, addresses or words of a message.
    pub sentence: String,
    /// The words that were sent, kept apart.
    pub body: Option<Body>,
}

/// Words kept beside an entry, under a salted digest.
#[derive(Debug, Clone)]
pub struct Body {
    /// 16 random bytes, so that the digest of a short text cannot be guessed back.
    pub salt: [u8; 16],
    /// The words.
    pub words: Private<String>,
}

impl Body {
    /// The digest that stands in the entry: SHA-256 of salt and words.
    pub fn digest(&self) -> Digest {
        body_digest(&self.salt, self.words.expose())
    }
}

/// SHA-256 of a salt and the words after it.
pub fn body_digest(salt: &[u8], words: &str) -> Digest {
    let mut hash = Context::new(&SHA256);
    hash.update(salt);
    hash.update(words.as_bytes());
    finish(hash)
}

/// The kinds of entry.
pub mod kind {
    /// A file of contact data was imported.
    pub const IMPORTED: &str = "imported";
    /// An import was put up for approval, or withdrawn.
    pub const IMPORT_PROPOSED: &str = "import_proposed";
    /// A restriction was recorded.
    pub const RESTRICTION_ADDED: &str = "restriction_added";
    /// A file would have loosened a restriction; it was kept.
    pub const RESTRICTION_KEPT: &str = "restriction_kept";
    /// A message was queued.
    pub const QUEUED: &str = "queued";
    /// A carer was left out, with the reason.
    pub const LEFT_OUT: &str = "left_out";
    /// A task was opened.
    pub const TASK_OPENED: &str = "task_opened";
    /// A task was closed or withdrawn.
    pub const TASK_CLOSED: &str = "task_closed";
    /// A message was taken by the mail server or the provider.
    pub const SUBMITTED: &str = "submitted";
    /// A message arrived.
    pub const DELIVERED: &str = "delivered";
    /// An attempt failed and will be repeated.
    pub const TRY_FAILED: &str = "try_failed";
    /// A message will not arrive by this route.
    pub const FAILED: &str = "failed";
    /// The gate refused a message.
    pub const REFUSED: &str = "refused";
    /// Nobody knows whether a message went.
    pub const IN_DOUBT: &str = "in_doubt";
    /// A message in doubt was cleared up.
    pub const DOUBT_RESOLVED: &str = "doubt_resolved";
    /// A message was cancelled, retried or released by a person.
    pub const OPERATOR: &str = "operator";
    /// An address was found bad or its owner opted out.
    pub const ADDRESS_FAILING: &str = "address_failing";
    /// A message arrived, and this is what was made of it and whether it was acknowledged.
    pub const RECEIVED: &str = "received";
    /// A case was opened, joined by a further message, or opened again.
    pub const CASE: &str = "case";
    /// A case was given to somebody, passed up, or closed.
    pub const CASE_MOVED: &str = "case_moved";
    /// A clock was started, met, moved or missed.
    pub const CLOCK: &str = "clock";
    /// A question for a person was opened or answered.
    pub const QUESTION: &str = "question";
    /// A colleague replied.
    pub const REPLIED: &str = "replied";
    /// A colleague's own note in a case.
    pub const NOTE: &str = "note";
    /// A colleague answered by phone, in person or otherwise.
    pub const ANSWERED_ELSEWHERE: &str = "answered_elsewhere";
    /// A case was passed to the DSL.
    pub const DIVERTED: &str = "diverted";
    /// A case was handed on to the Complaints Procedure, or something was done with it there.
    pub const COMPLAINT: &str = "complaint";
    /// Where a restricted case went on, or why it needs not to.
    pub const HAND_OFF: &str = "hand_off";
    /// A colleague rang, or tried to.
    pub const CALLED: &str = "called";
    /// A letter was posted.
    pub const POSTED: &str = "posted";
    /// A letter came back.
    pub const LETTER_RETURNED: &str = "letter_returned";
    /// A task went up to other colleagues.
    pub const TASK_MOVED: &str = "task_moved";
    /// A contact was written down.
    pub const CONTACT: &str = "contact";
    /// A contact that was written down was corrected.
    pub const CONTACT_CORRECTED: &str = "contact_corrected";
    /// A colleague recorded how a carer wants to be told.
    pub const PREFERENCE: &str = "preference";
    /// A colleague added, removed or cleared an address.
    pub const ADDRESS: &str = "address";
    /// A restriction was lifted.
    pub const RESTRICTION_LIFTED: &str = "restriction_lifted";
    /// The end of what links a carer and a pupil was recorded, moved back or taken away.
    pub const LINK_ENDS: &str = "link_ends";
    /// A death was recorded, or was recorded by mistake.
    pub const DIED: &str = "died";
    /// It was recorded that a pupil agrees that a carer is told after 18, or does so no longer.
    pub const ADULT_AGREED: &str = "adult_agreed";
    /// Somebody read what is restricted.
    pub const READ_RESTRICTED: &str = "read_restricted";
    /// A pack was made for an audit.
    pub const AUDITED: &str = "audited";
    /// The record was verified from a page.
    pub const VERIFIED: &str = "verified";
    /// Another calendar was adopted.
    pub const CALENDAR: &str = "calendar";
    /// The school's own words in messages were changed.
    pub const WORDING: &str = "wording";
    /// A notice or newsletter was written, sent for approval, approved or declined, queued, sent, or taken back.
    pub const ANNOUNCEMENT: &str = "announcement";
    /// The SLT let one item go by text, though what it is about never does; or that came to nothing.
    pub const TEXT_ALLOWED: &str = "text_allowed";
    /// A report was given, or a review held; or that was taken back.
    pub const MILESTONE: &str = "milestone";
    /// A colleague's words were put into a carer's language.
    pub const TRANSLATION: &str = "translation";
    /// A second person approved an update, or declined it.
    pub const APPROVAL: &str = "approval";
    /// A colleague was added, given other roles or classes, disabled, or let in anew.
    pub const COLLEAGUE: &str = "colleague";
}

/// What an entry's digest is computed over, borrowed from an [`Entry`] or from a stored row.
///
/// Fields are written as a one-byte tag, a length and the bytes, so that no two different entries give the same input.
pub struct Digested<'a> {
    /// [`Entry::id`].
    pub id: EntryId,
    /// [`Entry::happened_at`].
    pub happened_at: Timestamp,
    /// [`Entry::recorded_at`].
    pub recorded_at: Timestamp,
    /// [`Entry::actor`].
    pub actor: &'a str,
    /// [`Entry::kind`].
    pub kind: &'a str,
    /// Carer, pupil, update, delivery and task, in this order.
    pub subjects: [Option<uuid::Uuid>; 5],
    /// Case, received message and announcement: written only where there is one, so that entries from before they existed
    /// keep their digest.
    pub added: [Option<uuid::Uuid>; 3],
    /// [`Entry::visibility`] as its word.
    pub visibility: &'a str,
    /// [`Entry::sentence`].
    pub sentence: &'a str,
    /// [`Body::digest`], where there are words.
    pub body_digest: Option<&'a [u8]>,
}

impl Digested<'_> {
    /// The digest of the entry.
    pub fn digest(&self) -> Digest {
        let mut hash = Context::new(&SHA256);
        let mut field = |tag: u8, bytes: Option<&[u8]>| {
            hash.update(&[tag, u8::from(bytes.is_some())]);
            let bytes = bytes.unwrap_or_default();
            hash.update(&(bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        field(1, Some(self.id.0.as_bytes()));
        field(2, Some(&self.happened_at.as_microsecond().to_be_bytes()));
        field(3, Some(&self.recorded_at.as_microsecond().to_be_bytes()));
        field(4, Some(self.actor.as_bytes()));
        field(5, Some(self.kind.as_bytes()));
        for (tag, subject) in (6..).zip(&self.subjects) {
            field(tag, subject.as_ref().map(|id| id.as_bytes().as_slice()));
        }
        field(11, Some(self.visibility.as_bytes()));
        field(12, Some(self.sentence.as_bytes()));
        field(13, self.body_digest);
        for (tag, subject) in (14..).zip(&self.added) {
            if let Some(id) = subject {
                field(tag, Some(id.as_bytes()));
            }
        }
        finish(hash)
    }
}

impl Entry {
    /// An event that happened and is written down now, by the daemon itself, about nobody yet.
    pub fn now(at: Timestamp, kind: &str, sentence: impl Into<String>) -> Self {
        Self {
            id: EntryId::new(),
            happened_at: at,
            recorded_at: at,
            actor: "daemon".to_owned(),
            kind: kind.to_owned(),
            carer: None,
            pupil: None,
            update: None,
            delivery: None,
            task: None,
            case: None,
            received: None,
            announcement: None,
            visibility: Visibility::Ordinary,
            sentence: sentence.into(),
            body: None,
        }
    }

    /// The same, done by this actor.
    #[must_use]
    pub fn by(mut self, actor: &str) -> Self {
        actor.clone_into(&mut self.actor);
        self
    }

    /// The same, about this carer and pupil.
    #[must_use]
    pub const fn about(mut self, carer: CarerId, pupil: PupilId) -> Self {
        self.carer = Some(carer);
        self.pupil = Some(pupil);
        self
    }

    /// The same, about this carer, and about a pupil where one is known.
    #[must_use]
    pub const fn about_carer(mut self, carer: CarerId, pupil: Option<PupilId>) -> Self {
        self.carer = Some(carer);
        self.pupil = pupil;
        self
    }

    /// The same, about what a delivery carries.
    #[must_use]
    pub const fn carrying(mut self, carried: Carried) -> Self {
        self.update = carried.update();
        self.announcement = carried.announcement();
        self
    }

    /// The same, about what a task carries, where it carries anything.
    #[must_use]
    pub const fn carrying_any(self, carried: Option<Carried>) -> Self {
        match carried {
            Some(carried) => self.carrying(carried),
            None => self,
        }
    }

    /// The same, about this announcement.
    #[must_use]
    pub const fn announcement(mut self, announcement: AnnouncementId) -> Self {
        self.announcement = Some(announcement);
        self
    }

    /// The same, about this case.
    #[must_use]
    pub const fn case(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }

    /// The same, about this message that arrived.
    #[must_use]
    pub const fn received(mut self, received: ReceivedId) -> Self {
        self.received = Some(received);
        self
    }

    /// The same, for these eyes.
    #[must_use]
    pub const fn seen_by(mut self, visibility: Visibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// The same, about this delivery.
    #[must_use]
    pub const fn delivery(mut self, delivery: DeliveryId) -> Self {
        self.delivery = Some(delivery);
        self
    }

    /// The same, about this task.
    #[must_use]
    pub const fn task(mut self, task: TaskId) -> Self {
        self.task = Some(task);
        self
    }

    /// The same, with the words that were sent.
    #[must_use]
    pub fn words(mut self, salt: [u8; 16], words: Private<String>) -> Self {
        self.body = Some(Body { salt, words });
        self
    }

    /// The digest, given the digest of its body.
    pub fn digest(&self, body_digest: Option<&Digest>) -> Digest {
        Digested {
            id: self.id,
            happened_at: self.happened_at,
            recorded_at: self.recorded_at,
            actor: &self.actor,
            kind: &self.kind,
            subjects: [
                self.carer.map(|id| id.0),
                self.pupil.map(|id| id.0),
                self.update.map(|id| id.0),
                self.delivery.map(|id| id.0),
                self.task.map(|id| id.0),
            ],
            added: [self.case.map(|id| id.0), self.received.map(|id| id.0), self.announcement.map(|id| id.0)],
            visibility: self.visibility.as_str(),
            sentence: &self.sentence,
            body_digest: body_digest.map(<[u8; 32]>::as_slice),
        }
        .digest()
    }
}

/// The 32 bytes of a finished SHA-256.
pub(super) fn finish(hash: Context) -> Digest {
    let mut out = [0; 32];
    out.copy_from_slice(hash.finish().as_ref());
    out
}
