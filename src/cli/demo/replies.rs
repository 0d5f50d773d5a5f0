//! The demo's second half: what carers answer, and what becomes of it.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use uuid::Uuid;

use super::{super::cases as listing, Demo, deliver_all, people, say, table};
use crate::{
    cli::open,
    domain::time::{day_in_words, school_date},
    flows::{
        cases::{self, Listed, Reply},
        gateway::Gateway,
        play::put,
        questions, receive, seal,
    },
    store::{
        explain::{self, DeliveryView, Filter},
        readings::{self, ReceivedView, WhichReceived},
    },
};

/// What arrives, in this order: a file's name and its bytes, as they would lie in the school's mailbox.
const MAILS: [(&str, &str); 6] = [
    ("1-reply.eml", include_str!("../../../deploy/demo-school/arrives/1-reply.eml")),
    ("2-out-of-office.eml", include_str!("../../../deploy/demo-school/arrives/2-out-of-office.eml")),
    ("3-bounce.eml", include_str!("../../../deploy/demo-school/arrives/3-bounce.eml")),
    ("4-stranger.eml", include_str!("../../../deploy/demo-school/arrives/4-stranger.eml")),
    ("5-restricted.eml", include_str!("../../../deploy/demo-school/arrives/5-restricted.eml")),
    ("6-other-parent.eml", include_str!("../../../deploy/demo-school/arrives/6-other-parent.eml")),
];
/// A text from a phone that two carers share, and its number.
const TEXT: &str = include_str!("../../../deploy/demo-school/arrives/7-shared-phone.txt");
const SHARED_PHONE: &str = "+447700900140";

/// What each of them must come to: who wrote, the kind, and whether it is acknowledged.
const EXPECTED: [(&str, &str, bool); 7] = [
    ("laura.turner@family.example", "human", true),
    ("rachel.whitfield@family.example", "auto_reply", false),
    ("mailer-daemon@mx.family.example", "bounce", false),
    ("jt1988@elsewhere.example", "human", false),
    ("craig.dawson@family.example", "human", false),
    ("mark.turner@family.example", "human", false),
    (SHARED_PHONE, "human", false),
];

/// Plays it and tells it; `true` when everything is as it should be.
pub(super) async fn play(demo: &Demo) -> Result<bool> {
    let gateway = &demo.gateway;
    say("\nThe carers answer …\n");
    let sent = explain::deliveries(&mut *gateway.store.acquire().await?, &Filter::default()).await?;
    for (name, mail) in MAILS {
        put(&demo.folders.inbox, name, filled(mail, &sent, gateway)?.as_bytes())?;
    }
    for mut mailbox in open::mailboxes(&demo.settings, gateway)? {
        mailbox.read().await?;
    }
    demo.stand_ins.phones(demo.pages).text(SHARED_PHONE, TEXT.trim_end(), Uuid::now_v7(), "texts").await?;
    while receive::step(gateway).await? > 0 {}
    deliver_all(demo).await?;
    let (arrived, open) = (received(gateway).await?, cases::list(gateway, true, true).await?);
    say(&what_came(&arrived, &open));
    for (carer, route) in instead(gateway).await? {
        say(&format!("As the email to {carer} came back, the update went by {route} instead.\n"));
    }
    say(&asked(gateway).await?);
    let mut wrong = what_is_wrong(&arrived, &demo.folders.mail)?;
    wrong.extend(colleague_answers(gateway, &open).await?);
    deliver_all(demo).await?;
    while seal::seal(gateway).await? > 0 {}
    say(&format!("\nTHE CASES\n{}", listing::in_table(&cases::list(gateway, true, true).await?)));
    for problem in &wrong {
        say(&format!("NOT AS IT SHOULD BE: {problem}"));
    }
    Ok(wrong.is_empty())
}

/// A mail with what a committed file cannot know: today's date, and the Message-IDs of what was sent.
fn filled(mail: &str, sent: &[DeliveryView], gateway: &Gateway) -> Result<String> {
    let date = gateway.now().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let mut mail = mail.replace("{date}", &date).replace('\n', "\r\n");
    while let Some((before, rest)) = mail.split_once("{sent:") {
        let (carer, after) = rest.split_once('}').context("an open placeholder in a mail of the demo")?;
        let delivery = sent.iter().find(|d| d.carer == carer && d.route == "email");
        let delivery = delivery.with_context(|| format!("{carer} was sent no email"))?;
        mail = format!("{before}{}@northfield.example{after}", delivery.id.0.simple());
    }
    Ok(mail)
}

async fn received(gateway: &Gateway) -> Result<Vec<ReceivedView>> {
    let which = WhichReceived { restricted: true, ..WhichReceived::default() };
    Ok(readings::list(&mut *gateway.store.acquire().await?, which).await?)
}

fn what_came(arrived: &[ReceivedView], open: &[Listed]) -> String {
    let rows: Vec<Vec<String>> = arrived
        .iter()
        .map(|one| {
            let case = one.case.as_ref().and_then(|code| open.iter().find(|case| case.code == *code));
            let day = case.and_then(|case| case.due).map(|due| day_in_words(school_date(due)));
            let answered = one.answered.clone().unwrap_or_default();
            let answered = match day {
                Some(day) if answered == "acknowledged" => format!("acknowledged; names {day}"),
                Some(day) => format!("{answered}; on the clock until {day}"),
                None => answered,
            };
            let hidden = if one.visibility.as_deref() == Some("restricted") {
                " (the DSL alone sees this)"
            } else {
                ""
            };
            vec![
                one.sender.clone().unwrap_or_default(),
                one.kind.as_deref().unwrap_or("not yet read").replace('_', " "),
                format!("{}{hidden}", one.verdict.clone().unwrap_or_default()),
                answered,
            ]
        })
        .collect();
    table(&["from", "came", "what Liaison made of it", "answered"], &rows, 40)
}

/// Who was reached another way because of a bounce.
async fn instead(gateway: &Gateway) -> Result<Vec<(String, String)>> {
    let sent = explain::deliveries(&mut *gateway.store.acquire().await?, &Filter::default()).await?;
    let after = sent.into_iter().filter(|d| d.follows.is_some());
    Ok(after.map(|d| (d.carer, d.route)).collect())
}

async fn asked(gateway: &Gateway) -> Result<String> {
    let questions = questions::list(gateway, false, true).await?;
    let rows: Vec<Vec<String>> = questions
        .iter()
        .map(|question| {
            let people: Vec<_> = question
                .candidates
                .iter()
                .map(|person| format!("{}: {}", person.carer_name, person.evidence))
                .collect();
            vec![
                question.role.clone(),
                question.kind.replace('_', " "),
                question.sender.clone().unwrap_or_default(),
                if people.is_empty() { "nobody on record".to_owned() } else { people.join("\n") },
                day_in_words(question.due),
            ]
        })
        .collect();
    Ok(format!("ASKED OF A COLLEAGUE\n{}", table(&["who", "asks", "from", "perhaps", "by"], &rows, 44)))
}

/// The class teacher answers the first case; its clock must stop.
async fn colleague_answers(gateway: &Gateway, open: &[Listed]) -> Result<Vec<String>> {
    let Some(case) = open.iter().find(|case| case.carer == "Laura Turner") else {
        return Ok(vec!["Laura Turner's reply opened no case".to_owned()]);
    };
    let words = "A packed lunch and a coat. Yes, please send the inhaler with the form in the office.";
    let by = people::class_teacher(gateway).await?;
    let reply = Reply {
        words,
        promise: None,
        full_answer: false,
        sensitive: false,
        topic: None,
        by_text: None,
        by: &by,
    };
    let replied = cases::reply(gateway, &case.code, false, &reply).await?;
    say(&format!("\nMiss Barlow answers case {}: {}; the clock is stopped.", replied.case, replied.said));
    Ok(if replied.route == "email" && replied.clocks_stopped == 1 {
        Vec::new()
    } else {
        vec!["the reply did not go by email, or stopped no clock".to_owned()]
    })
}

/// Checks against what was dropped in and the files that left, not against what was told.
fn what_is_wrong(arrived: &[ReceivedView], mails: &Path) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (from, kind, acknowledged) in EXPECTED {
        let found: Vec<_> = arrived.iter().filter(|one| one.sender.as_deref() == Some(from)).collect();
        let [one] = found.as_slice() else {
            wrong.push(format!("{} message(s) from {from} are kept, not one", found.len()));
            continue;
        };
        let is_acknowledged = one.answered.as_deref() == Some("acknowledged");
        if one.kind.as_deref() != Some(kind) || is_acknowledged != acknowledged {
            wrong.push(format!("what came from {from} was not understood"));
        }
    }
    let mut automatic = 0;
    for file in fs::read_dir(mails)? {
        let mail = fs::read_to_string(file?.path())?;
        if mail.contains("Auto-Submitted: auto-replied") {
            automatic += 1;
            let to_her = mail.contains("laura.turner@family.example");
            if !to_her || mail.contains("Jack") || mail.contains("inhaler") {
                wrong.push("the acknowledgement says too much, or went elsewhere".to_owned());
            }
        }
    }
    if automatic != 1 {
        wrong.push(format!("{automatic} acknowledgement(s) left, not one"));
    }
    Ok(wrong)
}
