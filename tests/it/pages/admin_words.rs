//! The words around messages, edited and checked on pages.

use liaison::{
    domain::{
        staff::Role,
        wording::{Language, Part},
    },
    flows::wording,
};

use super::{Answer, Browser, CLARA, Staffed};
use crate::support::{inbound::Letter, people::Roll, school::readable};

const LIST: &str = "/admin/wording";
const URDU: &str = "/admin/wording/ur";
const GREETING: &str = "/admin/wording/en-GB/greeting";
const LINE: &str = "/admin/wording/en-GB/acknowledgement_line";

async fn mail_to_clara(school: &Staffed, matter: &str) -> String {
    school.school.arrives(&Letter::from(CLARA).says("And her coat?").subject(matter)).await;
    school.school.deliver().await;
    readable(&school.school.acknowledgements().pop().expect("an acknowledgement").data)
}

#[tokio::test]
async fn words_are_seen_before_they_are_kept_and_stand_in_the_next_message() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(GREETING).await;
    let base = page.hidden(GREETING, "base");

    let looked = office
        .press(&page, GREETING, &[("words", "Good day {{ name }} <b>!"), ("base", &base), ("preview", "yes")])
        .await;
    let nothing = school.school.rows("select count(*)::text from template_version").await;
    let kept = office.press(&page, GREETING, &[("words", "Good day {{ name }} <b>!"), ("base", &base)]).await;
    let twice =
        office.press(&page, GREETING, &[("words", "Good day {{ name }} <b>!"), ("base", &base)]).await;
    let shown = office.get(kept.to()).await;
    let mail = mail_to_clara(&school, "Another matter").await;
    let action = format!("{GREETING}/shipped");
    let back = office.press(&shown, &action, &[("base", &shown.hidden(&action, "base"))]).await;
    let again = mail_to_clara(&school, "A third matter").await;

    assert_eq!((looked.status, nothing), (200, vec!["0".to_owned()]));
    assert!(looked.body.contains("Good day Ms Example &#60;b&#62;!"), "{}", looked.body);
    assert!(looked.body.contains("Not kept yet"), "{}", looked.body);
    assert_eq!((kept.status, twice.to()), (303, kept.to()));
    assert!(
        shown.body.contains("set by office") && shown.body.contains("Dear {{ name }},"),
        "{}",
        shown.body
    );
    assert!(mail.contains("Good day Clara Birch <b>!"), "{mail}");
    assert!(mail.contains("Good day Clara Birch &lt;b&gt;!</p>"), "words stay words in HTML: {mail}");
    assert_eq!(back.status, 303, "{}", back.body);
    assert!(again.contains("Dear Clara Birch,"), "{again}");
    assert_eq!(school.school.rows("select count(*)::text from template_version").await, ["2"]);
    school.close().await;
}

#[tokio::test]
async fn words_that_would_go_wrong_are_refused_with_what_to_mend_and_stay_in_the_form() {
    let school = Staffed::open().await;
    let mut slt = school.as_role(Role::Slt).await;
    let page = slt.get(LINE).await;
    let base = page.hidden(LINE, "base");
    let loops = "{% for a in 'xxxxxxxxxx' %}{% for b in 'xxxxxxxxxx' %}{% for c in 'xxxxxxxxxx' %}{% for d in 'xxxxxxxxxx' %}\
                 {% for e in 'xxxxxxxxxx' %}{% for f in 'xxxxxxxxxx' %}y{% endfor %}{% endfor %}{% endfor %}{% endfor %}\
                 {% endfor %}{% endfor %}";

    for (words, says) in [
        ("By {{ dya }}", "Line 1: nothing is called dya here; there are school, phone, day."),
        ("By {{ day }}", "Line 1: {{ day }} may be missing: write it inside {% if day %}"),
        ("{% if day %}By {{ day }}{% endif %}", "Nothing is said where no day is named"),
        ("{% if day %}By {{ day }}", "cannot be read"),
        ("{% if day %}{{ day }}{% endif %}{{ 'x' * 2000000000 }}", "without end"),
        (loops, "without end"),
    ] {
        let page = slt.get(LINE).await;
        for preview in [&[][..], &[("preview", "yes")][..]] {
            let fields = [&[("words", words), ("base", base.as_str())], preview].concat();
            let refused = slt.press(&page, LINE, &fields).await;
            let said = refused.body.replace("&#39;", "'");
            assert_eq!(refused.status, 422, "{words}");
            assert!(said.contains(says), "{words}: {said}");
            assert!(said.contains(&format!(">{words}</textarea>")), "what was typed stays: {said}");
            assert!(said.contains("aria-invalid=\"true\""), "{said}");
        }
    }
    assert_eq!(school.school.rows("select count(*)::text from template_version").await, ["0"]);
    assert_eq!(school.school.told("wording").await, 0);
    school.close().await;
}

/// Presses a button with fields that come several times.
async fn press(office: &mut Browser, page: &Answer, action: &str, fields: Vec<(&str, String)>) -> Answer {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    office.press(page, action, &fields).await
}

#[tokio::test]
async fn a_language_is_used_once_a_named_person_has_checked_it_and_changed_words_are_a_draft_again() {
    let school = Staffed::open().await;
    let roll: Roll = super::two_classes().changed("C3", |carer| carer.with("language", "ur"));
    school.school.import(&roll).await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(URDU).await;
    let action = format!("{URDU}/checked");
    let shown: Vec<String> = page
        .body
        .split("name=\"shown\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    let with = |extra: &[(&'static str, &'static str)]| {
        let mut fields: Vec<(&str, String)> = shown.iter().map(|one| ("shown", one.clone())).collect();
        fields.extend(extra.iter().map(|(name, value)| (*name, (*value).to_owned())));
        fields
    };

    let nobody = press(&mut office, &page, &action, with(&[("reads", "on"), ("checked_by", " ")])).await;
    let unread = press(&mut office, &page, &action, with(&[("checked_by", "F. Noor")])).await;
    let fresh = office.get(URDU).await;
    let marked =
        press(&mut office, &fresh, &action, with(&[("reads", "on"), ("checked_by", "F. Noor, interpreter")]))
            .await;
    let after = office.get(URDU).await;
    let checked = mail_to_clara(&school, "A third matter").await;
    let part = "/admin/wording/ur/acknowledgement_closing";
    let edit = office.get(part).await;
    let words = "{{ phone }}\n{{ reference }}";
    let kept = office.press(&edit, part, &[("words", words), ("base", &edit.hidden(part, "base"))]).await;
    let draft_again = office.get(URDU).await;
    let stale =
        press(&mut office, &draft_again, &action, with(&[("reads", "on"), ("checked_by", "F. Noor")])).await;
    let english = mail_to_clara(&school, "A fourth matter").await;

    assert_eq!(shown.len(), 6, "{}", page.body);
    assert!(page.body.contains("lang=\"ur\" dir=\"rtl\""), "{}", page.body);
    assert!(english.contains("Dear Clara Birch,") && !english.contains("dir=\"rtl\""), "{english}");
    assert_eq!((nobody.status, unread.status, marked.status), (422, 422, 303), "{}", marked.body);
    assert!(unread.body.contains("value=\"F. Noor\""), "what was typed stays: {}", unread.body);
    assert!(after.body.contains("Checked by F. Noor, interpreter, Monday 23 November"), "{}", after.body);
    assert!(!after.body.contains("Mark "), "nothing is left to mark: {}", after.body);
    assert!(checked.contains("<div lang=\"ur\" dir=\"rtl\">"), "{checked}");
    assert!(kept.to().ends_with("?done=worded-draft"), "{}", kept.to());
    assert_eq!(draft_again.body.matches("Nobody has checked it yet").count(), 1, "{}", draft_again.body);
    assert_eq!(stale.status, 422, "other words than those that were shown: {}", stale.body);
    assert_eq!(school.school.rows("select count(*)::text from template_review").await, ["6"]);
    school.close().await;
}

#[tokio::test]
async fn the_list_says_how_each_language_stands_and_every_part_has_a_page() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;

    let list = office.get(LIST).await;

    for language in Language::ALL {
        assert!(list.body.contains(&format!("href=\"/admin/wording/{language}\"")), "{language}");
        let page = office.get(&format!("/admin/wording/{language}")).await;
        assert_eq!(page.status, 200, "{language}");
        for part in Part::ALL.iter().filter(|part| part.is_in(*language)) {
            assert!(page.body.contains(&format!("/admin/wording/{language}/{part}\"")), "{language} {part}");
        }
    }
    assert_eq!(list.body.matches("a draft: not used until").count(), Language::ALL.len() - 1);
    for absent in ["/admin/wording/xx", "/admin/wording/ur/greeting", "/admin/wording/en-GB/nothing"] {
        assert_eq!(office.get(absent).await.status, 404, "{absent}");
    }
    let stale = wording::set_part(
        &school.school.gateway,
        (Part::Greeting, Language::English),
        Some("Hi {{ name }}"),
        "000000000000",
        "slt",
    );
    assert!(stale.await.unwrap_err().to_string().contains("changed these words since"));
    school.close().await;
}
