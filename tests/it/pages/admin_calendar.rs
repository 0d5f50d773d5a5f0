//! The calendar's page: what would change is looked at first.

use liaison::domain::{calendar, staff::Role};

use super::{Answer, Browser, Staffed};

const PAGE: &str = "/admin/calendar";
const LOOK: &str = "/admin/calendar/look";

#[tokio::test]
async fn a_snow_day_is_looked_at_adopted_once_and_told() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(PAGE).await;
    let base = page.hidden(LOOK, "base");
    let snow =
        [("base", base.as_str()), ("kind", "closure"), ("from", "2026-11-26"), ("name", "Snow, \"deep\"")];

    let look = office.press(&page, LOOK, &snow).await;
    let unchanged = school.school.clocks().await;
    let (csv, from) = (look.hidden(PAGE, "csv").replace("&#34;", "\""), look.hidden(PAGE, "base"));
    let adopt = [("csv", csv.as_str()), ("base", from.as_str()), ("why", "Snow")];
    let no_reason = office.press(&look, PAGE, &adopt[..2]).await;
    let done = office.press(&look, PAGE, &adopt).await;
    let twice = office.press(&look, PAGE, &adopt).await;
    let after = office.get(done.to()).await;

    assert_eq!(look.status, 200, "{}", look.body);
    assert!(
        look.body.contains("Due Monday 30 November, 17:00 instead of Friday 27 November, 17:00"),
        "{}",
        look.body
    );
    let code = school.case_of("Amina Ash").await;
    let restricted = school.case_of("Boris Czerny").await;
    assert!(look.body.contains(&code) && !look.body.contains(&restricted));
    assert!(unchanged.iter().all(|clock| clock.contains("2026-11-27")), "{unchanged:?}");
    assert_eq!(no_reason.status, 422);
    assert!(no_reason.body.contains("instead of Friday 27"), "what would change is still there");
    assert_eq!((done.status, twice.to()), (303, done.to()), "{}", done.body);
    assert!(school.school.clocks().await.iter().all(|clock| clock.contains("2026-11-30")));
    assert!(after.body.contains("Thursday 26 November 2026") && after.body.contains("adopted by office"));
    assert_eq!(school.school.rows("select count(*)::text from calendar_version").await, ["1"]);
    school.close().await;
}

#[tokio::test]
async fn the_safeguarding_lead_sees_the_restricted_clock_move_too() {
    let school = Staffed::open().await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let page = dsl.get(PAGE).await;
    let base = page.hidden(LOOK, "base");
    let noted = "select count(*)::text from chronology_entry where kind = 'read_restricted'";
    let before = school.school.rows(noted).await;

    let look = dsl
        .press(&page, LOOK, &[("base", &base), ("kind", "closure"), ("from", "2026-11-26"), ("name", "Snow")])
        .await;

    let after = school.school.rows(noted).await;
    assert!(look.body.contains(&school.case_of("Boris Czerny").await), "{}", look.body);
    assert_eq!((before, after), (vec!["0".to_owned()], vec!["1".to_owned()]));
    school.close().await;
}

#[tokio::test]
async fn a_change_that_makes_no_sense_is_refused_in_plain_words_with_what_was_typed() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(PAGE).await;
    let base = page.hidden(LOOK, "base");
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("kind", "closure"), ("from", "2026-12-25"), ("name", "<b>Xmas")], "not inside any term"),
        (&[("kind", "closure"), ("from", "soon")], "Give the first day"),
        (&[("kind", "inset"), ("from", "2026-11-28")], "weekend"),
        (&[("kind", "term"), ("from", "2026-12-01"), ("until", "2027-01-10")], "shares days with another"),
        (&[("kind", "closure"), ("from", "2026-11-27"), ("until", "2026-11-20")], "before the first"),
        (&[("kind", "bank_holiday"), ("from", "2026-11-27")], "Say what it is"),
        (&[("kind", "closure"), ("old", "2026-11-27"), ("what", "remove")], "not in the calendar any more"),
    ];

    for (fields, told) in cases {
        let all: Vec<_> = fields.iter().copied().chain([("base", base.as_str())]).collect();
        let answer = office.press(&page, LOOK, &all).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(answer.body.contains(told), "{told}: {}", answer.body);
        assert!(!answer.body.contains("<b>") && !answer.body.contains(" on line "), "{}", answer.body);
    }
    let stale =
        office.press(&page, LOOK, &[("base", "older"), ("kind", "closure"), ("from", "2026-11-27")]).await;

    assert!(stale.body.contains("Another calendar was adopted"), "{}", stale.body);
    school.close().await;
}

#[tokio::test]
async fn a_term_is_corrected_and_an_inset_day_taken_out_and_the_page_warns_before_the_calendar_ends() {
    let school = Staffed::open().await;
    let mut slt = school.as_role(Role::Slt).await;
    let page = slt.get(PAGE).await;
    let base = page.hidden(LOOK, "base");
    let term = [
        ("base", base.as_str()),
        ("kind", "term"),
        ("old", "2027-09-01"),
        ("from", "2027-09-02"),
        ("until", "2027-12-15"),
        ("name", "Autumn 2027"),
    ];
    let inset = [("base", base.as_str()), ("kind", "inset"), ("old", "2026-10-23"), ("what", "remove")];

    let corrected = slt.press(&page, LOOK, &[&term[..5], &[("name", "Autumn")]].concat()).await;
    let removed = slt.press(&page, LOOK, &inset).await;
    school.school.set_clock("2027-10-20T09:00:00Z");
    let mut slt = school.as_role(Role::Slt).await;
    let warned = slt.get(PAGE).await;

    // The INSET day of 1 September 2027 would stand outside the term.
    assert_eq!(corrected.status, 422, "{}", corrected.body);
    assert!(corrected.body.contains("INSET day is not inside any term"), "{}", corrected.body);
    assert!(
        removed.body.contains("no longer: INSET day, Training: Friday 23 October 2026"),
        "{}",
        removed.body
    );
    assert!(!page.body.contains("It ends in"));
    assert!(warned.body.contains("It ends in 58 days"), "{}", warned.body);
    school.close().await;
}

/// Chooses a file on the calendar's page.
async fn choose_file(browser: &mut Browser, page: &Answer, file: &str) -> Answer {
    let action = "/admin/calendar/file";
    let (key, once) = (page.hidden(action, "form_key"), page.hidden(action, "once"));
    let form = format!(
        "--x\r\nContent-Disposition: form-data; name=\"form_key\"\r\n\r\n{key}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"once\"\r\n\r\n{once}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c\"\r\n\r\n{file}\r\n--x--\r\n"
    );
    let request = axum::http::Request::post(action)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=x");
    browser.send(request, form).await
}

#[tokio::test]
async fn a_whole_file_is_looked_at_and_a_bad_one_names_its_lines() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(PAGE).await;
    let longer = format!("{}term,2028-01-04,2028-03-24,Spring 2028,\n", calendar::EXAMPLE_FILE);
    let bad = calendar::EXAMPLE_FILE.replace("2027-01-04,2027-03-25", "2027-01-04,2026-03-25");

    let good = choose_file(&mut office, &page, &longer).await;
    let bad = choose_file(&mut office, &page, &bad).await;

    assert_eq!((good.status, bad.status), (200, 422));
    assert!(good.body.contains("It would reach to Friday 24 March 2028"), "{}", good.body);
    assert!(good.body.contains("No open clock moves"));
    assert!(bad.body.contains("Line 8: ") || bad.body.contains("line 8: "), "{}", bad.body);
    school.close().await;
}

const DIARY: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Staff INSET <b>\r\nDTSTART;VALUE=DATE:20270111\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nSUMMARY:Concert\r\nDTSTART:20270112T180000Z\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nSUMMARY:Inset in August\r\nDTSTART;VALUE=DATE:20270803\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[tokio::test]
async fn another_programs_calendar_is_a_proposal_of_which_a_person_says_what_each_day_is() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(PAGE).await;
    let picks = "/admin/calendar/picked";

    let proposed = choose_file(&mut office, &page, DIARY).await;
    let before = school.school.rows("select count(*)::text from calendar_version").await;
    let base = proposed.hidden(picks, "base");
    let unescaped = |html: String| html.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"");
    let row = |n: usize, kind| {
        let hidden =
            |name: &str| (format!("{name}-{n}"), unescaped(proposed.hidden(picks, &format!("{name}-{n}"))));
        [hidden("title"), hidden("from"), hidden("until"), (format!("kind-{n}"), kind)]
    };
    let pick = |kinds: [&str; 3]| -> Vec<(String, String)> {
        let rows = kinds.into_iter().enumerate().flat_map(|(n, kind)| row(n, kind.to_owned()));
        rows.chain([("base".to_owned(), base.clone())]).collect()
    };
    let mut answers = Vec::new();
    for kinds in [["inset", "", ""], ["inset", "", "inset"], ["", "", ""]] {
        let fields = pick(kinds);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        answers.push(office.press(&proposed, picks, &fields).await);
    }
    let csv =
        answers[0].hidden(PAGE, "csv").replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">");
    let from = answers[0].hidden(PAGE, "base");
    let done = office
        .press(
            &answers[0],
            PAGE,
            &[("csv", &csv), ("base", &from), ("why", "From the school's own calendar")],
        )
        .await;
    let again = choose_file(&mut office, &page, DIARY).await;

    assert_eq!((proposed.status, before), (200, vec!["0".to_owned()]));
    assert!(
        proposed.body.contains("Staff INSET &#60;b&#62;") && proposed.body.contains("Concert"),
        "{}",
        proposed.body
    );
    assert!(answers[0].body.contains("new: INSET day"), "{}", answers[0].body);
    assert!(!answers[0].body.contains("Concert"));
    assert_eq!(answers[1].status, 422);
    assert!(answers[1].body.contains("not inside any term"), "{}", answers[1].body);
    assert!(answers[1].body.contains("Inset in August"), "what was said of the days stays");
    assert_eq!(answers[2].status, 422);
    assert_eq!(done.status, 303, "{}", done.body);
    let inset = school.school.gateway.policy().calendar.clone().expect("a calendar");
    let told: Vec<_> =
        inset.spans().iter().map(|span| format!("{} {}", span.kind.word(), span.reason)).collect();
    assert!(told.contains(&"inset Staff INSET <b>".to_owned()), "{told:?}");
    assert!(again.body.contains("It is in the calendar already"), "{}", again.body);
    school.close().await;
}

#[tokio::test]
async fn a_diary_without_days_is_refused_in_a_sentence() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(PAGE).await;

    let answer = choose_file(&mut office, &page, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").await;

    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("The file holds no event with a day"), "{}", answer.body);
    school.close().await;
}
