//! The words of an answer in a case. An acknowledgement names no pupil and repeats nothing of the message (R36); neither
//! does a subject line (T25).

use liaison_channels::{private::Private, text::tidy};

use super::{
    super::{
        calendar::carer_words,
        people::Purpose,
        policy::Policy,
        route::{AnswerFacts, MessageFacts},
        statutory::Statutory,
        time::day_in_full,
    },
    Words, whole_or_notice,
};

pub(super) fn auto_subject(school: &str, case: &AnswerFacts) -> String {
    format!("Auto: {school} has your message [Ref {}]", case.code)
}

pub(super) fn reply_subject(school: &str, case: &AnswerFacts) -> String {
    format!("Answer from {school} [Ref {}]", case.code)
}

/// That the message is here, and by when a person answers. Without a day where the calendar has none: a date is never
/// guessed.
pub(super) fn thanks(case: &AnswerFacts) -> String {
    let holiday = if case.holiday { "The school is on holiday at present. " } else { "" };
    let by = case.due_day.map(|day| format!(" {}", carer_words(day, case.written))).unwrap_or_default();
    let law = lawful(case);
    format!("Thank you for your message. We have it. {holiday}A person will answer you{by}.{law}")
}

/// What the law asks besides, where the message may be of that kind, after a space. Only "if": nobody has read it yet.
fn lawful(case: &AnswerFacts) -> String {
    let Some((law, day)) = case.law else { return String::new() };
    let by = day_in_full(day, case.written);
    match law {
        Statutory::SubjectAccess => format!(
            " If you ask for information that the school holds about somebody, the law gives us one month: you will have our \
             answer to that by {by}, holidays or not."
        ),
        Statutory::DataComplaint => format!(
            " If you complain about how the school uses personal information, a person will confirm that we have your complaint \
             by {by}, holidays or not."
        ),
    }
}

pub(super) fn acknowledgement_closing(policy: &Policy, case: &AnswerFacts) -> String {
    let more = policy.acknowledge.more_words.trim();
    let more = if more.is_empty() { String::new() } else { format!("{more}\n\n") };
    format!(
        "{more}{}\n\nThis answer was sent automatically. There is no need to answer it. Your reference is {}.",
        policy.acknowledge.urgent(&policy.school),
        case.code
    )
}

pub(super) fn reply_opening() -> String {
    String::new()
}

pub(super) fn reply_closing(answer: &str, policy: &Policy, case: &AnswerFacts) -> String {
    let until =
        case.due_day.map(|day| format!("We will write again {}.\n\n", carer_words(day, case.written)));
    format!(
        "{}{answer} the school office on {}. Your reference is {}.",
        until.unwrap_or_default(),
        policy.school.office_phone,
        case.code
    )
}

/// An answer by text: an acknowledgement in one part where the school's name lets it; a reply in full where it fits, else
/// the notice that there is one.
pub(super) fn text(message: &MessageFacts, case: &AnswerFacts, policy: &Policy) -> Words {
    let (school, phone) = (&policy.school.name, &policy.school.office_phone);
    if message.purpose == Purpose::Acknowledgement {
        let by = case
            .due_day
            .map(|day| format!(" by the end of {}", day.strftime("%a %-d %b")))
            .unwrap_or_default();
        let law = lawful(case);
        let body = format!(
            "{school} has your message. A person will answer{by}.{law} If it cannot wait, ring {phone}; if a child is in danger, 999."
        );
        return Words::Text { body: Private::new(tidy(&body).text), full: true, whole: None };
    }
    let notice = format!(
        "{school} has an answer to your message. Ring {phone} to hear it, or to ask for it by email."
    );
    // Text is for information (R12): where the school sends only notices by text, an answer is told of, not told.
    whole_or_notice(&format!("{school}: {}", message.words.expose().trim()), &notice, policy)
}
