//! A school with its staff pages, colleagues of every role, and a browser without scripts to open them with.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use liaison::{
    domain::{ids::StaffId, staff::Role},
    flows::{colleagues, play::Play, sign_in as entry},
    web::{self, Site},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tower::ServiceExt as _;

use super::{
    html::{doors, tokens},
    inbound::Letter,
    people::{Roll, carer, pupil},
    school::School,
};

pub(crate) const AMINA: &str = "amina@family.example";
pub(crate) const BORIS: &str = "boris@family.example";
pub(crate) const CLARA: &str = "clara@family.example";

/// Sam of Oak with two parents, the father restricted, and a grandmother who wants to be rung; Tia of Rowan with her mother.
pub(crate) fn two_classes() -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash"), pupil("P2", "Tia", "Birch").with("class", "Rowan")],
        &[
            carer("P1", "C1", "Amina", "Ash").email(AMINA).mobile("07700 900101").lives_at("1 Elm Row"),
            carer("P1", "C2", "Boris", "Czerny").email(BORIS).restricted("no_contact", "", ""),
            carer("P1", "C4", "Dora", "Ash").mobile("07700 900104").wants("phone"),
            carer("P2", "C3", "Clara", "Birch").email(CLARA).mobile("07700 900103").lives_at("3 Oak Lane"),
        ],
    )
}

/// A school with these pages, in which each parent has written; a colleague of every role.
pub(crate) struct Staffed {
    pub(crate) school: School,
    pub(crate) router: Router,
}

/// Tables that tell of requests or of entries, not of families.
const OF_REQUESTS: [&str; 4] = ["staff_session", "form_sent", "staff_account", "chronology_unsealed"];
/// One of each role; the teacher is Oak's.
pub(crate) const PEOPLE: [(&str, Role); 6] = [
    ("teacher@northfield.example", Role::Teacher),
    ("office@northfield.example", Role::Office),
    ("slt@northfield.example", Role::Slt),
    ("dsl@northfield.example", Role::Dsl),
    ("governor@northfield.example", Role::Governor),
    ("it@northfield.example", Role::It),
];

/// The address of the one colleague who holds only this role.
pub(crate) fn email_of(role: Role) -> &'static str {
    PEOPLE.iter().find(|(_, held)| *held == role).expect("one of each").0
}

/// The pages where a browser without scripts opens them.
fn at_home() -> Site {
    Site { public_url: Some("http://127.0.0.1".to_owned()), ..Site::default() }
}

impl Staffed {
    /// The school, each parent having written.
    pub(crate) async fn open() -> Self {
        let school = School::open(&two_classes()).await;
        for (address, words) in [
            (AMINA, "Has Sam got his coat?"),
            (BORIS, "When is Sam let out?"),
            (CLARA, "Is Tia's reading book in?"),
        ] {
            school.arrives(&Letter::from(address).says(words)).await;
        }
        let _ = school.arrives(&Letter::from("new@elsewhere.example").says("Is Sam in today?")).await;
        Self::of(school, "Oak", |role| role.as_str().to_owned()).await
    }

    /// This school with a colleague of every role, named by `name`; the teacher has this class.
    pub(crate) async fn of(school: School, class: &str, name: impl Fn(Role) -> String) -> Self {
        for (email, role) in PEOPLE {
            colleagues::add(&school.gateway, &name(role), email, &[role], "test").await.expect("added");
        }
        colleagues::set_classes(&school.gateway, PEOPLE[0].0, &[class.to_owned()], "test")
            .await
            .expect("classes");
        let mut staffed = Self { school, router: Router::new() };
        staffed.serve(at_home());
        staffed
    }

    /// Has the pages served at this address.
    pub(crate) fn serve_at(&mut self, url: &str) {
        self.serve(Site { public_url: Some(url.to_owned()), ..Site::default() });
    }

    /// Has the pages served as the demo's; its provider of texts reaches them nowhere.
    pub(crate) fn serve_as_demo(&mut self) {
        let at = |name| self.school.place(name);
        let play = Play {
            inbox: at("inbox"),
            mail: at("mail"),
            texts: at("texts"),
            phones: self.school.phones("http://127.0.0.1:9"),
        };
        self.serve(Site { demo: true, play: Some(play), ..at_home() });
    }

    /// Has the pages served to browsers that wait for nothing.
    pub(crate) fn serve_the_impatient(&mut self) {
        self.serve_the_impatient_at("http://127.0.0.1");
    }

    /// The same at this address.
    pub(crate) fn serve_the_impatient_at(&mut self, url: &str) {
        let site = Site { public_url: Some(url.to_owned()), patience: Duration::ZERO, ..Site::default() };
        self.router = web::router(self.school.gateway.clone(), site);
    }

    fn serve(&mut self, site: Site) {
        // A slow machine's answers are the same ones.
        let site = Site { patience: Duration::from_mins(10), ..site };
        self.router = web::router(self.school.gateway.clone(), site);
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookie: None }
    }

    /// A browser in which this colleague is signed in and needs nothing first.
    pub(crate) async fn signed_in(&self, email: &str) -> Browser {
        let token = self.session_of(email).await;
        Browser { router: self.router.clone(), cookie: Some(format!("liaison={token}")) }
    }

    /// The value of a cookie by which this colleague is signed in and needs nothing first.
    pub(crate) async fn session_of(&self, email: &str) -> String {
        let staff = self.staff(email).await;
        self.sql(&format!("update staff_account set must_change = false where staff_id = '{staff}'")).await;
        let token = entry::sign_in_as(&self.school.gateway, staff).await.expect("a session");
        token.expose().clone()
    }

    /// The one colleague who holds only this role.
    pub(crate) async fn as_role(&self, role: Role) -> Browser {
        self.signed_in(email_of(role)).await
    }

    pub(crate) async fn staff(&self, email: &str) -> StaffId {
        let mut connection = self.school.gateway.store.acquire().await.expect("a connection");
        liaison::store::colleagues::account(&mut connection, email)
            .await
            .expect("an answer")
            .expect("them")
            .id
    }

    /// The code of this carer's case.
    pub(crate) async fn case_of(&self, carer: &str) -> String {
        self.school.cases().await.into_iter().find(|case| case.carer == carer).expect("a case").code
    }

    /// A notice to the whole school that the office has written; nobody has approved it.
    pub(crate) async fn announcement(&self) -> String {
        use liaison::domain::{announcement, people::Purpose};
        let to = announcement::Audience::School;
        let written = announcement::Written::read(Purpose::Notice, "Closed on Friday", "It snows.", to)
            .expect("good words");
        let office = self.staff(PEOPLE[1].0).await.to_string();
        let id = liaison::flows::announcements::write(&self.school.gateway, &written, &office).await;
        id.expect("written").to_string()
    }

    /// The page of this pupil.
    pub(crate) async fn family_of(&self, reference: &str) -> String {
        let mut connection = self.school.gateway.store.acquire().await.expect("a connection");
        let pupil =
            liaison::store::explain::pupil_named(&mut connection, reference).await.expect("an answer");
        format!("/families/{}", pupil.expect("a pupil"))
    }

    /// The call to Sam's grandmother that an update of the week leads to.
    pub(crate) async fn call(&self) -> String {
        self.school.queue(&[("P1", "Sam read two whole chapters aloud.")]).await;
        let tasks = self.school.tasks().await;
        tasks.iter().find(|task| task.kind == "call").expect("a call").id.to_string()
    }

    pub(crate) async fn sql(&self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        sqlx::query(statement).execute(self.school.gateway.store.pool()).await.expect("a good statement");
    }

    /// A digest of every table that holds something of the school, read as its owner.
    pub(crate) async fn digests(&self) -> Vec<String> {
        let mut owner = PgConnection::connect_with(&self.school.db.owner()).await.unwrap();
        let tables = "select relname::text from pg_class where relkind = 'r' and relname not like '\\_%'
                      and relnamespace = 'public'::regnamespace order by 1";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut owner).await.unwrap();
        let digest = |table: &String| {
            // That the DSL read a restricted case is recorded, and is no deed.
            let but = if table == "chronology_entry" { "where kind <> 'read_restricted'" } else { "" };
            format!(
                "select '{table} ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from \"{table}\" t {but}"
            )
        };
        let kept = tables.iter().filter(|table| !OF_REQUESTS.contains(&table.as_str()));
        let all = kept.map(digest).collect::<Vec<_>>().join(" union all ");
        let digests = sqlx::query_scalar(AssertSqlSafe(all)).fetch_all(&mut owner).await.unwrap();
        owner.close().await.unwrap();
        digests
    }

    pub(crate) async fn close(self) {
        self.school.close().await;
    }
}

/// A browser without scripts: it keeps a cookie, follows nothing by itself, and says where a form came from.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) router: Router,
    pub(crate) cookie: Option<String>,
}

/// What it was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Where it sends the browser.
    pub(crate) fn to(&self) -> &str {
        self.headers.get("location").map_or("", |value| value.to_str().expect("plain"))
    }

    /// A hidden field of the form with this action.
    pub(crate) fn hidden(&self, action: &str, name: &str) -> String {
        let form = self.body.split("<form ").find(|form| form.contains(&format!("action=\"{action}\"")));
        let form = form.unwrap_or_else(|| panic!("no form does {action} in {}", self.body));
        let (_, rest) = form.split_once(&format!("name=\"{name}\" value=\"")).expect("the field");
        rest.split('"').next().expect("its value").to_owned()
    }
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    /// Sends a form as a page of ours would.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Request::post(path).header("sec-fetch-site", "same-origin"), body).await
    }

    /// Fills in the form that does this on a page, and presses its button.
    pub(crate) async fn press(&mut self, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let (key, once) = (page.hidden(action, "form_key"), page.hidden(action, "once"));
        let mut all = vec![("form_key", key.as_str()), ("once", once.as_str())];
        all.extend_from_slice(fields);
        self.post(action, &all).await
    }

    /// Presses the button of the form that does this on a page, with these words wherever words can be typed and every
    /// other field as it stands.
    pub(crate) async fn press_with(&mut self, page: &Answer, action: &str, words: &str) -> Answer {
        let forms = doors(&tokens(&page.body).expect("a page")).forms;
        let form = forms.into_iter().find(|form| form.action == action);
        let fields = form.unwrap_or_else(|| panic!("no form does {action} in {}", page.body)).filled(words);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(action, &fields).await
    }

    pub(crate) async fn send(
        &mut self,
        mut request: axum::http::request::Builder,
        body: impl Into<Body>,
    ) -> Answer {
        request = request.header("host", "127.0.0.1");
        if request.headers_ref().is_some_and(|headers| !headers.contains_key("content-type")) {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        if let Some(set) = parts.headers.get("set-cookie") {
            let set = set.to_str().unwrap();
            let pair = set.split(';').next().unwrap().to_owned();
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
        let body = to_bytes(body, 4 << 20).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}
