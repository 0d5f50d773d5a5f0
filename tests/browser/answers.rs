//! The pages that answer a form, as good as those that were asked for: what was done, what could not be done, and why.

use std::collections::{BTreeMap, BTreeSet};

use liaison::{
    domain::staff::Role,
    web::{self, Who},
};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::{
    chrome::{Chrome, Scripts, with_chrome},
    looks::{axe, faults, file_name, is_too_wide, walked},
    served::Served,
    support::walk::{Walk, may, served_by},
};

/// Ends the session it is sent from.
const SIGNS_OUT: &str = "/sign-out";
/// Sent last, for nothing else can be done to the same thing then; and by then they may be gone themselves: once the import
/// was approved, or the announcement queued. Those are answered the same way.
const GONE_BY_THEN: [&str; 4] = [
    "/admin/import/{import}/withdraw",
    "/announce/{announcement}/drop",
    "/cases/{case}/messages/{received}",
    "/year/{class}/take-back",
];

/// How a form is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    /// Nothing is typed and nothing chosen.
    Not,
    /// Every field, with what it takes.
    In,
}

/// Sends the form with this action; what it may not be sent with is for the server to say. `false`: there is no such form.
const SEND: &str = "
    const form = [...document.forms].find(form => form.getAttribute('action') === ACTION);
    const one = new Set();
    for (const field of form.elements) {
        const first = () => !one.has(field.name) && one.add(field.name);
        switch (field.type) {
            case 'hidden': case 'submit': case 'button': case 'file': case 'fieldset': break;
            case 'checkbox': field.checked = FILL && first(); break;
            case 'radio': field.checked = FILL && first(); break;
            case 'select-one': field.selectedIndex = FILL ? field.options.length - 1 : 0; break;
            case 'date': field.value = FILL ? field.value || '2026-11-27' : ''; break;
            case 'datetime-local': field.value = FILL ? '2026-11-23T09:30' : ''; break;
            case 'number': field.value = FILL ? field.value || 1 : ''; break;
            case 'email': field.value = FILL ? 'new.colleague@northfield.example' : ''; break;
            default: field.value = FILL ? field.value || 'Ash' : '';
        }
    }
    form.noValidate = true;
    form.requestSubmit(form.querySelector('button'));
    return true;";

async fn send(chrome: &Chrome, action: &str, filled: Filled) -> bool {
    let fill = (filled == Filled::In).to_string();
    let script = SEND.replace("ACTION", &format!("'{action}'")).replace("FILL", &fill);
    let there =
        format!("return [...document.forms].some(form => form.getAttribute('action') === '{action}')");
    if chrome.ask(&there).await != true {
        return false;
    }
    chrome.turn(async { assert_eq!(chrome.ask(&script).await, true, "{action}") }).await;
    true
}

/// The forms whose answers this role looks at, by route: those that no role before it has.
fn own_forms(role: Option<Role>, walk: &Walk) -> BTreeMap<&'static str, Vec<(String, String)>> {
    let mut forms: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (_, page, form) in walk.forms.iter().filter(|(_, _, form)| form.method == "post") {
        let Some((route, _)) = served_by("POST", &form.action) else { continue };
        let first = match route.who {
            Who::Anyone => None,
            _ => Role::ALL.iter().copied().find(|role| may(&route, Some(*role))),
        };
        if first == role && route.path != SIGNS_OUT {
            forms.entry(route.path).or_default().push((page.clone(), form.action.clone()));
        }
    }
    forms
}

async fn look_at_answers(role: Option<Role>) -> BTreeSet<&'static str> {
    let (school, walk) = walked(role).await;
    let forms = own_forms(role, &walk);
    let (axe, mut wrong, mut answered) = (axe(), Vec::new(), BTreeSet::new());

    with_chrome(&school, Scripts::On, async |chrome| {
        if let Some(role) = role {
            chrome.enter(&school, role).await;
        }
        for filled in [Filled::Not, Filled::In] {
            let (ends, goes_on): (Vec<_>, Vec<_>) =
                forms.iter().partition(|(route, _)| GONE_BY_THEN.contains(*route));
            for (route, places) in goes_on.into_iter().chain(ends) {
                for (page, action) in places {
                    chrome.resize(360, 1).await;
                    chrome.go(page).await;
                    if !send(chrome, action, filled).await {
                        continue;
                    }
                    answered.insert(*route);
                    let how = if filled == Filled::In { "filled" } else { "empty" };
                    let name = format!("answer-{}-{how}", file_name(route));
                    chrome.ask(&axe).await;
                    wrong.extend(faults(chrome, &name).await);
                    chrome.picture(&name).await;
                    chrome.resize(320, 1).await;
                    wrong.extend(is_too_wide(chrome).await.map(|fault| format!("{name}: {fault}")));
                    break;
                }
            }
        }
    })
    .await;

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unanswered: Vec<_> = forms
        .into_keys()
        .filter(|route| !answered.contains(route) && !GONE_BY_THEN.contains(route))
        .collect();
    assert_eq!(unanswered, Vec::<&str>::new(), "these forms were never sent");
    school.close().await;
    answered
}

macro_rules! answers {
    ($($name:ident: $role:expr),* $(,)?) => { $(
        #[tokio::test]
        async fn $name() {
            let answered = look_at_answers($role).await;

            assert!(!answered.is_empty(), "no form was sent");
        }
    )* };
}

answers! {
    what_answers_whoever_signs_in_is_good_on_a_phone: None,
    what_answers_a_teacher_is_good_on_a_phone: Some(Role::Teacher),
    what_answers_the_office_is_good_on_a_phone: Some(Role::Office),
    what_answers_slt_is_good_on_a_phone: Some(Role::Slt),
}

#[test]
fn every_form_is_one_of_whoever_signs_in_a_teacher_the_office_or_slt() {
    let others = web::routes().into_iter().filter(|route| {
        let looked_at = [Role::Teacher, Role::Office, Role::Slt].map(Some);
        route.method == "POST"
            && route.path != SIGNS_OUT
            && !matches!(route.who, Who::Anyone)
            && !looked_at.iter().any(|role| may(route, *role))
    });

    assert_eq!(
        others.map(|route| route.path).collect::<Vec<_>>(),
        Vec::<&str>::new(),
        "look at their answers too"
    );
}

#[tokio::test]
async fn the_page_of_what_takes_long_is_good_on_a_phone() {
    let school = Served::open_to_the_impatient().await;
    let mut slow = PgConnection::connect_with(&school.staffed.school.db.owner()).await.expect("a connection");
    slow.execute("begin; lock table verification in exclusive mode").await.expect("a lock");

    with_chrome(&school, Scripts::On, async |chrome| {
        chrome.enter(&school, Role::Governor).await;
        chrome.resize(360, 1).await;
        chrome.go("/audit").await;
        assert!(send(chrome, "/audit/verify", Filled::Not).await);
        assert!(chrome.path().await.starts_with("/working/"), "{}", chrome.path().await);
        chrome.ask(&axe()).await;
        assert_eq!(faults(chrome, "working").await, Vec::<String>::new());
        chrome.picture("working-360").await;
        chrome.resize(320, 1).await;
        assert_eq!(is_too_wide(chrome).await, None);
    })
    .await;

    // The deed waits for the lock before us: when we have it again, the deed is done, and its entry can be sealed.
    slow.execute("rollback").await.expect("the lock is gone");
    slow.execute("begin; lock table verification in exclusive mode; rollback").await.expect("the lock again");
    school.close().await;
}
