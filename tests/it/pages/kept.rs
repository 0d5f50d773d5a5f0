//! What was typed is kept, whatever becomes of the form; what was pressed is done, whatever becomes of the browser.

use std::{net::SocketAddr, time::Duration};

use liaison::domain::staff::Role;
use sqlx::{Connection as _, PgConnection};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{Answer, Browser, Staffed};

/// Amina's case, open before the office.
async fn before_the_office() -> (Staffed, Browser, String, Answer) {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&format!("/cases/{case}")).await;
    (school, office, case, page)
}

/// The opening tag of the element with this id.
fn tag<'a>(page: &'a str, id: &str) -> &'a str {
    let at = page.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}: {page}"));
    let from = page[..at].rfind('<').expect("a tag");
    page[from..].split('>').next().expect("its end")
}

#[tokio::test]
async fn a_reply_that_is_refused_stays_sensitive_and_keeps_its_promised_day() {
    let (school, mut office, case, page) = before_the_office().await;
    let reply = format!("/cases/{case}/reply");
    let fields = [
        ("words", "About his father."),
        ("sensitive", "on"),
        ("promise", "2026-11-20"),
        ("topic", "wellbeing"),
    ];

    let refused = office.press(&page, &reply, &fields).await;

    assert_eq!(refused.status, 422);
    assert!(refused.body.contains(">About his father.</textarea>"), "{}", refused.body);
    assert!(tag(&refused.body, "sensitive").contains(" checked"), "{}", refused.body);
    assert!(refused.body.contains("<option value=\"wellbeing\" selected>"), "{}", refused.body);
    assert!(tag(&refused.body, "promise").contains("value=\"2026-11-20\""), "{}", refused.body);
    assert!(refused.body.contains("<p id=\"fault\"><a href=\"#promise\">"), "{}", refused.body);
    assert!(
        tag(&refused.body, "promise").contains("aria-invalid=\"true\" aria-describedby=\"fault\""),
        "{}",
        refused.body
    );
    assert!(!page.body.contains("aria-invalid") && !page.body.contains("id=\"fault\""), "{}", page.body);
    school.close().await;
}

/// A deed, what is typed into its form, and the elements that hold it and that are at fault.
type Refused = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

#[tokio::test]
async fn every_form_of_a_case_comes_back_open_with_all_that_was_typed_into_it() {
    let (school, mut office, case, page) = before_the_office().await;
    let cases: [Refused; 5] = [
        (
            "answered",
            &[
                ("how", "phone"),
                ("when", "2026-11-23T10:01"),
                ("said", "Told her it is here."),
                ("full", "on"),
            ],
            "said",
            "when",
        ),
        ("note", &[("note", " ")], "note", "note"),
        ("promise", &[("day", "2026-11-20")], "day", "day"),
        ("pass-up", &[("reason", "")], "up-reason", "up-reason"),
        ("give", &[("colleague", "nobody")], "colleague", "colleague"),
    ];
    for (deed, fields, holds, fault) in cases {
        let refused = office.press(&page, &format!("/cases/{case}/{deed}"), fields).await;

        assert_eq!(refused.status, 422, "{deed}: {}", refused.body);
        let before = refused.body.split(&format!("id=\"{holds}\"")).next().expect("the page");
        let last = before.rfind("<details").expect("a fold");
        assert!(before[last..].starts_with("<details open>"), "{deed}: {before}");
        assert_eq!(refused.body.matches("<details open>").count(), 1, "{deed}");
        assert!(refused.body.contains(&format!("<a href=\"#{fault}\">")), "{deed}: {}", refused.body);
        if deed == "answered" {
            assert!(refused.body.contains(">Told her it is here.</textarea>"), "{}", refused.body);
            assert!(tag(&refused.body, "when").contains("value=\"2026-11-23T10:01\""), "{}", refused.body);
            assert!(tag(&refused.body, "how-phone").contains(" checked"), "{}", refused.body);
            assert!(tag(&refused.body, "full").contains(" checked"), "{}", refused.body);
        }
    }
    school.close().await;
}

#[tokio::test]
async fn words_whose_form_is_gone_because_a_colleague_closed_the_case_are_shown() {
    let (school, mut office, case, page) = before_the_office().await;
    let mut slt = school.as_role(Role::Slt).await;
    let theirs = slt.get(&format!("/cases/{case}")).await;
    slt.press(&theirs, &format!("/cases/{case}/close"), &[("outcome", "Done.")]).await;

    let fields = [("how", "phone"), ("when", "2026-11-23T10:00"), ("said", "The coat is on his own peg.")];
    let refused = office.press(&page, &format!("/cases/{case}/answered"), &fields).await;

    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("What you had typed"), "{}", refused.body);
    assert!(refused.body.contains(">The coat is on his own peg.</div>"), "{}", refused.body);
    school.close().await;
}

#[tokio::test]
async fn a_reply_meets_a_promise_only_where_it_is_said_to_be_the_full_answer() {
    let (school, mut office, case, page) = before_the_office().await;
    let (reply, promise) = (format!("/cases/{case}/reply"), format!("/cases/{case}/promise"));
    office.press(&page, &promise, &[("day", "2026-11-27")]).await;
    let running = "select state from clock where kind = 'promise'";

    let page = office.get(&format!("/cases/{case}")).await;
    office.press(&page, &reply, &[("words", "Got it, I will look.")]).await;
    let between = school.school.rows(running).await;
    let page = office.get(&format!("/cases/{case}")).await;
    office.press(&page, &reply, &[("words", "It is on his peg."), ("full", "on")]).await;

    assert!(
        page.body.contains("This is the full answer that was promised for Friday 27 November"),
        "{}",
        page.body
    );
    assert_eq!(between, ["running"]);
    assert_eq!(school.school.rows(running).await, ["met"]);
    school.close().await;
}

#[tokio::test]
async fn the_same_form_sent_again_with_other_words_is_not_said_to_be_done() {
    let (school, mut office, case, page) = before_the_office().await;
    let note = format!("/cases/{case}/note");
    let kept = "select b.body from chronology_entry e join chronology_body b on b.entry_id = e.id
                where e.kind = 'note' order by e.id";

    office.press(&page, &note, &[("note", "She rang.")]).await;
    let same = office.press(&page, &note, &[("note", "She rang.")]).await;
    let other = office.press(&page, &note, &[("note", "She rang at noon.")]).await;
    let before = school.school.rows(kept).await;
    let meant = office.press(&other, &note, &[("note", "She rang at noon.")]).await;

    assert_eq!((same.status, other.status, meant.status), (303, 422, 303));
    assert!(
        other.body.contains("This form was done already, with something else filled in"),
        "{}",
        other.body
    );
    assert!(other.body.contains(">She rang at noon.</textarea>"), "{}", other.body);
    assert_eq!(before, ["She rang."]);
    assert_eq!(school.school.rows(kept).await, ["She rang.", "She rang at noon."]);
    school.close().await;
}

/// Asks until Postgres answers with this; ten seconds at most.
async fn until(school: &Staffed, sql: &str, wanted: &str) {
    let asked = async { while school.school.rows(sql).await != [wanted] {} };
    tokio::time::timeout(Duration::from_secs(10), asked)
        .await
        .unwrap_or_else(|_| panic!("never {wanted}: {sql}"));
}

#[tokio::test]
async fn a_deed_is_done_to_its_end_when_the_browser_goes_away_in_the_middle() {
    let mut school = Staffed::open().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    school.serve_at(&format!("http://{address}"));
    let case = school.case_of("Amina Ash").await;
    let mut office = school.as_role(Role::Office).await;
    let (page, action) = (office.get(&format!("/cases/{case}")).await, format!("/cases/{case}/close"));
    let pages = school.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, pages).await.unwrap() });
    let (key, once) = (page.hidden(&action, "form_key"), page.hidden(&action, "once"));
    let body = format!("form_key={key}&once={once}&outcome=Found");
    let cookie = office.cookie.clone().unwrap();
    let request = format!(
        "POST {action} HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );

    // The deed waits for the case, which somebody else holds.
    let mut holder = PgConnection::connect_with(&school.school.db.owner()).await.unwrap();
    let mut held = holder.begin().await.unwrap();
    sqlx::query("select from carer_case where code = $1 for update")
        .bind(&case)
        .execute(&mut *held)
        .await
        .unwrap();
    let mut browser = TcpStream::connect(address).await.unwrap();
    browser.write_all(request.as_bytes()).await.unwrap();
    let waits = "select (count(*) > 0)::text from pg_locks where locktype = 'tuple'
                 and database = (select oid from pg_database where datname = current_database())";
    until(&school, waits, "true").await;
    // The browser goes away, and the server has noticed when it hangs up too.
    browser.shutdown().await.unwrap();
    browser.read_to_end(&mut Vec::new()).await.unwrap();
    held.commit().await.unwrap();

    let answered =
        format!("select coalesce((select answer from form_sent where once = '{once}'), 'not done')");
    until(&school, &answered, "/cases?done=closed").await;
    let again = office.post(&action, &[("form_key", &key), ("once", &once), ("outcome", "Found")]).await;
    assert_eq!(school.school.rows("select outcome from carer_case where state = 'closed'").await, ["Found"]);
    assert_eq!(again.to(), "/cases?done=closed");
    server.abort();
    school.close().await;
}
