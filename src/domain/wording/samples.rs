//! Every message the school sends, about invented people: for a page that shows how each reads now. Made by the functions that
//! make what is sent.

use liaison_channels::private::Private;

use super::{Language, Words, render};
use crate::domain::{
    ids::{AddressId, CarerId, PupilId},
    people::{AddressKind, AddressStatus, Format, PersonName, Purpose, Responsibility, Route},
    policy::{Policy, TextUpdate},
    rights::{KnownAddress, LinkFacts},
    route::{About, AnswerFacts, MessageFacts},
    time::{Date, week_of},
    translation::Translations,
};

/// A message as it reads now.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What it is, such as `An acknowledgement in term`.
    pub name: &'static str,
    /// Its words.
    pub words: Words,
}

/// A sample of every message, by each way it goes; `today` is the school's date, `due` a day on which answers are due.
/// Where the settings lack what the words name, there is none.
pub fn samples(policy: &Policy, today: Date, due: Date) -> Vec<Sample> {
    let carer = carer();
    let update = MessageFacts {
        translations: Translations::default(),
        purpose: Purpose::WeeklyUpdate,
        words: "Robin has read aloud to the whole class, and was proud of it. On Friday we go to the library; a coat is enough."
            .to_owned()
            .into(),
        sensitive: false,
        topic: None,
        text_because: None,
        about: About::Week(week_of(today)),
    };
    let ack = |due_day, holiday| answer(Purpose::Acknowledgement, "", due_day, holiday, today);
    let reply = answer(Purpose::Reply, "Yes, the coat is on the peg by the door.", None, false, today);
    let promise = answer(Purpose::Reply, "We are asking the kitchen.", Some(due), false, today);
    // By text also as it would read if the school sent whole updates, and as it does where one does not fit.
    let notice = Policy { text_update: TextUpdate::Notice, ..policy.clone() };
    let of = |name, route, message: &MessageFacts, policy: &Policy| {
        let rendered = render(route, &carer, message, policy, Language::English).ok()?;
        Some(Sample { name, words: rendered.words })
    };
    let all = [
        of("Weekly update by email", Route::Email, &update, policy),
        of("Weekly update by text", Route::Text, &update, policy),
        of("Weekly update by text, where only the notice goes", Route::Text, &update, &notice),
        of("Weekly update by phone: what a colleague says", Route::Call, &update, policy),
        of("Weekly update by letter", Route::Letter, &update, policy),
        of("Acknowledgement by email, in term", Route::Email, &ack(Some(due), false), policy),
        of("Acknowledgement by email, in the holidays", Route::Email, &ack(Some(due), true), policy),
        of(
            "Acknowledgement by email, where the calendar does not reach",
            Route::Email,
            &ack(None, false),
            policy,
        ),
        of("Acknowledgement by text", Route::Text, &ack(Some(due), false), policy),
        of("A colleague's reply by email", Route::Email, &reply, policy),
        of("A reply that promises a full answer", Route::Email, &promise, policy),
        of("A colleague's reply by text", Route::Text, &reply, policy),
        of("A colleague's reply by letter", Route::Letter, &reply, policy),
    ];
    all.into_iter().flatten().collect()
}

fn answer(
    purpose: Purpose,
    words: &str,
    due_day: Option<Date>,
    holiday: bool,
    written: Date,
) -> MessageFacts {
    MessageFacts {
        translations: Translations::default(),
        purpose,
        words: words.to_owned().into(),
        sensitive: false,
        topic: None,
        text_because: None,
        about: About::Case(AnswerFacts {
            law: None,
            code: "7K2M9".to_owned(),
            came_by: Route::Email,
            only_to: None,
            due_day,
            holiday,
            written,
            in_reply_to: None,
            thread: Vec::new(),
        }),
    }
}

/// Nobody: an invented carer of an invented pupil.
fn carer() -> LinkFacts {
    let said = |text: &str| Private::new(text.to_owned());
    LinkFacts {
        pupil: PupilId::default(),
        pupil_called: said("Robin"),
        class: None,
        leaving_date: None,
        born: None,
        pupil_died: None,
        ends: None,
        adult_agreed: false,
        carer: CarerId::default(),
        carer_died: None,
        carer_name: PersonName { title: said("Ms"), forename: said("Alex"), surname: said("Example") },
        language: "en".to_owned(),
        format: Format::Standard,
        interpreter: None,
        best_times: None,
        responsibility: Responsibility::Yes,
        receives_correspondence: true,
        receives_reports: false,
        no_newsletters: false,
        restrictions: Vec::new(),
        addresses: vec![KnownAddress {
            id: AddressId::default(),
            kind: AddressKind::Postal,
            value: said("1 Example Street\nExampleton\nZZ1 1ZZ"),
            status: AddressStatus::Good,
        }],
        preference: Vec::new(),
        own_wish: false,
    }
}
