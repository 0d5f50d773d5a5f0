//! What colleagues do in a day, from page to page: each journey with scripts on and with scripts off.

use jiff::SignedDuration;
use liaison::{
    domain::staff::Role,
    flows::{colleagues, drafts},
};

use crate::{
    chrome::{Chrome, Scripts, with_chrome},
    served::Served,
    support::staffed::{AMINA, email_of},
};

macro_rules! twice {
    ($($journey:ident),* $(,)?) => { $(
        mod $journey {
            #[tokio::test]
            async fn with_scripts() {
                super::travel(super::Scripts::On, super::$journey).await;
            }

            #[tokio::test]
            async fn without_scripts() {
                super::travel(super::Scripts::Off, super::$journey).await;
            }
        }
    )* };
}

twice! {
    a_teachers_friday,
    the_office_answers_a_reply,
    the_office_says_who_a_stranger_is,
    the_dsl_takes_a_case_and_the_teacher_sees_it_no_more,
    a_governors_audit,
}

async fn travel(scripts: Scripts, journey: impl AsyncFnOnce(&Chrome, &Served)) {
    let school = Served::open().await;
    with_chrome(&school, scripts, async |chrome| {
        chrome.resize(360, 1).await;
        journey(chrome, &school).await;
    })
    .await;
    school.close().await;
}

const OWN_PASSWORD: &str = "lantern pickle orbit";

/// By the form: with the first password, which must be changed, and then with one's own.
async fn sign_in(chrome: &Chrome, school: &Served, role: Role) {
    let email = email_of(role);
    let first = colleagues::reset(&school.staffed.school.gateway, email, false, "test").await.unwrap();
    chrome.go("/").await;
    assert_eq!(chrome.path().await, "/sign-in");
    for (password, lands) in [(first.password.expose().as_str(), "/account/password"), (OWN_PASSWORD, "/")] {
        chrome.fill("Your school email address", email).await;
        chrome.fill("Password", password).await;
        chrome.press("Sign in").await;
        assert_eq!(chrome.path().await, lands, "{}", chrome.text().await);
        if lands == "/account/password" {
            chrome.fill("The password you have now", password).await;
            chrome.fill("New password", OWN_PASSWORD).await;
            chrome.fill("New password, once more", OWN_PASSWORD).await;
            chrome.press("Change it").await;
            assert!(chrome.text().await.contains("Your password was changed."), "{}", chrome.text().await);
        }
    }
}

async fn expect(chrome: &Chrome, words: &str) {
    let text = chrome.text().await;
    assert!(text.contains(words), "no '{words}' on {}: {text}", chrome.path().await);
}

/// Writes, looks at what each carer gets, queues, takes it back, queues it again; it is sent when its time is over.
async fn a_teachers_friday(chrome: &Chrome, school: &Served) {
    let words = "Sam counted to a thousand & \"beyond\".";
    let inner = &school.staffed.school;
    sign_in(chrome, school, Role::Teacher).await;

    chrome.follow("My week").await;
    chrome.follow("Sam Ash").await;
    expect(chrome, "Boris Czerny, parent: must not be told").await;
    chrome.unfold("Why, and all of the contact card").await;
    expect(chrome, "Must not be told: an order forbids contact about this pupil.").await;
    chrome.fill("Your words", words).await;
    chrome.press("Save and see what each carer gets").await;
    expect(chrome, "What each carer gets: Sam Ash").await;
    expect(chrome, words).await;
    expect(chrome, "a colleague rings and says").await;
    chrome.press("Queue this one").await;
    expect(chrome, "Queued. It can be taken back until its time is over.").await;
    chrome.follow("Sam Ash").await;
    chrome.press("Take it back").await;
    expect(chrome, "Taken back. No message of it was made.").await;
    assert_eq!(chrome.holds("Your words").await, words);
    chrome.follow(" written").await;
    chrome.press("Queue what is ticked (1 ready)").await;

    inner.clock.forward(SignedDuration::from_mins(5));
    drafts::send_due(&inner.gateway).await.unwrap();
    inner.deliver().await;
    chrome.follow("My week").await;
    expect(chrome, "Sent. Told: 1, to ring or post: 1").await;
    let last = inner.mail.messages().into_iter().rfind(|mail| mail.to == AMINA).expect("a mail");
    assert!(last.data.contains("counted to a thousand"), "{}", last.data);
}

/// From the day's page by the inbox to the case; the reply goes out and its clock stops.
async fn the_office_answers_a_reply(chrome: &Chrome, school: &Served) {
    chrome.enter(school, Role::Office).await;

    chrome.follow("Inbox").await;
    chrome.follow("School (").await;
    chrome.follow("His coat").await;
    expect(chrome, "Has Sam got his coat?").await;
    chrome.fill("Your words", "It hangs on his peg.").await;
    chrome.press("Send the reply").await;
    expect(chrome, "Your reply is on its way.").await;
    school.staffed.school.deliver().await;
    chrome.go(&chrome.path().await).await;

    expect(chrome, "sent by email").await;
    expect(chrome, "Answered; no clock runs").await;
    chrome.unfold("Write a note for colleagues").await;
    chrome.fill("Your note (never sent)", "His name is in it now.").await;
    chrome.press("Keep the note").await;
    expect(chrome, "Your note is kept. It is never sent.").await;
    expect(chrome, "His name is in it now.").await;
    let mail =
        school.staffed.school.mail.messages().into_iter().rfind(|mail| mail.to == AMINA).expect("a mail");
    assert!(mail.data.contains("It hangs on his peg.") && !mail.data.contains("in it now"), "{}", mail.data);
}

/// A stranger turns out to be Sam's mother: she is looked up by name, and her case opens; her new address is kept.
async fn the_office_says_who_a_stranger_is(chrome: &Chrome, school: &Served) {
    chrome.enter(school, Role::Office).await;
    let before = school.staffed.school.mail.taken();

    chrome.follow("Who is this?").await;
    expect(chrome, "Nothing is said to anybody until you decide.").await;
    chrome.go(&format!("/questions/{}", school.staffed.school.question().await.id)).await;
    chrome.fill("Look up who it may be", "Nobody of that name").await;
    chrome.press("Look up").await;
    expect(chrome, "Nobody on record has that name.").await;
    chrome.fill("Look them up", "Amina").await;
    chrome.press("Look up").await;
    chrome.tick("Amina Ash").await;
    chrome.tick("I am sure: keep new@elsewhere.example").await;
    chrome.press("Record my decision").await;

    expect(chrome, "Your decision is recorded.").await;
    expect(chrome, "Amina Ash").await;
    assert!(chrome.path().await.starts_with("/cases/"));
    school.staffed.school.deliver().await;
    assert_eq!(school.staffed.school.mail.taken(), before, "nothing is sent by a decision");
}

/// One act; from then on the teacher finds no trace of it, whatever they try.
async fn the_dsl_takes_a_case_and_the_teacher_sees_it_no_more(chrome: &Chrome, school: &Served) {
    let code = school.staffed.case_of("Amina Ash").await;
    let family = school.staffed.family_of("P1").await;
    chrome.enter(school, Role::Teacher).await;
    chrome.go("/cases").await;
    expect(chrome, "Amina Ash").await;

    chrome.enter(school, Role::Dsl).await;
    chrome.follow("Inbox").await;
    chrome.follow("School (").await;
    chrome.follow("His coat").await;
    chrome.unfold("It is a safeguarding matter").await;
    chrome.fill("Why (only the safeguarding lead reads it)", "Says he sleeps in the car.").await;
    chrome.press("Pass it to the safeguarding lead").await;
    expect(chrome, "The case is with the safeguarding lead alone now.").await;
    chrome.follow("Safeguarding").await;
    expect(chrome, "Amina Ash").await;

    chrome.enter(school, Role::Teacher).await;
    for page in ["/", "/cases", "/cases?list=closed", "/calls", &family] {
        chrome.go(page).await;
        let text = chrome.text().await;
        for trace in [code.as_str(), "coat", "sleeps in the car"] {
            assert!(!text.contains(trace), "{trace} on {page}: {text}");
        }
    }
    chrome.go(&format!("/cases/{code}")).await;
    let guessed = chrome.text().await;
    chrome.go("/cases/ZZZZ-ZZZZ").await;
    assert!(guessed.contains("There is nothing here"), "{guessed}");
    assert_eq!(guessed, chrome.text().await, "as if it had never been");
}

/// Verifies the record, makes a pack, and finds it again under its own address; nobody's name is anywhere.
async fn a_governors_audit(chrome: &Chrome, school: &Served) {
    school.staffed.school.seal().await;
    chrome.enter(school, Role::Governor).await;

    chrome.follow("Audit").await;
    chrome.press("Verify the record now").await;
    expect(chrome, "every entry is as it was written").await;
    chrome.fill("How many cases and contacts to draw", "5").await;
    chrome.press("Make a pack").await;
    let pack = chrome.path().await;
    let made = chrome.text().await;
    chrome.follow("Audit").await;
    chrome.go(&pack).await;

    assert!(pack.starts_with("/audit/"), "{pack}");
    expect(chrome, "Made").await;
    for name in ["Amina", "Boris", "Clara", "Sam Ash", "Tia", "coat", "family.example", "come home"] {
        assert!(!made.contains(name), "{name}: {made}");
    }
    let entries = school
        .staffed
        .school
        .rows("select sentence from chronology_entry where kind in ('audited', 'verified')")
        .await;
    assert!(!entries.is_empty(), "that it was made is an entry");
}
