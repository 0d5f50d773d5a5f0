//! Forms that were forged, replayed, planted or blown up.

use axum::http::Request;
use liaison::domain::staff::Role;

use super::Staffed;

#[tokio::test]
async fn a_form_from_another_site_or_without_the_sessions_key_does_nothing() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut office = school.as_role(Role::Office).await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let action = format!("/cases/{case}/close");
    let page = office.get(&format!("/cases/{case}")).await;
    let theirs = dsl.get(&format!("/cases/{case}")).await;
    let fields = |key: &str| format!("form_key={key}&once={}&outcome=done", page.hidden(&action, "once"));
    let key = page.hidden(&action, "form_key");

    let cross = Request::post(&action).header("sec-fetch-site", "cross-site");
    let cross = office.send(cross, fields(&key)).await.status;
    let origin = Request::post(&action).header("origin", "https://evil.example");
    let origin = office.send(origin, fields(&key)).await.status;
    let silent = office.send(Request::post(&action), fields(&key)).await.status;
    let same = || Request::post(&action).header("sec-fetch-site", "same-origin");
    let none = office.send(same(), "outcome=done".to_owned()).await.status;
    let another = office.send(same(), fields(&theirs.hidden(&action, "form_key"))).await.status;

    assert_eq!([cross, origin, silent, none, another], [403; 5]);
    assert!(school.school.cases().await.iter().all(|case| case.state == "open"));
    school.close().await;
}

#[tokio::test]
async fn a_button_pressed_twice_does_it_once() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&format!("/cases/{case}")).await;
    let action = format!("/cases/{case}/reply");
    school.school.deliver().await;
    let before = school.school.mail.taken();

    let first = office.press(&page, &action, &[("words", "Yes, it is on his peg.")]).await;
    let second = office.press(&page, &action, &[("words", "Yes, it is on his peg.")]).await;
    school.school.deliver().await;

    assert_eq!((first.status, first.to()), (303, format!("/cases/{case}?done=replied").as_str()));
    assert_eq!(second.to(), first.to());
    assert_eq!(school.school.mail.taken(), before + 1);
    school.close().await;
}

#[tokio::test]
async fn a_key_of_one_form_is_worth_nothing_in_another_or_to_another_colleague() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let (mut office, mut slt) = (school.as_role(Role::Office).await, school.as_role(Role::Slt).await);
    let page = office.get(&format!("/cases/{case}")).await;
    let reply = format!("/cases/{case}/reply");
    let close = format!("/cases/{case}/close");
    let once = page.hidden(&reply, "once");
    office.press(&page, &reply, &[("words", "Yes.")]).await;

    let key = page.hidden(&close, "form_key");
    let other_form = office.post(&close, &[("form_key", &key), ("once", &once), ("outcome", "x")]).await;
    let theirs = slt.get(&format!("/cases/{case}")).await.hidden(&reply, "form_key");
    let other_colleague = slt.post(&reply, &[("form_key", &theirs), ("once", &once), ("words", "x")]).await;

    assert_eq!((other_form.status, other_colleague.status), (403, 403));
    school.close().await;
}

#[tokio::test]
async fn what_was_refused_can_be_mended_and_sent_again_with_the_words_still_there() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&format!("/cases/{case}")).await;
    let reply = format!("/cases/{case}/reply");

    let refused = office.press(&page, &reply, &[("words", "Yes & soon."), ("promise", "tomorrow")]).await;
    let sent = office.press(&refused, &reply, &[("words", "Yes & soon.")]).await;

    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("That is no day: choose one in the calendar."), "{}", refused.body);
    assert!(refused.body.contains(">Yes &#38; soon.</textarea>"), "{}", refused.body);
    assert_eq!(sent.status, 303);
    school.close().await;
}

#[tokio::test]
async fn an_oversized_form_is_refused_and_a_planted_cookie_is_replaced() {
    let school = Staffed::open().await;
    let mut browser = school.browser();
    let long = "a".repeat(600_000);

    let large = browser.post("/sign-in", &[("email", &long), ("password", "x")]).await.status;
    browser.cookie = Some("liaison=planted-by-somebody-else".to_owned());
    let planted = browser.get("/").await;

    assert_eq!(large, 413);
    assert_eq!(planted.to(), "/sign-in");
    school.close().await;
}

#[tokio::test]
async fn every_page_forbids_scripts_frames_and_keeping_a_copy() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;

    for path in ["/", "/cases", "/sign-in", "/no/such/page", "/families"] {
        let page = office.get(path).await;
        let header =
            |name: &str| page.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();

        assert!(header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(!header("content-security-policy").contains("script"), "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert!(!page.body.contains("<script") && !page.body.contains("style=\""), "{path}");
    }
    school.close().await;
}

#[tokio::test]
async fn an_address_full_of_nonsense_gets_a_calm_page() {
    let school = Staffed::open().await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let family = school.family_of("P1").await;
    let nonsense = [
        (format!("{family}?before=zzz&before=1&done=%00%ff"), 200),
        ("/cases?list=closed&list=open&done=<script>".to_owned(), 200),
        ("/cases/'%20or%201=1--".to_owned(), 404),
        ("/cases/../../etc/passwd".to_owned(), 404),
        ("/families/00000000-0000-0000-0000-000000000000".to_owned(), 404),
        ("/week/nothing".to_owned(), 404),
        ("/calls/nothing".to_owned(), 404),
        ("/questions/%E2%80%AE".to_owned(), 404),
    ];

    for (path, status) in nonsense {
        let path = path.replace('<', "%3C").replace('>', "%3E");
        let page = dsl.get(&path).await;

        assert_eq!(page.status, status, "{path}");
        assert!(page.body.contains("<h1>") && !page.body.contains("script"), "{path}: {}", page.body);
    }
    school.close().await;
}

#[tokio::test]
async fn what_was_typed_when_the_session_had_ended_is_shown_and_nothing_is_done() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut office = school.as_role(Role::Office).await;
    let (page, action) = (office.get(&format!("/cases/{case}")).await, format!("/cases/{case}/reply"));
    school.sql("delete from staff_session").await;
    let before = school.school.told("replied").await;

    let kept = office.press(&page, &action, &[("words", "Yes, <b>it</b> is on his peg in the hall.")]).await;
    let secret = office
        .press(&page, &action, &[("old", "lantern pickle orbit"), ("new", "orbit pickle lantern")])
        .await;
    let elsewhere = Request::post(&action).header("sec-fetch-site", "cross-site");
    let elsewhere = office.send(elsewhere, "words=Yes+it+is+on+his+peg+in+the+hall".to_owned()).await;

    assert_eq!(kept.status, 401);
    assert!(kept.body.contains("Yes, &#60;b&#62;it&#60;/b&#62; is on his peg in the hall."), "{}", kept.body);
    assert!(!kept.body.contains(&page.hidden(&action, "form_key")));
    assert_eq!((secret.status, secret.to()), (303, "/sign-in"));
    assert_eq!(elsewhere.status, 403);
    assert_eq!(school.school.told("replied").await, before);
    school.close().await;
}
