//! The gate: the only place from which a message can leave.
//!
//! It is asked at every attempt, for every route, with facts read in the same transaction that lets the message go.
//! It answers with a [`Permit`], a refusal, or "wait". Nothing else can make a [`Permit`] (its fields are private) and
//! nothing else makes an [`Outgoing`] (`clippy.toml` forbids the constructors elsewhere).

use std::collections::BTreeSet;

use liaison_channels::{
    address::{EmailAddress, PhoneNumber},
    message::{Letter, Mail, Manner, OurRef, Outgoing, ProviderRef, Text},
    private::Private,
    sender::{Carries, Limits, Lookup},
};

use super::{
    by_text::exceptions,
    ids::{AddressId, DeliveryId, NoticeId, ProbeId},
    lately::Lately,
    notice::{Notice, Recipient},
    people::{Format, Purpose, Route},
    policy::Policy,
    rights::{KnownAddress, LinkFacts, NoRight},
    route::{Channels, Fired, MessageFacts, Unusable, order, rights_seen, usable},
    tag::ReplyKey,
    time::{Timestamp, moment_in_full, school_date},
    topic::Topic,
    wording::{Language, Rendered, Sheet, Unsaid, Words, as_html, language_for, render, with_link},
};

/// What the gate is asked about: one attempt of one route to one carer.
#[derive(Debug)]
pub struct Ask<'a> {
    /// The route of this attempt.
    pub route: Route,
    /// Whether this route was the carer's own choice, and not what was left after another failed.
    pub first_choice: bool,
    /// The carer, the pupil and what stands between them, read now; `None`: they are not linked.
    pub link: Option<&'a LinkFacts>,
    /// What is to be said.
    pub message: &'a MessageFacts,
    /// What left lately; `None` where nothing leaves by this.
    pub lately: Option<&'a Lately>,
    /// What the channel can carry; `None` for a call or a letter.
    pub limits: Option<&'a Limits>,
    /// Which routes have a channel.
    pub channels: Channels,
}

/// The gate's leave for one attempt. It holds the address and the words, so neither can be swapped afterwards.
#[derive(Debug)]
pub struct Permit {
    address: AddressId,
    to: Private<String>,
    to_name: Private<String>,
    words: Words,
    language: String,
    manner: Manner,
    in_reply_to: Option<String>,
    thread: Vec<String>,
    /// The site on which newsletters are ended, for a newsletter.
    unsubscribe: Option<String>,
    fired: Vec<Fired>,
}

/// What the gate decided.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every decision is a permit, and none is kept")]
pub enum Decision {
    /// It may leave now.
    Permit(Permit),
    /// Not now: it stays queued, until this time if one is known.
    Wait(Option<Timestamp>, String, Vec<Fired>),
    /// This carer may not be told, by any route.
    NoRight(NoRight, Vec<Fired>),
    /// Not by this route; another may do.
    NotThisWay(Unusable, Vec<Fired>),
    /// Rehearsal: it would have been sent.
    Rehearsed(Vec<Fired>),
}

/// Decides one attempt, now.
pub fn decide(ask: &Ask<'_>, policy: &Policy, now: Timestamp) -> Decision {
    let mut fired = Vec::with_capacity(8);
    let Some(link) = ask.link else {
        fired.push(Fired::new("link", "stop", NoRight::NotLinked.sentence()));
        return Decision::NoRight(NoRight::NotLinked, fired);
    };
    if let Err(no) = ask.message.may_go(link, school_date(now)) {
        fired.push(Fired::new("rights", "stop", no.sentence()));
        return Decision::NoRight(no, fired);
    }
    fired.push(Fired::new("rights", "ok", rights_seen(link)));
    let address = match this_way(ask, link, &policy.never_by_text) {
        Ok(address) => address,
        Err(why) => {
            fired.push(Fired::new(ask.route.as_str(), "next route", why.sentence()));
            return Decision::NotThisWay(why, fired);
        }
    };
    fired.push(Fired::new(ask.route.as_str(), "ok", format!("an address of status {}", address.status)));
    fired.extend(exceptions(ask.route, ask.message, &policy.never_by_text));
    // A letter leaves by itself where a channel asks, which says what it can do; otherwise a colleague posts it.
    let sends = matches!(ask.route, Route::Email | Route::Text) || ask.limits.is_some();
    if sends && let Some((until, why)) = not_now(ask, address.id, policy, now) {
        fired.push(Fired::new("when", "wait", why.clone()));
        return Decision::Wait(until, why, fired);
    }
    let Rendered { words, language, by } = match in_words(ask, link, policy, &mut fired) {
        Ok(rendered) => rendered,
        Err(why) => {
            fired.push(Fired::new("wording", "next route", why.sentence()));
            return Decision::NotThisWay(why, fired);
        }
    };
    if let Err(why) = carries(ask, &words, &mut fired) {
        return Decision::NotThisWay(why, fired);
    }
    if !by.is_empty() {
        fired.push(Fired::new("wording", "version", by));
    }
    if sends && policy.rehearsal.as_ref().is_some_and(|listed| !listed.contains(&address.value)) {
        fired.push(Fired::new("rehearsal", "stop", "this address is not on the rehearsal list"));
        return Decision::Rehearsed(fired);
    }
    Decision::Permit(Permit {
        address: address.id,
        to: address.value.clone(),
        // Whoever is asked whether an address is theirs may be a stranger.
        to_name: if ask.message.asks_to_confirm() { Private::default() } else { link.carer_name.full() },
        words,
        language,
        manner: match ask.message.purpose {
            Purpose::WeeklyUpdate
            | Purpose::Newsletter
            | Purpose::Notice
            | Purpose::Report
            | Purpose::Urgent => Manner::Letter,
            Purpose::Acknowledgement => Manner::Automatic,
            Purpose::Reply => Manner::Reply,
        },
        in_reply_to: ask.message.answer().and_then(|answer| answer.in_reply_to.clone()),
        thread: ask.message.answer().map(|answer| answer.thread.clone()).unwrap_or_default(),
        unsubscribe: policy.carers_url.clone().filter(|_| ask.message.purpose == Purpose::Newsletter),
        fired,
    })
}

fn this_way<'a>(
    ask: &Ask<'_>,
    link: &'a LinkFacts,
    never: &BTreeSet<Topic>,
) -> Result<&'a KnownAddress, Unusable> {
    let address = usable(ask.route, link, ask.message, never, ask.channels)?;
    // The carer's wish may have changed since the message was queued: then what they want now goes first.
    if ask.first_choice {
        let better = order(link, ask.message).into_iter().take_while(|route| *route != ask.route);
        if better.into_iter().any(|route| usable(route, link, ask.message, never, ask.channels).is_ok()) {
            return Err(Unusable::PreferenceChanged);
        }
    }
    Ok(address)
}

fn not_now(
    ask: &Ask<'_>,
    address: AddressId,
    policy: &Policy,
    now: Timestamp,
) -> Option<(Option<Timestamp>, String)> {
    let most = policy.address_per_hour;
    if ask.message.purpose != Purpose::Urgent
        && let Some(until) = ask.lately.and_then(|lately| lately.until(address, most, now))
    {
        let until_when = moment_in_full(until, now);
        return Some((
            Some(until),
            format!("{most} messages went to this address within an hour; leaves {until_when}"),
        ));
    }
    let until = policy.wait(ask.message.purpose, now)?;
    let why =
        if policy.is_school_day(school_date(now)) { "outside the hours of sending" } else { "no school day" };
    Some((Some(until), format!("{why}; leaves {}", moment_in_full(until, now))))
}

/// The message in the carer's own language where that may be and the channel carries its letters; otherwise in English.
fn in_words(
    ask: &Ask<'_>,
    link: &LinkFacts,
    policy: &Policy,
    fired: &mut Vec<Fired>,
) -> Result<Rendered, Unusable> {
    let (language, seen) = language_for(ask.route, link, ask.message, policy);
    if language == Language::English {
        fired.extend(seen);
    } else {
        if let Ok(rendered) = render(ask.route, link, ask.message, policy, language)
            && carries(ask, &rendered.words, &mut Vec::new()).is_ok()
        {
            fired.extend(seen);
            return Ok(rendered);
        }
        let saw = format!("in English: as it stands in {} it cannot go this way", language.in_words());
        fired.push(Fired::new("language", "no", saw));
    }
    render(ask.route, link, ask.message, policy, Language::English).map_err(|unsaid| match unsaid {
        Unsaid::Missing(field) => Unusable::Missing(field),
        Unsaid::Broken => Unusable::Wording,
        Unsaid::TooLong => Unusable::LongByText,
    })
}

fn carries(ask: &Ask<'_>, words: &Words, fired: &mut Vec<Fired>) -> Result<(), Unusable> {
    let (body, full) = match words {
        Words::Text { body, full, .. } => (body, full),
        Words::Letter { sheet, .. } if ask.limits.is_some() => return printable(sheet, fired),
        _ => return Ok(()),
    };
    let said = if *full { "all of it" } else { "a notice that it is ready" };
    if let Some(alphabet) = ask.limits.and_then(|limits| limits.alphabet)
        && alphabet.holds(body.expose()).is_err()
    {
        fired.push(Fired::new("alphabet", "next route", Unusable::Alphabet.sentence()));
        return Err(Unusable::Alphabet);
    }
    fired.push(Fired::new("text is information only", "ok", said));
    Ok(())
}

/// Whether a letter reads the same when a provider prints it: in ordinary size, in the letters of European languages.
fn printable(sheet: &Sheet, fired: &mut Vec<Fired>) -> Result<(), Unusable> {
    let said = sheet.paragraphs.iter().map(|(_, said)| said).chain([&sheet.to]);
    let why = if sheet.large_print {
        Unusable::Format(Format::LargePrint)
    } else if said.into_iter().any(|said| !said.expose().chars().all(is_in_every_font)) {
        Unusable::Alphabet
    } else {
        return Ok(());
    };
    fired.push(Fired::new("printed elsewhere", "next route", why.sentence()));
    Err(why)
}

/// Latin letters with their marks, and the signs that people type. What other scripts a provider's printer has is not documented.
const fn is_in_every_font(c: char) -> bool {
    matches!(c, '\n' | ' '..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{203a}' | '€')
}

impl Permit {
    /// The address it goes to.
    pub const fn address(&self) -> AddressId {
        self.address
    }

    /// The words that will be sent, said or printed.
    pub const fn words(&self) -> &Words {
        &self.words
    }

    /// The address itself: for a colleague who does a call or a letter.
    pub const fn to(&self) -> &Private<String> {
        &self.to
    }

    /// The rules that let it pass, with what they saw.
    pub fn fired(&self) -> &[Fired] {
        &self.fired
    }

    /// The message for a channel; `None` for a call, or an address that no longer reads as one. One permit makes one message.
    #[expect(clippy::disallowed_methods, reason = "the gate is the one place that makes an outgoing message")]
    pub fn into_outgoing(self, delivery: DeliveryId, key: &ReplyKey) -> Option<Outgoing> {
        let reference = OurRef(delivery.0);
        match self.words {
            Words::Mail { subject, plain, html } => {
                let to = EmailAddress::parse(self.to.expose()).ok()?;
                let unsubscribe = self.unsubscribe.map(|site| key.newsletters_link(&site, delivery));
                // Also in the words: not every mail program shows a button for the header, and not every relay keeps it.
                let (plain, html) = match &unsubscribe {
                    Some(link) => with_link(&plain, &html, "No more newsletters from us", link),
                    None => (plain, html),
                };
                let mail = Mail {
                    to,
                    to_name: self.to_name,
                    subject,
                    plain,
                    html,
                    language: self.language,
                    manner: self.manner,
                    in_reply_to: self.in_reply_to,
                    thread: self.thread,
                    reply_tag: Some(key.tag(delivery)),
                    unsubscribe,
                };
                Some(Outgoing::mail(reference, mail))
            }
            Words::Text { body, .. } => {
                let to = PhoneNumber::parse(self.to.expose()).ok()?;
                Some(Outgoing::text(reference, Text { to, body }))
            }
            Words::Letter { sheet, .. } => {
                let words: Vec<&str> =
                    sheet.paragraphs.iter().map(|(_, said)| said.expose().as_str()).collect();
                let words = Private::new(words.join("\n\n"));
                Some(Outgoing::letter(reference, Letter { to: sheet.to, words }))
            }
            Words::Script(_) => None,
        }
    }
}

/// The gate's leave for one notice to one colleague. Its words are the gate's own.
#[derive(Debug)]
pub struct StaffPermit {
    to: EmailAddress,
    to_name: Private<String>,
    subject: String,
    plain: String,
    html: String,
}

/// What the gate decided of a notice.
#[derive(Debug)]
pub enum NoticeDecision {
    /// It may leave now.
    Permit(StaffPermit),
    /// Not before then.
    Wait(Timestamp),
    /// Not at all, and why.
    Drop(&'static str),
}

/// Decides one try of a notice to a colleague, from what is known of them now. Never anything of a carer or a pupil: a
/// notice has no words but its numbers. `made`: when it was.
pub fn decide_notice(
    to: &Recipient,
    notice: &Notice,
    made: Timestamp,
    policy: &Policy,
    now: Timestamp,
) -> NoticeDecision {
    if to.disabled {
        return NoticeDecision::Drop("their account is closed");
    }
    if to.post.is_none() && !notice.is_for(&to.roles) {
        return NoticeDecision::Drop("they no longer have the role it is for");
    }
    match (notice, to.post) {
        (Notice::Digest(digest), _) if digest.is_empty() => return NoticeDecision::Drop("nothing waits"),
        // It has its own hour, and says what waits on that day.
        (Notice::Digest(_), _) if school_date(made) == school_date(now) => {}
        (
            Notice::DslAlert(_)
            | Notice::SendingStopped
            | Notice::ChannelHeld
            | Notice::TextsStopped
            | Notice::MailSilent,
            _,
        ) => {}
        (Notice::Breach(_), Some(_)) => {
            if let Some(until) = policy.wait(Purpose::Notice, now) {
                return NoticeDecision::Wait(until);
            }
        }
        (Notice::Breach(_), None) if policy.wait(Purpose::Notice, now).is_none() => {}
        (Notice::Digest(_) | Notice::Breach(_), _) => return NoticeDecision::Drop("the next digest says it"),
    }
    if policy.rehearsal.as_ref().is_some_and(|listed| !listed.contains(&to.email)) {
        return NoticeDecision::Drop("a rehearsal: this address is not on its list");
    }
    let Ok(address) = EmailAddress::parse(to.email.expose()) else {
        return NoticeDecision::Drop("their address does not read as one");
    };
    let (subject, plain) = notice.words(to.post, policy, now);
    let html = as_html(&policy.school.name, &plain);
    NoticeDecision::Permit(StaffPermit { to: address, to_name: to.name.clone(), subject, plain, html })
}

impl StaffPermit {
    /// The message for the school's mail channel. One permit makes one message.
    #[expect(clippy::disallowed_methods, reason = "the gate is the one place that makes an outgoing message")]
    pub fn into_outgoing(self, notice: NoticeId) -> Outgoing {
        let mail = Mail {
            to: self.to,
            to_name: self.to_name,
            subject: Private::new(self.subject),
            plain: Private::new(self.plain),
            html: Private::new(self.html),
            language: "en-GB".to_owned(),
            manner: Manner::Automatic,
            in_reply_to: None,
            thread: Vec::new(),
            reply_tag: None,
            unsubscribe: None,
        };
        Outgoing::mail(OurRef(notice.0), mail)
    }
}

/// The gate's leave for one mail of Liaison's to itself: it says nothing of anybody, and goes to a mailbox that Liaison reads.
#[derive(Debug)]
pub struct ProbePermit(EmailAddress);

/// Decides about a probe to one of the school's own mailboxes. `None`: a rehearsal reaches only who is listed.
pub fn decide_probe(own: &EmailAddress, policy: &Policy) -> Option<ProbePermit> {
    let listed = policy.rehearsal.as_ref();
    let may = listed.is_none_or(|listed| listed.contains(&Private::new(own.expose().to_lowercase())));
    may.then(|| ProbePermit(own.clone()))
}

impl ProbePermit {
    /// The message for the school's mail channel. Its subject carries its id, for a relay may give it another Message-ID.
    #[expect(clippy::disallowed_methods, reason = "the gate is the one place that makes an outgoing message")]
    pub fn into_outgoing(self, probe: ProbeId, policy: &Policy) -> Outgoing {
        let plain = "Liaison sends this to itself each school day, to see that mail leaves and comes in. Nobody needs to do \
                     anything with it.\n";
        let mail = Mail {
            to: self.0,
            to_name: Private::default(),
            subject: Private::new(format!("Does mail come in? [Probe {}]", probe.0.simple())),
            plain: Private::new(plain.to_owned()),
            html: Private::new(as_html(&policy.school.name, plain)),
            language: "en-GB".to_owned(),
            manner: Manner::Automatic,
            in_reply_to: None,
            thread: Vec::new(),
            reply_tag: None,
            unsubscribe: None,
        };
        Outgoing::mail(OurRef(probe.0), mail)
    }
}

/// A question about a message that may have gone. It is shaped like the message, so that the provider's list can be
/// compared with it, but it can only be asked about, never sent.
#[derive(Debug)]
pub struct Question(Outgoing);

impl Question {
    /// About this delivery, as it was submitted to `to` by a channel that carries such messages, with the words of a text.
    /// `None` when the address no longer reads as one.
    #[expect(clippy::disallowed_methods, reason = "a question is asked about, never sent")]
    pub fn about(delivery: DeliveryId, carries: Carries, to: &str, text: Option<&str>) -> Option<Self> {
        let reference = OurRef(delivery.0);
        if carries == Carries::Letter {
            let letter = Letter { to: to.into(), words: Private::default() };
            return Some(Self(Outgoing::letter(reference, letter)));
        }
        Some(Self(if let Some(words) = text {
            Outgoing::text(reference, Text { to: PhoneNumber::parse(to).ok()?, body: Private::from(words) })
        } else {
            let none = Private::<String>::default;
            let to = EmailAddress::parse(to).ok()?;
            Outgoing::mail(
                reference,
                Mail {
                    to,
                    to_name: none(),
                    subject: none(),
                    plain: none(),
                    html: none(),
                    language: String::new(),
                    manner: Manner::Letter,
                    in_reply_to: None,
                    thread: Vec::new(),
                    reply_tag: None,
                    unsubscribe: None,
                },
            )
        }))
    }

    /// The look-up for a channel.
    pub const fn lookup<'a>(&'a self, since: Timestamp, known: &'a [ProviderRef]) -> Lookup<'a> {
        Lookup { reference: self.0.reference(), message: &self.0, since, known }
    }
}
