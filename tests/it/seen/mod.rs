//! What each colleague sees of what is in the database, whatever a page asks for: decided by Postgres, table by table.

mod rows;
mod writes;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::support::{
    inbound::Letter,
    people::{Person, Roll, carer, pupil},
    school::School,
};

const AMINA: &str = "amina.begum@home.example";
const BORIS: &str = "boris.czerny@away.example";
const CARYS: &str = "carys.dafydd@home.example";
const HER_WORDS: &str = "Could you tell me when the trip is?";
const REASON: &str = "He is afraid to go home.";

/// Every table that holds what is somebody's, with a label for each of its rows, as the owner reads them.
const TABLES: [(&str, &str, &str); 17] = [
    ("pupil", "id", "select id, legal_forename from pupil"),
    ("carer", "id", "select id, forename from carer"),
    ("address", "id", "select id, split_part(split_part(value, '@', 1), chr(10), 1) from address"),
    ("restriction", "id", "select r.id, kind from restriction r"),
    (
        "delivery",
        "id",
        "select d.id, d.purpose || ' to ' || c.forename from delivery d join carer c on c.id = carer_id",
    ),
    ("carer_case", "id", "select k.id, c.forename from carer_case k join carer c on c.id = carer_id"),
    (
        "clock",
        "id",
        "select l.id, c.forename from clock l join carer_case k on k.id = l.case_id join carer c on c.id = k.carer_id",
    ),
    (
        "answer",
        "id",
        "select a.id, a.purpose || ' to ' || c.forename from answer a join carer_case k on k.id = a.case_id
         join carer c on c.id = k.carer_id",
    ),
    ("reading", "received_id", "select received_id, split_part(sender, '.', 1) from reading"),
    ("received_seen", "id", "select received_id, split_part(sender, '.', 1) from reading"),
    (
        "question",
        "id",
        "select q.id, q.kind || ' ' || split_part(g.sender, '.', 1) from question q
         join reading g on g.received_id = q.received_id",
    ),
    ("task", "id", "select t.id, t.kind || ' ' || c.forename from task t join carer c on c.id = t.carer_id"),
    ("attempt", "delivery_id", "select d.id, c.forename from delivery d join carer c on c.id = d.carer_id"),
    (
        "choice",
        "subject_id",
        "select d.id, c.forename from delivery d join carer c on c.id = d.carer_id
         union all select t.id, c.forename from task t join carer c on c.id = t.carer_id
         union all select e.id, c.forename from chronology_entry e join carer c on c.id = e.carer_id",
    ),
    ("receipt", "delivery_id", "select d.id, c.forename from delivery d join carer c on c.id = d.carer_id"),
    ("chronology_entry", "id", ENTRIES),
    ("chronology_body", "entry_id", ENTRIES),
];

const ENTRIES: &str = "select e.id, case when e.visibility = 'restricted' then 'restricted ' else '' end
                              || coalesce(c.forename, p.legal_forename, split_part(g.sender, '.', 1), 'nobody')
                       from chronology_entry e left join carer c on c.id = e.carer_id
                       left join pupil p on p.id = e.pupil_id left join reading g on g.received_id = e.received_id";

/// Colleagues: who, roles, class, and whether the account is disabled.
const STAFF: [(&str, &str, &str, bool); 9] = [
    ("oak", "teacher", "Oak", false),
    ("elm", "teacher", "Elm", false),
    ("office", "office", "", false),
    ("slt", "slt", "", false),
    ("dsl", "dsl", "", false),
    ("governor", "governor", "", false),
    ("it", "it", "", false),
    ("gone", "teacher,office,slt,dsl", "Oak", true),
    ("parent", "office,teacher", "Oak", false),
];

/// Two classes. In Oak: Sam and Una, children of Amina, with Sam's father Boris, who may not be told anything, and Derek,
/// who is rung. In Elm: Tom, child of Carys. Amina has asked something, of which child is open; Boris and Carys have
/// written too, and a stranger. Nobody is on record for Vera, of Elm.
/// One colleague, `parent`, is of Sam's family and of Vera's.
async fn school() -> School {
    let in_elm = |person: Person| person.with("class", "Elm");
    let hers =
        |child| carer(child, "C1", "Amina", "Begum").email(AMINA).lives_at("1 Quarry Lane").wants("email");
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash"), pupil("P3", "Una", "Ash"), in_elm(pupil("P2", "Tom", "Birch"))],
        &[
            hers("P1"),
            hers("P3"),
            carer("P1", "C2", "Boris", "Czerny").email(BORIS).restricted("no_contact", "", ""),
            carer("P1", "C4", "Derek", "Eames").mobile("07700 900104").wants("phone"),
            carer("P2", "C3", "Carys", "Dafydd").email(CARYS).wants("email"),
        ],
    );
    let school = School::open(&roll).await;
    for (name, roles, class, disabled) in STAFF {
        school.db.as_superuser(&hire(name, roles, class, disabled)).await;
    }
    let alone = "insert into pupil (id, pupil_ref, legal_surname, legal_forename, class_id) \
                 select gen_random_uuid(), 'P5', 'Alone', 'Vera', id from class where name = 'Elm'";
    school.db.as_superuser(alone).await;
    let family = "insert into conflict_of_interest select s.id, p.id, now(), 'head' from staff s, pupil p \
                  where s.name = 'parent' and p.pupil_ref in ('P1', 'P5')";
    school.db.as_superuser(family).await;
    school.queue(&[("P1", "Sam read aloud."), ("P2", "Tom painted.")]).await;
    let letters = [AMINA, BORIS, CARYS, "stranger.danger@elsewhere.example"];
    school.arrive_all(&letters.map(|from| Letter::from(from).says(HER_WORDS))).await;
    school.deliver().await;
    let reported = "insert into receipt (channel, provider_ref, status, delivery_id, received_at, moved)
                    select channel, provider_ref, 'read', id, now(), false from delivery where purpose = 'weekly_update'";
    school.db.as_superuser(reported).await;
    school
}

fn hire(name: &str, roles: &str, class: &str, disabled: bool) -> String {
    let left = if disabled { "now()" } else { "null" };
    format!(
        "insert into staff (id, name, email, roles, disabled_at)
         values (gen_random_uuid(), '{name}', '{name}@northfield.example', string_to_array('{roles}', ','), {left});
         insert into class_staff select k.id, s.id from class k, staff s where k.name = '{class}' and s.name = '{name}'"
    )
}

/// A connection in a transaction that reads as this colleague; an empty name: nobody is signed in.
async fn signed_in(school: &School, name: &str) -> PgConnection {
    let mut connection = PgConnection::connect_with(&school.db.owner()).await.unwrap();
    let id: Option<String> = sqlx::query_scalar("select id::text from staff where name = $1")
        .bind(name)
        .fetch_optional(&mut connection)
        .await
        .unwrap();
    connection.execute("begin; set local role liaison_staff").await.unwrap();
    sqlx::query("select set_config('liaison.staff', $1, true)")
        .bind(id.unwrap_or_default())
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

/// `pupil: Sam, Una`, a line per table in which the colleague sees anything; each label once.
async fn sees(school: &School, name: &str) -> String {
    let mut connection = signed_in(school, name).await;
    let mut lines = Vec::new();
    for (table, id, labels) in TABLES {
        let labels: Vec<(uuid::Uuid, String)> =
            sqlx::query_as(labels).fetch_all(school.gateway.store.pool()).await.unwrap();
        let rows: Vec<uuid::Uuid> = sqlx::query_scalar(AssertSqlSafe(format!("select {id} from {table}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let label = |row| labels.iter().find(|(id, _)| id == row).map_or("?", |(_, label)| label).to_owned();
        let mut seen: Vec<_> = rows.iter().map(label).collect();
        seen.sort();
        seen.dedup();
        if !seen.is_empty() {
            lines.push(format!("{table}: {}", seen.join(", ")));
        }
    }
    lines.join("\n")
}

/// All words beside entries that the colleague sees.
async fn words_seen(school: &School, name: &str) -> String {
    let mut connection = signed_in(school, name).await;
    let words: Vec<String> =
        sqlx::query_scalar("select body from chronology_body").fetch_all(&mut connection).await.unwrap();
    words.join("\n")
}
