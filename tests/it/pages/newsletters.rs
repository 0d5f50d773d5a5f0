//! One press ends newsletters for the carer who got it, and nothing else; looking at the link does nothing.

use std::time::Duration;

use axum::http::Request;
use liaison::{
    domain::{
        announcement::{Audience, Written},
        people::Purpose,
        staff::Role,
    },
    flows::announcements as flow,
};

use super::{AMINA, Browser, CLARA, Staffed};
use crate::support::{school::received, staffed::email_of};

const SITE: &str = "https://liaison.northfield.example";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// This goes to every class, and leaves.
async fn goes_to_all(school: &Staffed, purpose: Purpose, title: &str) {
    let office = school.staff(email_of(Role::Office)).await.to_string();
    let gateway = &school.school.gateway;
    for class in ["Oak", "Rowan"] {
        let ids = school.school.rows(&format!("select id::text from class where name = '{class}'")).await;
        let to = Audience::Class(ids[0].parse().unwrap());
        let written = Written::read(purpose, title, "The choir sings on Thursday.", to).unwrap();
        let id = flow::write(gateway, &written, &office).await.unwrap();
        flow::queue(gateway, id, 1, &office).await.unwrap();
    }
    school.school.later(Duration::from_mins(5));
    flow::send_due(gateway).await.unwrap();
    school.school.deliver().await;
}

/// A header of a mail, its folded lines joined.
fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    mail.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The path of the link in the newest mail to this address.
fn link(school: &Staffed, to: &str) -> String {
    let mails = received(&school.school, to);
    let url = header(mails.last().expect("a mail"), "List-Unsubscribe").expect("a link");
    url.trim_matches(['<', '>']).strip_prefix(SITE).expect("the site of the settings").to_owned()
}

/// As a mail program presses it: from nowhere, with no cookie.
async fn press(browser: &mut Browser, path: &str) -> super::Answer {
    browser.send(Request::post(path), ONE_CLICK).await
}

#[tokio::test]
async fn a_newsletter_carries_the_link_and_nothing_else_does() {
    let school = Staffed::open().await;

    goes_to_all(&school, Purpose::Newsletter, "Autumn news").await;
    goes_to_all(&school, Purpose::Notice, "Closed on Friday").await;

    let mails = received(&school.school, AMINA);
    let linked: Vec<_> = mails.iter().filter(|mail| header(mail, "List-Unsubscribe").is_some()).collect();
    assert_eq!(linked.len(), 1);
    assert!(linked[0].contains("Autumn news"));
    assert_eq!(header(linked[0], "List-Unsubscribe-Post"), Some(ONE_CLICK));
    let body = linked[0].replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    let url = link_of(linked[0]).unwrap().trim_matches(['<', '>']);
    assert!(body.contains(&format!("No more newsletters from us: {url}")), "{body}");
    assert!(body.contains(&format!("<a href=\"{url}\">")), "{body}");
    assert_ne!(link_of(linked[0]), link_of(&received(&school.school, CLARA)[1]), "each carer's is their own");
    school.close().await;
}

fn link_of(mail: &str) -> Option<&str> {
    header(mail, "List-Unsubscribe")
}

#[tokio::test]
async fn looking_changes_nothing_and_one_press_ends_newsletters_for_that_carer_alone() {
    let school = Staffed::open().await;
    goes_to_all(&school, Purpose::Newsletter, "Autumn news").await;
    let path = link(&school, AMINA);
    let mut outside = school.browser();
    let before = school.digests().await;

    let looked = outside.get(&path).await;
    let unchanged = school.digests().await == before;
    let pressed = press(&mut outside, &path).await;
    let again = press(&mut outside, &path).await;
    goes_to_all(&school, Purpose::Newsletter, "Winter news").await;
    goes_to_all(&school, Purpose::Notice, "Closed on Friday").await;

    assert_eq!((looked.status, pressed.status, again.status), (200, 200, 200));
    assert!(unchanged, "scanners of mail follow links");
    assert!(looked.body.contains("Send me no more newsletters"), "{}", looked.body);
    assert!(pressed.body.contains("You will get no more newsletters"), "{}", pressed.body);
    assert!(!format!("{}{}", looked.body, pressed.body).contains("Amina"), "a forwarded link names nobody");
    let has =
        |address, words: &str| received(&school.school, address).iter().any(|mail| mail.contains(words));
    assert!(!has(AMINA, "Winter news") && has(CLARA, "Winter news"));
    assert!(has(AMINA, "Closed on Friday"), "notices go on");
    let told = school
        .school
        .rows(
            "select sentence from chronology_entry where sentence like '%newsletters any more%' order by id",
        )
        .await;
    assert_eq!(
        told,
        [
            "wants no newsletters any more: the link of one was pressed",
            "newsletter: left out, they want no newsletters any more"
        ],
        "once, however often it is pressed"
    );
    school.close().await;
}

#[tokio::test]
async fn a_made_up_link_or_the_mark_of_a_reply_ends_nothing() {
    let school = Staffed::open().await;
    goes_to_all(&school, Purpose::Newsletter, "Autumn news").await;
    let path = link(&school, AMINA);
    let letter = if path.ends_with('a') { 'b' } else { 'a' };
    let changed = format!("{}{letter}", &path[..path.len() - 1]);
    let id = school.school.rows("select id::text from delivery where purpose = 'newsletter' limit 1").await;
    let key = school.school.gateway.key.get().expect("used already");
    let reply = format!("/newsletters/{}", key.tag(id[0].parse().unwrap()));
    let mut outside = school.browser();
    let before = school.digests().await;

    for path in [changed.as_str(), reply.as_str(), "/newsletters/x", "/newsletters/%00", "/newsletters/"] {
        let (looked, pressed) = (outside.get(path).await, press(&mut outside, path).await);
        assert_eq!((looked.status, pressed.status), (404, 404), "{path}");
    }
    let large = outside.send(Request::post(&path), "x".repeat(5000)).await;

    assert_eq!(large.status, 200, "the body is not read, so its size does not matter");
    assert_ne!(school.digests().await, before, "pressed all the same");
    school.close().await;
}

#[tokio::test]
async fn the_office_records_the_wish_and_takes_it_back_on_the_carers_word() {
    let school = Staffed::open().await;
    let id = school.school.rows("select id::text from carer where contact_ref = 'C1'").await.remove(0);
    let (at, deed) = (format!("/carers/{id}"), format!("/carers/{id}/newsletters"));
    let mut office = school.as_role(Role::Office).await;

    let page = office.get(&at).await;
    let silent = office.press(&page, &deed, &[("newsletters", "end"), ("newsletters-word", " ")]).await;
    let page = office.get(&at).await;
    let fields = [("newsletters", "end"), ("newsletters-word", "hers, at the gate")];
    let ended = office.press(&page, &deed, &fields).await;
    let shown = office.get(&at).await;
    goes_to_all(&school, Purpose::Newsletter, "Autumn news").await;
    let fields = [("newsletters", "again"), ("newsletters-word", "hers, by phone")];
    let begun = office.press(&shown, &deed, &fields).await;
    goes_to_all(&school, Purpose::Newsletter, "Winter news").await;

    assert_eq!((silent.status, ended.status, begun.status), (422, 303, 303));
    assert!(shown.body.contains("Wants no newsletters, since"), "{}", shown.body);
    let hers = received(&school.school, AMINA);
    assert!(!hers.iter().any(|mail| mail.contains("Autumn news")), "none while they were ended");
    assert!(hers.iter().any(|mail| mail.contains("Winter news")), "and again since");
    let teacher = school.as_role(Role::Teacher).await.get(&at).await;
    assert!(!teacher.body.contains(&deed), "no form that is not theirs");
    school.close().await;
}
