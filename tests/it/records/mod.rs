//! What colleagues record: calls, letters, contacts, and what changes of a carer.

mod announcements;
mod calendar;
mod calls;
mod confirming;
mod contacts;
mod drafts;
mod drops;
mod elsewhere;
mod letters;
mod life;
mod links;
mod people;
mod previews;
mod topics;
mod urgent;

use liaison::{
    domain::ids::{CarerId, LinkId, PupilId, StaffId},
    flows::FlowError,
};
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::support::school::School;

/// The sentence of a refusal.
fn refusal<T: std::fmt::Debug>(result: Result<T, FlowError>) -> String {
    match result {
        Err(FlowError::Refused(why) | FlowError::At { sentence: why, .. }) => why,
        other => panic!("not refused: {other:?}"),
    }
}

async fn pupil_id(school: &School, reference: &str) -> PupilId {
    let ids = school.rows(&format!("select id::text from pupil where pupil_ref = '{reference}'")).await;
    ids[0].parse().unwrap()
}

async fn carer_id(school: &School, reference: &str) -> CarerId {
    let ids = school.rows(&format!("select id::text from carer where contact_ref = '{reference}'")).await;
    ids[0].parse().unwrap()
}

async fn link_id(school: &School, carer: &str) -> LinkId {
    let sql = format!(
        "select l.id::text from link l join carer c on c.id = l.carer_id where c.contact_ref = '{carer}'"
    );
    school.rows(&sql).await[0].parse().unwrap()
}

/// A colleague with these roles, in charge of the class Oak if a teacher.
async fn colleague(school: &School, name: &str, roles: &str) -> StaffId {
    let id = StaffId::new();
    school
        .db
        .as_superuser(&format!(
            "insert into staff (id, name, email, roles)
             values ('{id}', '{name}', '{name}@northfield.example', '{{{roles}}}');
             insert into class_staff select id, '{id}' from class where '{roles}' like '%teacher%'"
        ))
        .await;
    id
}

/// A connection that reads as this colleague's pages do.
async fn as_colleague(school: &School, who: StaffId) -> PgConnection {
    let mut connection = PgConnection::connect_with(&school.db.owner()).await.unwrap();
    let me = format!("select set_config('liaison.staff', '{who}', false)");
    connection.execute(sqlx::AssertSqlSafe(me)).await.unwrap();
    connection.execute("set role liaison_staff").await.unwrap();
    connection
}

/// How many rows of a table a colleague sees.
async fn sees(school: &School, who: StaffId, table: &str) -> i64 {
    let mut connection = as_colleague(school, who).await;
    let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
    sqlx::query(sql).fetch_one(&mut connection).await.unwrap().get(0)
}
