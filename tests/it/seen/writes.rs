//! A colleague's connection changes nothing, and reads nothing that is not for pages.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::{STAFF, school, signed_in};

const DENIED: &str = "42501";

/// The code with which Postgres refuses this; `None`: it does it.
async fn refused(connection: &mut PgConnection, statement: String) -> Option<String> {
    connection.execute("savepoint here").await.unwrap();
    let done = connection.execute(AssertSqlSafe(statement)).await;
    connection.execute("rollback to savepoint here").await.unwrap();
    let error = done.err()?;
    Some(
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned(),
    )
}

#[tokio::test]
async fn no_colleague_can_write_to_any_table_or_view() {
    let school = school().await;
    let mut owner = PgConnection::connect_with(&school.db.owner()).await.unwrap();
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, min(column_name::text) from information_schema.columns
         where table_schema = 'public' group by table_name order by table_name",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(tables.len() > 35, "{tables:?}");

    for (name, ..) in STAFF {
        let mut connection = signed_in(&school, name).await;
        for (table, column) in &tables {
            let writes = [
                format!("insert into {table} default values"),
                format!("update {table} set {column} = {column}"),
                format!("update {table} set {column} = null"),
                format!("delete from {table}"),
                format!("truncate {table}"),
            ];
            for write in writes {
                let told = format!("{name}: {write}");
                let code = refused(&mut connection, write).await;
                // Nobody writes to a view: object not in prerequisite state, or of the wrong type.
                assert!(matches!(code.as_deref(), Some(DENIED | "55000" | "42809")), "{told}: {code:?}");
            }
        }
    }
    school.close().await;
}

#[tokio::test]
async fn what_proves_who_somebody_is_and_what_is_no_pages_business_cannot_be_read() {
    let school = school().await;
    let mut connection = signed_in(&school, "dsl").await;
    let hidden = [
        "* from staff_account",
        "* from recovery_code",
        "* from staff_session",
        "* from form_sent",
        "* from conflict_of_interest",
        "* from received",
        "* from received_unread",
        "settings from policy_version",
        "* from reply_key",
        "* from home",
        "note_ref from restriction",
        "reason from entry_hidden",
        "pupil_id from audit_sample",
        "case_id from audit_sample",
    ];

    for what in hidden {
        assert_eq!(
            refused(&mut connection, format!("select {what}")).await.as_deref(),
            Some(DENIED),
            "{what}"
        );
    }
    school.close().await;
}

#[tokio::test]
async fn whatever_a_colleague_may_read_is_kept_apart_by_a_policy() {
    let school = school().await;

    let open = school
        .rows(
            "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'public' and c.relkind = 'r' and not c.relrowsecurity
               and has_any_column_privilege('liaison_staff', c.oid, 'select')",
        )
        .await;

    assert_eq!(open, Vec::<String>::new());
    school.close().await;
}
