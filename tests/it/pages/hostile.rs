//! What no page of ours ever sends, sent all the same: to every deed there is, by whoever may open its page.

use std::collections::BTreeSet;

use axum::http::Request;
use liaison::{
    domain::staff::Role,
    flows::colleagues,
    web::{self, Who},
};

use super::{Answer, Browser, Staffed};
use crate::support::{
    furnished::Mood,
    html::{Form, doors, tokens},
    staffed::email_of,
    walk::{Walk, filled, may, served_by, walk},
};

/// Deeds after which nobody is signed in any more.
const ENDS: [&str; 3] = ["/sign-out", "/account/password", "/account/second-factor"];

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn encoded(fields: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The forms of a role, one of each deed, that leave it signed in.
fn deeds(walk: &Walk, role: Role) -> Vec<(&'static str, String, Form)> {
    let mut known = BTreeSet::new();
    let forms = walk.forms.iter().filter(|(who, _, _)| *who == Some(role));
    let forms = forms.filter_map(|(_, page, form)| {
        let (route, _) = served_by("POST", &form.action)?;
        let wanted = !form.file && route.who != Who::Anyone && !ENDS.contains(&route.path);
        (wanted && known.insert(route.path)).then(|| (route.path, page.clone(), form.clone()))
    });
    forms.collect()
}

/// What stands in addresses that the DSL follows and this role does not: other classes' and other families', and what is
/// restricted.
fn foreign(walk: &Walk, role: Role, place: &str) -> Vec<String> {
    let of = |role| {
        let known = walk.places.iter().filter(move |((who, name), _)| *who == Some(role) && *name == place);
        known.flat_map(|(_, values)| values.iter().cloned()).collect::<BTreeSet<_>>()
    };
    of(Role::Dsl).difference(&of(role)).cloned().collect()
}

fn own(walk: &Walk, role: Role, place: &str) -> Vec<String> {
    let known = walk.places.iter().find(|((who, name), _)| *who == Some(role) && *name == place);
    known.map(|(_, values)| values.iter().take(2).cloned().collect()).unwrap_or_default()
}

/// Every path of a route with something of another family in it.
fn foreign_paths(walk: &Walk, role: Role, path: &str) -> Vec<String> {
    let theirs = |place: &str| {
        // Whoever has the whole school sees every family; what is closed to them are cases.
        let closed = role == Role::Teacher || place == "{case}";
        let theirs = if closed { foreign(walk, role, place) } else { Vec::new() };
        if theirs.is_empty() { own(walk, role, place) } else { theirs }
    };
    let ours: BTreeSet<_> = filled(path, &|place| own(walk, role, place), 40).into_iter().collect();
    filled(path, &theirs, 40).into_iter().filter(|path| !ours.contains(path)).collect()
}

/// Whether an answer tells of Tia Birch of the other class, or of Eve, whose case is restricted.
fn tells(answer: &Answer, role: Role) -> bool {
    let secret: &[&str] = if role == Role::Teacher { &["Tia", "Birch", "Clara"] } else { &["come home"] };
    secret.iter().any(|word| answer.body.contains(word))
}

#[tokio::test]
async fn another_familys_ids_in_an_address_open_no_page_and_do_no_deed() {
    let school = Staffed::furnished(Mood::Plain).await;
    let walk = walk(&school).await;
    let before = school.digests().await;
    let (mut wrong, mut tried) = (Vec::new(), BTreeSet::new());

    for role in [Role::Teacher, Role::Office, Role::Slt] {
        let mut browser = school.as_role(role).await;
        let page = browser.get("/account").await;
        let key = page.hidden("/sign-out", "form_key");
        for route in web::routes().iter().filter(|route| route.path.contains('{') && may(route, Some(role))) {
            if route.path == "/{style}" {
                continue;
            }
            for path in foreign_paths(&walk, role, route.path) {
                tried.insert((role.as_str(), route.method, route.path));
                let answer = if route.method == "GET" {
                    browser.get(&path).await
                } else {
                    let form = walk.forms.iter().map(|(_, _, form)| form).find(|form| {
                        served_by("POST", &form.action).is_some_and(|(served, _)| served.path == route.path)
                    });
                    let mut fields = form.map(|form| form.filled("Words.")).unwrap_or_default();
                    fields.retain(|(name, _)| name != "form_key" && name != "once");
                    fields.push(("form_key".to_owned(), key.clone()));
                    fields.push(("once".to_owned(), uuid::Uuid::now_v7().to_string()));
                    browser.post(&path, &borrowed(&fields)).await
                };
                if answer.status != 404 || tells(&answer, role) {
                    wrong.push(format!("{role}: {} {path} gave {}", route.method, answer.status));
                }
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
    let teachers = web::routes().into_iter().filter(|route| {
        matches!(route.who, Who::Holders(roles) if roles.contains(&Role::Teacher)) && route.path.contains('{')
    });
    let untried: Vec<_> = teachers
        .map(|route| ("teacher", route.method, route.path))
        .filter(|route| !tried.contains(route))
        .collect();
    assert_eq!(untried, [], "give the other class what these show (support/furnished.rs)");
    assert_eq!(school.digests().await, before);
    school.close().await;
}

#[tokio::test]
async fn another_familys_ids_in_a_field_do_nothing() {
    let school = Staffed::furnished(Mood::Plain).await;
    let walk = walk(&school).await;
    let mut theirs = ["{pupil}", "{class}", "{task}", "{question}", "{case}"]
        .iter()
        .flat_map(|place| foreign(&walk, Role::Teacher, place))
        .collect::<Vec<_>>();
    theirs.extend(school.school.rows("select id::text from carer where contact_ref = 'C3'").await);
    theirs.extend(["C3", "P2"].map(str::to_owned));
    let before = school.digests().await;
    let (mut wrong, mut tried) = (Vec::new(), 0);

    let mut teacher = school.as_role(Role::Teacher).await;
    for (route, page, form) in deeds(&walk, Role::Teacher) {
        for field in
            form.fields.iter().filter(|field| names_somebody(&field.name, &field.value, &field.options))
        {
            for id in &theirs {
                let fresh = teacher.get(&page).await;
                let mut fields = form.filled("Words.");
                fields.retain(|(name, _)| {
                    !["form_key", "once"].contains(&name.as_str()) && *name != field.name
                });
                for mark in ["form_key", "once"] {
                    fields.push((mark.to_owned(), fresh.hidden(&form.action, mark)));
                }
                let rest =
                    field.value.split_once('/').map(|(_, rest)| format!("/{rest}")).unwrap_or_default();
                fields.push((field.name.clone(), format!("{id}{rest}")));
                let answer = teacher.post(&form.action, &borrowed(&fields)).await;
                tried += 1;
                if answer.status < 400 || answer.status >= 500 || tells(&answer, Role::Teacher) {
                    wrong.push(format!(
                        "{route}: {} = {id} gave {} {}",
                        field.name,
                        answer.status,
                        answer.to()
                    ));
                }
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
    assert!(tried >= 20, "only {tried} fields were tried");
    assert_eq!(school.digests().await, before);
    school.close().await;
}

/// Whether a field holds whose something is.
fn names_somebody(name: &str, value: &str, options: &[String]) -> bool {
    let id = |text: &str| text.split('/').next().is_some_and(|id| uuid::Uuid::parse_str(id).is_ok());
    !["form_key", "once"].contains(&name) && (id(value) || options.iter().any(|option| id(option)))
}

/// A request that sends a form in a way of its own.
async fn send(browser: &mut Browser, action: &str, from: Option<&str>, kind: &str, body: String) -> Answer {
    let mut request = Request::post(action).header("content-type", kind);
    if let Some(from) = from {
        request = request.header("sec-fetch-site", from);
    }
    browser.send(request, body).await
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn no_deed_is_done_by_a_form_that_is_forged_malformed_or_too_large() {
    let school = Staffed::furnished(Mood::Plain).await;
    let walk = walk(&school).await;
    let before = school.digests().await;
    let mut wrong = Vec::new();

    for role in Role::ALL {
        let (mut browser, mut other) = (school.as_role(*role).await, school.as_role(*role).await);
        let stolen = other.get("/account").await.hidden("/sign-out", "form_key");
        for (_, page, form) in deeds(&walk, *role) {
            let page = browser.get(&page).await;
            let mut good = form.filled("Words.");
            for (name, value) in &mut good {
                if ["form_key", "once"].contains(&name.as_str()) {
                    *value = page.hidden(&form.action, name);
                }
            }
            let but = |name: &str, value: Option<&str>| {
                let mut fields = good.clone();
                fields.retain(|(field, _)| field != name);
                fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
                encoded(&fields)
            };
            let json = format!("{{\"form_key\":\"{stolen}\"}}");
            let parts = format!(
                "--b\r\nContent-Disposition: form-data; name=\"form_key\"\r\n\r\n{stolen}\r\n--b--\r\n"
            );
            let many = format!("{}{}", "a=1&".repeat(3_000), encoded(&good));
            let large = format!("{}&more={}", encoded(&good), "a".repeat(300_000));
            let deep = format!("a{}=1&{}", "[b]".repeat(2_000), but("form_key", None));
            let ours = Some("same-origin");
            for (what, from, kind, body, expected) in [
                ("from nowhere", None, FORM, encoded(&good), 403),
                ("from another site", Some("cross-site"), FORM, encoded(&good), 403),
                ("from a neighbour", Some("same-site"), FORM, encoded(&good), 403),
                ("typed into the address", Some("none"), FORM, encoded(&good), 403),
                ("without its key", ours, FORM, but("form_key", None), 403),
                ("with another session's key", ours, FORM, but("form_key", Some(&stolen)), 403),
                ("without its number", ours, FORM, but("once", None), 403),
                ("with a number of no shape", ours, FORM, but("once", Some("1' or '1'='1")), 403),
                ("empty", ours, FORM, String::new(), 403),
                ("as JSON", ours, "application/json", json, 403),
                ("in parts", ours, "multipart/form-data; boundary=b", parts, 403),
                ("as no text", ours, FORM, "form_key=%FF%FE&%C0%80=%ED%A0%80".to_owned(), 403),
                ("of very many fields", ours, FORM, many, 413),
                ("too large", ours, FORM, large, 413),
                ("deeply named", ours, FORM, deep, 403),
            ] {
                let answer = send(&mut browser, &form.action, from, kind, body).await;
                if answer.status != expected || !answer.body.contains("<h1>") {
                    wrong.push(format!("{role}: {} {what} gave {}", form.action, answer.status));
                }
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(school.digests().await, before);
    school.close().await;
}

#[tokio::test]
async fn what_is_no_text_at_all_is_taken_as_text_or_refused_calmly() {
    let school = Staffed::furnished(Mood::Plain).await;
    let walk = walk(&school).await;
    let mut wrong = Vec::new();

    for role in Role::ALL {
        let mut browser = school.as_role(*role).await;
        for (_, page, form) in deeds(&walk, *role) {
            let page = browser.get(&page).await;
            if !page.body.contains(&format!("action=\"{}\"", form.action)) {
                continue;
            }
            let mut body = String::new();
            for (name, value) in form.filled("WORDS") {
                let value = match name.as_str() {
                    "form_key" | "once" => page.hidden(&form.action, &name),
                    _ if value == "WORDS" => "%FF%FE%C0%80%00%ED%A0%80%F4%90%80%80".to_owned(),
                    _ => value,
                };
                body.push_str(&format!("{name}={value}&"));
            }
            let answer = send(&mut browser, &form.action, Some("same-origin"), FORM, body).await;
            if !matches!(answer.status, 200 | 303 | 404 | 409 | 413 | 422) {
                wrong.push(format!("{role}: {} gave {}", form.action, answer.status));
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn every_deed_that_is_sent_again_after_it_was_done_does_nothing_and_answers_the_same() {
    let school = Staffed::furnished(Mood::Plain).await;
    let (mut wrong, mut done) = (Vec::new(), BTreeSet::new());
    for role in [Role::Teacher, Role::Office, Role::Dsl] {
        let mut browser = school.as_role(role).await;
        let mut walk = Walk::default();
        walk.as_one(Some(role), browser.clone()).await;
        for (route, page, _) in deeds(&walk, role) {
            if done.contains(route) {
                continue;
            }
            let page = browser.get(&page).await;
            let forms = tokens(&page.body).map(|tokens| doors(&tokens).forms).unwrap_or_default();
            let served =
                |form: &Form| served_by("POST", &form.action).is_some_and(|(served, _)| served.path == route);
            let Some(form) = forms.into_iter().find(served) else { continue };
            let fields = form.filled("Words.");
            let first = browser.post(&form.action, &borrowed(&fields)).await;
            if first.status != 303 {
                continue;
            }
            done.insert(route);
            let after = school.digests().await;
            let second = browser.post(&form.action, &borrowed(&fields)).await;
            let changed: Vec<_> =
                school.digests().await.into_iter().filter(|now| !after.contains(now)).collect();
            if (second.status, second.to()) != (303, first.to()) || !changed.is_empty() {
                wrong.push(format!("{role}: {route} again gave {} {changed:?}", second.status));
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
    assert!(done.len() > 12, "only these could be done: {done:?}");
    school.close().await;
}

#[tokio::test]
async fn a_deed_is_not_done_by_opening_its_address_nor_a_page_by_posting_to_it() {
    let school = Staffed::furnished(Mood::Plain).await;
    let walk = walk(&school).await;
    let before = school.digests().await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let mut wrong = Vec::new();

    let routes = web::routes();
    let both = |path: &str| routes.iter().filter(|route| route.path == path).count() > 1;
    for route in routes.iter().filter(|route| !both(route.path)) {
        for path in filled(route.path, &|place| own(&walk, Role::Dsl, place), 2) {
            let answer = match route.method {
                "GET" => dsl.post(&path, &[("a", "b")]).await,
                _ => dsl.get(&path).await,
            };
            if !matches!(answer.status, 403..=405) || !answer.body.contains("<h1>") {
                wrong.push(format!(
                    "{} {path} the other way gave {} {}",
                    route.method,
                    answer.status,
                    answer.body.len()
                ));
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(school.digests().await, before);
    school.close().await;
}

#[tokio::test]
async fn a_session_that_was_planted_before_sign_in_or_left_after_it_is_worth_nothing() {
    let school = Staffed::open().await;
    let office = email_of(Role::Office);
    let first = colleagues::reset(&school.school.gateway, office, false, "test").await.unwrap();
    let attackers = school.as_role(Role::It).await;
    let mut victim = attackers.clone();

    let entered = victim.post("/sign-in", &[("email", office), ("password", first.password.expose())]).await;
    let mut planted = attackers.clone();
    let mut left = victim.clone();
    let mut out = school.signed_in(office).await;
    let kept = out.clone();
    let page = out.get("/account").await;
    out.press(&page, "/sign-out", &[]).await;

    assert_eq!(entered.to(), "/");
    assert_ne!(victim.cookie, attackers.cookie, "a new session at every sign-in");
    assert!(
        planted.get("/account").await.body.contains(">it<"),
        "the planted session is still the attacker's own"
    );
    assert_eq!(kept.clone().get("/").await.to(), "/sign-in");
    assert_eq!(left.get("/").await.status, 200, "signing out one device leaves the other");
    let everywhere = left.get("/account").await;
    left.press(&everywhere, "/sign-out", &[("everywhere", "on")]).await;
    assert_eq!(victim.get("/").await.to(), "/sign-in");
    school.close().await;
}
