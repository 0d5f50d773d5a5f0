//! By which route a carer is told: their preference, and what each route can carry.

use std::collections::BTreeSet;

use liaison_channels::address::{EmailAddress, PhoneNumber};
use serde::{Deserialize, Serialize};

use super::{
    announcement::AudienceKind,
    by_text::{exceptions, not_by_text},
    ids::AddressId,
    people::{AddressKind, AddressStatus, Format, Purpose, Route},
    rights::{KnownAddress, LinkFacts, NoRight, may_be_sent},
    standard::{StandardFacts, StandardKind},
    statutory::Statutory,
    time::{Date, Timestamp, school_date},
    topic::Topic,
    translation::Translations,
    wording::Field,
};
use liaison_channels::private::Private;

/// The order for a carer who has not said.
pub const DEFAULT_ORDER: [Route; 4] = [Route::Email, Route::Text, Route::Call, Route::Letter];

/// What is to be said, apart from to whom.
#[derive(Debug, Clone)]
pub struct MessageFacts {
    /// What it is for.
    pub purpose: Purpose,
    /// A colleague's words; empty for an acknowledgement, which is made from the facts alone.
    pub words: Private<String>,
    /// Marked sensitive by whoever wrote it.
    pub sensitive: bool,
    /// What of a pupil it is about, where its writer said so.
    pub topic: Option<Topic>,
    /// Why the SLT lets it go by text all the same, where they do.
    pub text_because: Option<Private<String>>,
    /// The words in other languages, where somebody has made them.
    pub translations: Translations,
    /// What it is about.
    pub about: About,
}

/// What a message is about.
#[derive(Debug, Clone)]
pub enum About {
    /// A pupil's week, by its Monday.
    Week(Date),
    /// A carer's own message.
    Case(AnswerFacts),
    /// What is announced to many, the same for each.
    Announcement(AnnouncedFacts),
    /// What Liaison words itself.
    Standard(StandardFacts),
}

/// What an announcement needs to know besides its words.
#[derive(Debug, Clone)]
pub struct AnnouncedFacts {
    /// Its own title. It names no child.
    pub title: Private<String>,
    /// How large its audience is.
    pub to: AudienceKind,
    /// Why it is urgent, where it is.
    pub urgent_because: Option<Private<String>>,
    /// It was taken back since: whatever of it has not left does not leave.
    pub taken_back: bool,
}

/// What an answer in a case needs to know of what it answers.
#[derive(Debug, Clone)]
pub struct AnswerFacts {
    /// The case's code, as people are told it.
    pub code: String,
    /// The route by which the carer wrote.
    pub came_by: Route,
    /// The only address it may go to: an acknowledgement goes back to the one that wrote.
    pub only_to: Option<AddressId>,
    /// The day by which a person will answer; `None`: the calendar does not reach so far.
    pub due_day: Option<Date>,
    /// What the law asks besides, and by which day, where the message may be a request or complaint of that kind.
    pub law: Option<(Statutory, Date)>,
    /// Whether the school was on holiday when the message came.
    pub holiday: bool,
    /// When the answer was written, in school days.
    pub written: Date,
    /// The Message-ID it answers.
    pub in_reply_to: Option<String>,
    /// The thread it stands in, oldest first.
    pub thread: Vec<String>,
}

impl MessageFacts {
    /// A standard notice, whose words are made from the facts alone.
    pub fn notice(about: StandardFacts) -> Self {
        Self {
            purpose: Purpose::Notice,
            words: Private::default(),
            sensitive: false,
            topic: None,
            text_because: None,
            translations: Translations::default(),
            about: About::Standard(about),
        }
    }

    /// Whether this carer may be sent it for this pupil on this school day.
    pub fn may_go(&self, facts: &LinkFacts, today: Date) -> Result<(), NoRight> {
        match &self.about {
            About::Announcement(announced) if announced.taken_back => Err(NoRight::TakenBack),
            About::Standard(standard) if standard.over => Err(NoRight::Over),
            About::Week(_) | About::Case(_) | About::Announcement(_) | About::Standard(_) => {
                may_be_sent(self.purpose, facts, today)
            }
        }
    }

    /// What it answers, where it is an answer.
    pub const fn answer(&self) -> Option<&AnswerFacts> {
        match &self.about {
            About::Case(facts) => Some(facts),
            About::Week(_) | About::Announcement(_) | About::Standard(_) => None,
        }
    }

    /// Whether another route, which the carer prefers by now, may overtake the one it was queued by.
    pub const fn may_be_overtaken(&self) -> bool {
        matches!(self.about, About::Week(_) | About::Announcement(_))
    }

    /// The only address it may go to, where there is one.
    fn only_to(&self) -> Option<AddressId> {
        match &self.about {
            About::Case(answer) => answer.only_to,
            About::Standard(standard) => standard.only_to,
            About::Week(_) | About::Announcement(_) => None,
        }
    }

    /// Whether it asks at an address whether it is right.
    pub const fn asks_to_confirm(&self) -> bool {
        matches!(&self.about, About::Standard(standard) if matches!(standard.kind, StandardKind::ConfirmAddress))
    }
}

/// One rule that was asked, what it saw and what it said. Kept with every decision and printed by `explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// The rule's name.
    pub rule: String,
    /// `ok`, `stop`, `wait` or `next route`.
    pub verdict: String,
    /// What it saw, without names or addresses.
    pub saw: String,
}

impl Fired {
    pub(crate) fn new(rule: &str, verdict: &str, saw: impl Into<String>) -> Self {
        Self { rule: rule.to_owned(), verdict: verdict.to_owned(), saw: saw.into() }
    }
}

/// Why one route cannot carry a message to a carer; another route may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// No address of that kind.
    NoAddress,
    /// Every address of that kind failed before and waits to be checked.
    Failing,
    /// The carer opted out of it.
    Stopped,
    /// Whoever has the address has not yet said that it is theirs.
    Unconfirmed,
    /// The number is not a UK mobile.
    NotTextable,
    /// Sensitive words never go by text (R12).
    SensitiveByText,
    /// What is about this never goes by text (R12).
    TopicByText(Topic),
    /// The carer reads another language, and nobody has translated the words.
    Language,
    /// The carer signs; a phone call cannot reach them.
    Signs,
    /// A letter of the text route's alphabet that its channel cannot carry.
    Alphabet,
    /// The carer has moved this route down since the message was queued.
    PreferenceChanged,
    /// No channel of this kind is set up.
    NoChannel,
    /// The carer reads in a form that this route does not have.
    Format(Format),
    /// The words would name something that is not on record (R46).
    Missing(Field),
    /// The words cannot be made.
    Wording,
    /// The words in the carer's language do not go by text whole.
    LongByText,
}

impl Unusable {
    /// The word stored and counted.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoAddress => "no_address",
            Self::Failing => "address_failing",
            Self::Stopped => "opted_out",
            Self::Unconfirmed => "unconfirmed",
            Self::NotTextable => "not_a_mobile",
            Self::SensitiveByText => "sensitive_by_text",
            Self::TopicByText(_) => "topic_by_text",
            Self::Language => "language",
            Self::Signs => "signs",
            Self::Alphabet => "alphabet",
            Self::PreferenceChanged => "preference_changed",
            Self::NoChannel => "no_channel",
            Self::Format(_) => "format",
            Self::Missing(_) => "missing_value",
            Self::Wording => "wording",
            Self::LongByText => "long_by_text",
        }
    }

    /// The reason in plain words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoAddress => "no address for this route is known",
            Self::Failing => "the address failed before and is being checked",
            Self::Stopped => "the carer has opted out of this route",
            Self::Unconfirmed => "a new address, and whoever has it has not yet said that it is theirs",
            Self::NotTextable => "the number is not a UK mobile that may be texted",
            Self::SensitiveByText => "marked sensitive: never by text",
            Self::TopicByText(topic) => topic.never_by_text(),
            Self::Language => {
                "written in English, and this carer reads another language: have it translated, or speak with an interpreter"
            }
            Self::LongByText => "a translation goes by text whole or not at all",
            Self::Signs => "this carer signs and cannot be rung",
            Self::Alphabet => "the provider cannot carry one of the letters",
            Self::PreferenceChanged => "the carer now prefers another route",
            Self::NoChannel => "no channel is set up for this route",
            Self::Format(Format::Braille) => "this carer reads braille: ordinary writing does not reach them",
            Self::Format(Format::Audio) => "this carer is read to: ordinary writing does not reach them",
            Self::Format(Format::EasyRead) => "this carer reads easy read: ordinary words do not reach them",
            Self::Format(_) => "this carer reads in another form",
            Self::Missing(field) => field.missing(),
            Self::Wording => "the words cannot be made: look at Admin, Wording",
        }
    }
}

/// Which routes have a channel set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    /// An email channel is set up.
    pub email: bool,
    /// A text channel is set up.
    pub text: bool,
}

/// The address by which a route would reach this carer now, or why it cannot carry this message. Letters and calls
/// need no channel; every route needs an address.
pub fn usable<'a>(
    route: Route,
    facts: &'a LinkFacts,
    message: &MessageFacts,
    never_by_text: &BTreeSet<Topic>,
    channels: Channels,
) -> Result<&'a KnownAddress, Unusable> {
    let set_up = match route {
        Route::Email => channels.email,
        Route::Text => channels.text,
        Route::Call | Route::Letter => true,
    };
    if !set_up {
        return Err(Unusable::NoChannel);
    }
    if route == Route::Text
        && message.text_because.is_none()
        && let Some(why) = not_by_text(message, never_by_text)
    {
        return Err(why);
    }
    if route == Route::Call && facts.format == Format::Bsl {
        return Err(Unusable::Signs);
    }
    // An acknowledgement tells a date and a number to ring, which read in any language; silence tells nothing.
    let plain_enough =
        message.purpose == Purpose::Acknowledgement || matches!(message.about, About::Standard(_));
    let readable =
        || reads_english(&facts.language) || message.translations.for_reader(&facts.language).is_some();
    if route != Route::Call && !plain_enough && !readable() {
        return Err(Unusable::Language);
    }
    if route != Route::Call && !plain_enough && !reads_print(facts.format) {
        return Err(Unusable::Format(facts.format));
    }
    let address = best_address(route, &facts.addresses, message.only_to(), message.asks_to_confirm())?;
    if route == Route::Email && EmailAddress::parse(address.value.expose()).is_err() {
        return Err(Unusable::Failing);
    }
    if route == Route::Text {
        let number = PhoneNumber::parse(address.value.expose()).map_err(|_| Unusable::NotTextable)?;
        number.textable().map_err(|_| Unusable::NotTextable)?;
    }
    Ok(address)
}

fn best_address(
    route: Route,
    addresses: &[KnownAddress],
    only: Option<AddressId>,
    asks_to_confirm: bool,
) -> Result<&KnownAddress, Unusable> {
    let fits = |address: &&KnownAddress| {
        only.is_none_or(|only| only == address.id)
            && match route {
                Route::Email => address.kind == AddressKind::Email,
                Route::Text => address.kind == AddressKind::Mobile,
                Route::Call => matches!(address.kind, AddressKind::Mobile | AddressKind::Landline),
                Route::Letter => address.kind == AddressKind::Postal,
            }
    };
    let mut worst = Unusable::NoAddress;
    for address in addresses.iter().filter(fits) {
        match address.status {
            AddressStatus::Good => return Ok(address),
            // STOP to a text number is about texts: the person can still be rung.
            AddressStatus::Stopped if route == Route::Call => return Ok(address),
            AddressStatus::Unconfirmed if route == Route::Call || asks_to_confirm => return Ok(address),
            AddressStatus::Unconfirmed => worst = Unusable::Unconfirmed,
            AddressStatus::Stopped => worst = Unusable::Stopped,
            AddressStatus::Failing => worst = Unusable::Failing,
        }
    }
    Err(worst)
}

/// Whether ordinary writing, large where that is asked for, can be read.
pub const fn reads_print(format: Format) -> bool {
    !matches!(format, Format::Braille | Format::Audio | Format::EasyRead)
}

/// Whether a BCP 47 tag means English.
pub fn reads_english(tag: &str) -> bool {
    tag.split(['-', '_']).next().is_some_and(|language| language.eq_ignore_ascii_case("en"))
}

/// How a carer will be told, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// A message by this route.
    Send(Route),
    /// A colleague does it.
    Task(Route),
    /// Left out, rightly: the reason's word and sentence.
    LeftOut(&'static str, String),
    /// May be told, but no route works: somebody must find a way.
    NoWay,
}

/// Chooses the route for one carer: rights first, then the first usable route in the carer's order that is not in
/// `tried`. Returns the rules with what they saw.
pub fn choose(
    facts: &LinkFacts,
    message: &MessageFacts,
    never_by_text: &BTreeSet<Topic>,
    channels: Channels,
    tried: &[Route],
    now: Timestamp,
) -> (Plan, Vec<Fired>) {
    let mut fired = Vec::with_capacity(6);
    if let Err(no) = message.may_go(facts, school_date(now)) {
        fired.push(Fired::new("rights", "stop", no.sentence()));
        return (Plan::LeftOut(no.word(), no.sentence()), fired);
    }
    fired.push(Fired::new("rights", "ok", rights_seen(facts)));
    let order = order(facts, message);
    fired.push(Fired::new("preference", "ok", order_seen(facts, &order)));
    if message.purpose == Purpose::Newsletter && facts.preference.contains(&Route::Call) {
        fired.push(Fired::new(
            Route::Call.as_str(),
            "next route",
            "a newsletter is not read out on the phone while another route can carry it",
        ));
    }
    for route in order {
        if tried.contains(&route) {
            fired.push(Fired::new(route.as_str(), "next route", "was tried already"));
            continue;
        }
        match usable(route, facts, message, never_by_text, channels) {
            Ok(_) => {
                fired.push(Fired::new(route.as_str(), "ok", "the first route that can carry it"));
                fired.extend(exceptions(route, message, never_by_text));
                let plan = match route {
                    Route::Email | Route::Text => Plan::Send(route),
                    Route::Call | Route::Letter => Plan::Task(route),
                };
                return (plan, fired);
            }
            Err(why) => fired.push(Fired::new(route.as_str(), "next route", why.sentence())),
        }
    }
    (Plan::NoWay, fired)
}

/// The carer's order, completed: what they did not name comes after what they did. An answer goes by the route the carer
/// wrote by, if it can, unless they have said how they want to be answered; an acknowledgement by no other. A newsletter is
/// rung about only when nothing else is left.
pub fn order(facts: &LinkFacts, message: &MessageFacts) -> Vec<Route> {
    let came_by = message.answer().map(|answer| answer.came_by);
    if message.purpose == Purpose::Acknowledgement {
        return came_by.into_iter().collect();
    }
    let mut order: Vec<Route> = came_by.into_iter().filter(|_| !facts.own_wish).collect();
    for route in facts.preference.iter().chain(&DEFAULT_ORDER) {
        if !order.contains(route) {
            order.push(*route);
        }
    }
    if message.purpose == Purpose::Newsletter {
        order.retain(|route| *route != Route::Call);
        order.push(Route::Call);
    }
    order
}

pub(super) fn rights_seen(facts: &LinkFacts) -> String {
    let correspondence = if facts.receives_correspondence { "yes" } else { "no" };
    format!(
        "parental responsibility {}, correspondence {correspondence}, {} restriction(s) on record, none in force",
        facts.responsibility,
        facts.restrictions.len()
    )
}

fn order_seen(facts: &LinkFacts, order: &[Route]) -> String {
    let words: Vec<_> = order.iter().map(|route| route.as_str()).collect();
    let whose =
        if facts.preference.is_empty() { "not said; the school's order" } else { "the carer's order" };
    format!("{whose}: {}", words.join(", "))
}
