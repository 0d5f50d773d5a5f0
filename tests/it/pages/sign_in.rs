//! Who comes in, and what ends it.

use jiff::SignedDuration;
use liaison::{
    domain::staff::{Role, totp_code, totp_step},
    flows::colleagues,
};

use super::{Browser, Staffed};

const OFFICE: &str = "office@northfield.example";
const NEW: &str = "lantern pickle orbit";

async fn enter(browser: &mut Browser, email: &str, password: &str) -> super::Answer {
    browser.post("/sign-in", &[("email", email), ("password", password)]).await
}

/// Resets the colleague, and gives them a password of their own.
async fn with_own_password(school: &Staffed, email: &str) -> Browser {
    let first = colleagues::reset(&school.school.gateway, email, false, "test").await.unwrap();
    let mut browser = school.browser();
    enter(&mut browser, email, first.password.expose()).await;
    let page = browser.get("/account/password").await;
    let fields = [("old", first.password.expose().as_str()), ("new", NEW), ("again", NEW)];
    assert_eq!(browser.press(&page, "/account/password", &fields).await.to(), "/sign-in?done=password");
    assert_eq!(enter(&mut browser, email, NEW).await.to(), "/");
    browser
}

#[tokio::test]
async fn nobody_comes_in_without_the_right_password_and_no_answer_tells_who_has_an_account() {
    let school = Staffed::open().await;
    let mut browser = school.browser();

    let closed = browser.get("/cases").await;
    let wrong = enter(&mut browser, OFFICE, "not the password at all").await;
    let unknown = enter(&mut browser, "nobody@northfield.example", "not the password at all").await;

    assert_eq!((closed.status, closed.to()), (303, "/sign-in"));
    assert_eq!((wrong.status, unknown.status), (422, 422));
    assert_eq!(wrong.body.replace(OFFICE, ""), unknown.body.replace("nobody@northfield.example", ""));
    assert!(browser.cookie.is_none());
    school.close().await;
}

#[tokio::test]
async fn a_colleagues_id_is_no_address_to_sign_in_with() {
    let school = Staffed::open().await;
    let first = colleagues::reset(&school.school.gateway, OFFICE, false, "test").await.unwrap();
    let id = school.staff(OFFICE).await.to_string();

    let by_id = enter(&mut school.browser(), &id, first.password.expose()).await;
    let by_address = enter(&mut school.browser(), &format!(" {OFFICE} "), first.password.expose()).await;

    assert_eq!((by_id.status, by_address.status), (422, 303));
    school.close().await;
}

#[tokio::test]
async fn a_first_password_lets_in_only_to_choose_another() {
    let school = Staffed::open().await;
    let first = colleagues::reset(&school.school.gateway, OFFICE, false, "test").await.unwrap();
    let mut browser = school.browser();

    let entered = enter(&mut browser, &OFFICE.to_uppercase(), first.password.expose()).await;
    let elsewhere = browser.get("/cases").await;
    let page = browser.get("/account/password").await;
    let old = first.password.expose().as_str();
    let weak = browser
        .press(&page, "/account/password", &[("old", old), ("new", "short"), ("again", "short")])
        .await;
    let differ =
        browser.press(&weak, "/account/password", &[("old", old), ("new", NEW), ("again", "other")]).await;
    let changed =
        browser.press(&differ, "/account/password", &[("old", old), ("new", NEW), ("again", NEW)]).await;
    let after = browser.get("/").await;
    let again = enter(&mut browser, OFFICE, old).await.status;

    assert_eq!(entered.to(), "/");
    let set = entered.headers.get("set-cookie").unwrap().to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"), "{set}");
    assert_eq!(elsewhere.to(), "/account/password");
    assert_eq!((weak.status, differ.status, changed.status), (422, 422, 303));
    assert_eq!(after.to(), "/sign-in", "changing the password ends every session");
    assert_eq!(again, 422, "the first password is worth nothing now");
    assert_eq!(enter(&mut browser, OFFICE, NEW).await.to(), "/");
    assert_eq!(browser.get("/cases").await.status, 200);
    school.close().await;
}

#[tokio::test]
async fn a_session_ends_at_once_when_the_colleague_is_disabled_or_given_another_role() {
    let school = Staffed::open().await;
    let gateway = &school.school.gateway;

    let mut browser = school.signed_in(OFFICE).await;
    let before = browser.get("/cases").await.status;
    colleagues::set_roles(gateway, OFFICE, &[Role::It], "test").await.unwrap();
    let other_role = browser.get("/cases").await;
    let mut browser = school.signed_in(OFFICE).await;
    let as_it = browser.get("/cases").await.status;
    colleagues::disable(gateway, OFFICE, "test").await.unwrap();
    let disabled = browser.get("/").await;

    assert_eq!(before, 200);
    assert_eq!(other_role.to(), "/sign-in");
    assert_eq!(as_it, 403);
    assert_eq!(disabled.to(), "/sign-in");
    school.close().await;
}

#[tokio::test]
async fn a_session_left_alone_ends_and_so_does_one_that_is_signed_out_everywhere() {
    let school = Staffed::open().await;
    let (mut here, mut there) = (school.signed_in(OFFICE).await, school.signed_in(OFFICE).await);

    let page = here.get("/account").await;
    let out = here.press(&page, "/sign-out", &[("everywhere", "on")]).await;
    let elsewhere = there.get("/").await;
    let mut idle = school.signed_in(OFFICE).await;
    school.school.clock.forward(SignedDuration::from_mins(59));
    let still = idle.get("/").await.status;
    school.school.clock.forward(SignedDuration::from_mins(61));
    let ended = idle.get("/").await;

    assert_eq!(out.to(), "/sign-in?done=out");
    assert_eq!(elsewhere.to(), "/sign-in");
    assert_eq!(still, 200);
    assert_eq!(ended.to(), "/sign-in");
    school.close().await;
}

#[tokio::test]
async fn guessing_is_slowed_down_for_that_account_alone() {
    let school = Staffed::open().await;
    let mut browser = school.browser();

    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(enter(&mut browser, OFFICE, "a wrong guess here").await.status);
    }
    let other = enter(&mut browser, "slt@northfield.example", "a wrong guess here").await.status;

    assert_eq!(statuses, [422, 422, 422, 422, 422, 422, 422, 422, 429, 429]);
    assert_eq!(other, 422);
    school.close().await;
}

/// The secret as the page shows it, decoded.
fn secret(page: &str) -> Vec<u8> {
    let (_, rest) = page.split_once("class=\"key\">").unwrap();
    let letters = rest.split('<').next().unwrap().replace(' ', "");
    let (mut out, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in letters.bytes() {
        let value = if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((held >> bits) & 255).unwrap());
        }
    }
    out
}

#[tokio::test]
async fn a_second_factor_is_asked_for_once_it_is_set_up_and_each_code_is_good_once() {
    let school = Staffed::open().await;
    let mut browser = with_own_password(&school, OFFICE).await;
    let page = browser.get("/account/second-factor").await;
    let secret = secret(&page.body);
    let picture = page.body.contains("<svg class=\"qr\" role=\"img\" aria-label=\"");
    let code = |school: &Staffed| totp_code(&secret, totp_step(school.school.gateway.now()));

    let set_up = browser.press(&page, "/account/second-factor", &[("code", &code(&school))]).await;
    let recovery = set_up.body.split("<li><code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let goes_on = browser.get("/cases").await.status;
    let mut other = school.browser();
    enter(&mut other, OFFICE, NEW).await;
    let asked = other.get("/cases").await;
    let page = other.get("/sign-in/code").await;
    let spent = other.press(&page, "/sign-in/code", &[("code", &code(&school))]).await;
    let by_recovery = other.press(&spent, "/sign-in/code", &[("code", &recovery)]).await;
    let came_in = other.get("/cases").await.status;
    let mut third = school.browser();
    enter(&mut third, OFFICE, NEW).await;
    let page = third.get("/sign-in/code").await;
    let spent_recovery = third.press(&page, "/sign-in/code", &[("code", &recovery)]).await.status;
    school.school.clock.forward(SignedDuration::from_secs(60));
    let next = third.press(&page, "/sign-in/code", &[("code", &code(&school))]).await;

    assert!(picture, "the key is there as a picture too");
    assert!(!set_up.body.contains("<svg"), "the secret is shown no more");
    assert_eq!((set_up.status, goes_on), (200, 200));
    assert_eq!(asked.to(), "/sign-in/code");
    assert_eq!(spent.status, 422, "the code that set it up is spent");
    assert_eq!((by_recovery.status, came_in), (303, 200));
    assert_eq!(spent_recovery, 422);
    assert_eq!(next.to(), "/");
    school.close().await;
}
