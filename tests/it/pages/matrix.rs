//! Role by page: every route that exists has a row here, and is tried by every role with rows of the school.

use std::collections::BTreeSet;

use liaison::{
    domain::staff::Role,
    web::{self, Who},
};

use super::Staffed;

/// Who is let in, by the first letters of the roles: t, o, s, d, g, i; `*` for whoever is signed in, `+` for anybody.
const ROWS: &[(&str, &str, &str)] = &[
    ("GET", "/sign-in", "+"),
    ("POST", "/sign-in", "+"),
    ("POST", "/sign-in/as", "+"),
    ("GET", "/sign-in/code", "*"),
    ("POST", "/sign-in/code", "*"),
    ("POST", "/sign-out", "*"),
    ("GET", "/account", "*"),
    ("GET", "/account/password", "*"),
    ("POST", "/account/password", "*"),
    ("GET", "/account/second-factor", "*"),
    ("POST", "/account/second-factor", "*"),
    ("GET", "/{style}", "+"),
    ("GET", "/", "*"),
    ("GET", "/working/{deed}", "*"),
    ("GET", "/why/{id}", "tosd"),
    ("GET", "/week", "tsd"),
    ("GET", "/week/{class}", "tsd"),
    ("POST", "/week/{class}/queue", "tsd"),
    ("GET", "/update/{pupil}", "tsd"),
    ("POST", "/update/{pupil}", "tsd"),
    ("GET", "/update/{pupil}/preview", "tsd"),
    ("POST", "/update/{pupil}/take-back", "tsd"),
    ("POST", "/update/{pupil}/by-text", "s"),
    ("GET", "/cases/{case}/messages/{received}", "tosd"),
    ("POST", "/cases/{case}/messages/{received}", "tosd"),
    ("GET", "/cases/{case}/messages/{received}/english", "tosd"),
    ("POST", "/cases/{case}/messages/{received}/english", "tosd"),
    ("GET", "/year", "tosd"),
    ("GET", "/year/{class}", "tosd"),
    ("POST", "/year/{class}", "tosd"),
    ("POST", "/year/{class}/take-back", "tosd"),
    ("GET", "/approve", "sd"),
    ("POST", "/update/{pupil}/approve", "sd"),
    ("POST", "/update/{pupil}/decline", "sd"),
    ("GET", "/messages/{received}/files/{file}", "tosd"),
    ("GET", "/cases", "tosd"),
    ("GET", "/cases/{case}", "tosd"),
    ("POST", "/cases/{case}/reply", "tosd"),
    ("POST", "/cases/{case}/note", "tosd"),
    ("POST", "/cases/{case}/promise", "tosd"),
    ("POST", "/cases/{case}/answered", "tosd"),
    ("POST", "/cases/{case}/kind", "tosd"),
    ("POST", "/cases/{case}/suggested", "tosd"),
    ("POST", "/cases/{case}/fulfilled", "tosd"),
    ("POST", "/cases/{case}/pass-up", "tosd"),
    ("POST", "/cases/{case}/give", "tosd"),
    ("POST", "/cases/{case}/to-dsl", "tosd"),
    ("POST", "/cases/{case}/complaint", "sd"),
    ("GET", "/complaints", "tosd"),
    ("GET", "/complaints/{complaint}", "tosd"),
    ("POST", "/complaints/{complaint}/answer", "tosd"),
    ("POST", "/complaints/{complaint}/next", "sd"),
    ("POST", "/complaints/{complaint}/owner", "sd"),
    ("POST", "/complaints/{complaint}/close", "tosd"),
    ("POST", "/cases/{case}/reopen", "tosd"),
    ("POST", "/cases/{case}/close", "tosd"),
    ("GET", "/questions", "osd"),
    ("GET", "/questions/{question}", "osd"),
    ("POST", "/questions/{question}/find", "osd"),
    ("POST", "/questions/{question}/answer", "osd"),
    ("POST", "/questions/{question}/set-aside", "osd"),
    ("POST", "/questions/{question}/undo", "osd"),
    ("GET", "/safeguarding", "d"),
    ("GET", "/records", "tosd"),
    ("GET", "/records/{item}", "tosd"),
    ("GET", "/records/{item}/sheet.csv", "tosd"),
    ("POST", "/records/{item}/hand-off", "tosd"),
    ("POST", "/records/{item}/folder", "tosd"),
    ("GET", "/families", "tosd"),
    ("GET", "/families/{pupil}", "tosd"),
    ("GET", "/carers/{carer}", "tosd"),
    ("POST", "/carers/{carer}/preference", "tosd"),
    ("POST", "/carers/{carer}/newsletters", "osd"),
    ("POST", "/carers/{carer}/still-right", "osd"),
    ("GET", "/ask-again", "osd"),
    ("POST", "/carers/{carer}/addresses", "osd"),
    ("POST", "/carers/{carer}/addresses/{address}/remove", "osd"),
    ("POST", "/carers/{carer}/addresses/{address}/good", "osd"),
    ("POST", "/families/{pupil}/praise", "tosd"),
    ("POST", "/families/{pupil}/restrict", "osd"),
    ("POST", "/families/{pupil}/lift", "sd"),
    ("GET", "/away", "tosd"),
    ("POST", "/away", "tosd"),
    ("POST", "/away/{absence}/back", "tosd"),
    ("POST", "/families/{pupil}/ends", "osd"),
    ("POST", "/families/{pupil}/ends-later", "sd"),
    ("POST", "/families/{pupil}/agrees", "sd"),
    ("POST", "/families/{pupil}/agrees-no-more", "osd"),
    ("GET", "/families/{pupil}/death", "osd"),
    ("POST", "/families/{pupil}/death", "osd"),
    ("POST", "/families/{pupil}/death/undo", "sd"),
    ("GET", "/carers/{carer}/death", "osd"),
    ("POST", "/carers/{carer}/death", "osd"),
    ("POST", "/carers/{carer}/death/undo", "sd"),
    ("GET", "/search", "tosd"),
    ("POST", "/search", "tosd"),
    ("GET", "/families/{pupil}/log", "tosd"),
    ("POST", "/families/{pupil}/log", "tosd"),
    ("GET", "/contacts/{contact}", "tosd"),
    ("GET", "/contacts/{contact}/correct", "tosd"),
    ("POST", "/contacts/{contact}/correct", "tosd"),
    ("GET", "/calls", "tosd"),
    ("GET", "/calls/{task}", "tosd"),
    ("POST", "/calls/{task}/attempt", "tosd"),
    ("GET", "/letters", "osd"),
    ("POST", "/letters/print", "osd"),
    ("POST", "/letters/posted", "osd"),
    ("POST", "/letters/handed-over", "osd"),
    ("POST", "/letters/{task}/returned", "osd"),
    ("GET", "/play", "+"),
    ("GET", "/play/stranger", "+"),
    ("POST", "/play/stranger", "+"),
    ("GET", "/play/{carer}", "+"),
    ("POST", "/play/{carer}", "+"),
    ("GET", "/to-do", "tosd"),
    ("GET", "/tasks/{task}", "tosd"),
    ("POST", "/tasks/{task}", "tosd"),
    ("GET", "/tasks/{task}/translation", "tosd"),
    ("POST", "/tasks/{task}/translation", "tosd"),
    ("GET", "/coverage", "tosd"),
    ("GET", "/audit", "sdg"),
    ("POST", "/audit/verify", "sdg"),
    ("POST", "/audit/packs", "sdg"),
    ("GET", "/audit/{pack}", "sdg"),
    ("POST", "/audit/{pack}/again", "sdg"),
    ("GET", "/announce", "tosd"),
    ("GET", "/announce/new", "tosd"),
    ("POST", "/announce/new", "tosd"),
    ("GET", "/announce/{announcement}", "tosd"),
    ("GET", "/announce/{announcement}/preview", "tosd"),
    ("GET", "/announce/{announcement}/change", "tosd"),
    ("POST", "/announce/{announcement}/change", "tosd"),
    ("POST", "/announce/{announcement}/ask", "tosd"),
    ("POST", "/announce/{announcement}/approve", "sd"),
    ("POST", "/announce/{announcement}/decline", "sd"),
    ("POST", "/announce/{announcement}/queue", "tosd"),
    ("POST", "/announce/{announcement}/take-back", "tosd"),
    ("POST", "/announce/{announcement}/cancel", "tosd"),
    ("POST", "/announce/{announcement}/drop", "tosd"),
    ("GET", "/health", "osdi"),
    ("POST", "/health/pause", "osdi"),
    ("POST", "/health/go-on", "osdi"),
    ("GET", "/admin", "osdi"),
    ("GET", "/admin/wording", "os"),
    ("POST", "/admin/wording", "os"),
    ("GET", "/admin/wording/{language}", "os"),
    ("POST", "/admin/wording/{language}/checked", "os"),
    ("GET", "/admin/wording/{language}/{part}", "os"),
    ("POST", "/admin/wording/{language}/{part}", "os"),
    ("POST", "/admin/wording/{language}/{part}/shipped", "os"),
    ("GET", "/admin/channels", "osi"),
    ("POST", "/admin/channels/{channel}/hold", "osi"),
    ("POST", "/admin/channels/{channel}/release", "osi"),
    ("GET", "/admin/queue", "osdi"),
    ("POST", "/admin/queue/{delivery}/hold", "osd"),
    ("POST", "/admin/queue/{delivery}/release", "osd"),
    ("POST", "/admin/queue/{delivery}/retry", "osd"),
    ("POST", "/admin/queue/{delivery}/cancel", "osd"),
    ("GET", "/admin/calendar", "osd"),
    ("POST", "/admin/calendar/look", "osd"),
    ("POST", "/admin/calendar/file", "osd"),
    ("POST", "/admin/calendar/picked", "osd"),
    ("POST", "/admin/calendar", "osd"),
    ("GET", "/admin/import", "os"),
    ("POST", "/admin/import", "os"),
    ("GET", "/admin/import/{import}", "os"),
    ("POST", "/admin/import/{import}/approve", "os"),
    ("POST", "/admin/import/{import}/withdraw", "os"),
    ("GET", "/admin/staff", "sdi"),
    ("POST", "/admin/staff", "sdi"),
    ("GET", "/admin/staff/{staff}", "sdi"),
    ("POST", "/admin/staff/{staff}/roles", "sdi"),
    ("POST", "/admin/staff/{staff}/classes", "sdi"),
    ("POST", "/admin/staff/{staff}/disable", "sdi"),
    ("POST", "/admin/staff/{staff}/let-in", "sdi"),
    ("POST", "/admin/staff/{staff}/own-family", "sdi"),
    ("POST", "/admin/staff/{staff}/not-own-family", "sd"),
];

fn row(method: &str, path: &str) -> &'static str {
    let row = ROWS.iter().find(|(m, p, _)| *m == method && *p == path);
    row.unwrap_or_else(|| panic!("{method} {path} has no row in the matrix")).2
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let routes = web::routes();
    let named: BTreeSet<_> = routes.iter().map(|route| (route.method, route.path)).collect();

    for route in &routes {
        let wanted = row(route.method, route.path);
        let who: BTreeSet<char> = match route.who {
            Who::Anyone => "+".chars().collect(),
            Who::Colleagues => "*".chars().collect(),
            Who::Holders(roles) => roles.iter().filter_map(|role| role.as_str().chars().next()).collect(),
        };
        assert_eq!(who, wanted.chars().collect(), "{} {}", route.method, route.path);
    }
    for (method, path, _) in ROWS {
        assert!(named.contains(&(*method, *path)), "{method} {path} has a row and no route");
    }
}

#[tokio::test]
async fn every_role_is_let_in_or_kept_out_as_the_matrix_says() {
    let school = Staffed::open().await;
    let places = [
        ("{case}", school.case_of("Amina Ash").await),
        (
            "{received}",
            school
                .school
                .rows("select received_id::text from reading where sender like 'amina%'")
                .await
                .remove(0),
        ),
        ("{question}", school.school.question().await.id.to_string()),
        ("{pupil}", school.family_of("P1").await.replace("/families/", "")),
        ("{task}", school.call().await),
        ("{announcement}", school.announcement().await),
        ("{class}", school.school.rows("select id::text from class where name = 'Oak'").await.remove(0)),
        ("{pack}", school.pack(Role::Slt).await),
        (
            "{carer}",
            school.school.rows("select id::text from carer where contact_ref = 'C1'").await.remove(0),
        ),
        ("{address}", school.school.rows("select id::text from address limit 1").await.remove(0)),
        ("{style}", "nothing.css".to_owned()),
        ("{staff}", school.staff("office@northfield.example").await.to_string()),
    ];
    let mut wrong = Vec::new();
    for role in Role::ALL {
        for (method, path, who) in ROWS {
            let mut browser = school.as_role(*role).await;
            let filled =
                places.iter().fold((*path).to_owned(), |path, (name, value)| path.replace(name, value));
            let answer = match *method {
                "GET" => browser.get(&filled).await,
                // Without the session's key nothing is done; whether the role is let in shows before that.
                _ => browser.post(&filled, &[("email", "x"), ("password", "x")]).await,
            };
            let letter = role.as_str().chars().next().unwrap();
            let let_in = who.contains(['+', '*']) || who.contains(letter);
            let kept_out = answer.status == 403 && answer.body.contains("This page is for other colleagues");
            if let_in == kept_out {
                wrong.push(format!("{role}: {method} {filled} gave {}", answer.status));
            }
        }
    }
    let mut nobody = school.browser();
    for (_, path, _) in ROWS.iter().filter(|(method, _, who)| *method == "GET" && *who != "+") {
        let answer = nobody.get(path).await;
        if answer.to() != "/sign-in" {
            wrong.push(format!("nobody: {path} gave {}", answer.status));
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn governors_and_it_see_nobodys_name_or_words_on_any_page_they_have() {
    let school = Staffed::open().await;
    let pack = school.pack(Role::Governor).await;
    let personal = ["Amina", "Boris", "Clara", "Sam", "Tia", "family.example", "900101", "coat", "Elm"];

    for role in [Role::Governor, Role::It] {
        for (_, path, _) in ROWS.iter().filter(|(method, _, _)| *method == "GET") {
            let page = school.as_role(role).await.get(&path.replace("{pack}", &pack)).await;
            for word in personal {
                assert!(!page.body.contains(word), "{role} reads {word} on {path}");
            }
        }
    }
    school.close().await;
}
