//! The private cluster, with real servers in folders of their own.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use liaison::store::cluster::{Cluster, ClusterError, ClusterOptions, Durability, Stopped, reachable_dir};
use sqlx::{Connection, PgConnection, query_scalar};
use tempfile::TempDir;

/// A folder that the server's user may enter when the tests run as root; its server dies with it.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        Self { root }
    }

    fn dir(&self) -> PathBuf {
        self.root.path().join("postgres")
    }

    fn throwaway(&self) -> ClusterOptions {
        ClusterOptions { dir: self.dir(), bin_dir: None, durability: Durability::Throwaway }
    }

    fn safe(&self) -> ClusterOptions {
        ClusterOptions { durability: Durability::Safe, ..self.throwaway() }
    }

    /// The server's process while it runs: a clean stop removes the file.
    fn postmaster(&self) -> Option<u32> {
        let text = fs::read_to_string(self.dir().join("data/postmaster.pid")).ok()?;
        text.lines().next()?.parse().ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster() {
            kill("-QUIT", pid);
        }
    }
}

fn kill(signal: &str, pid: u32) {
    Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
}

/// The session that a process is in: the fourth field after the name in brackets, `proc(5)`.
fn session(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.split(' ').nth(3)?.parse().ok()
}

async fn ask(cluster: &Cluster, database: &str, question: &'static str) -> String {
    let mut connection = PgConnection::connect_with(&cluster.connect_options(database)).await.unwrap();
    let answer = query_scalar(question).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    answer
}

#[tokio::test]
async fn an_empty_folder_becomes_a_database_that_keeps_what_it_was_told() {
    let place = Place::new();

    let cluster = Cluster::start(&place.safe()).await.unwrap();
    let made = cluster.ensure_database("liaison").await.unwrap();
    let again = cluster.ensure_database("liaison").await.unwrap();
    ask(&cluster, "liaison", "with t as (select 1) select set_config('x.y', 'z', false) from t").await;
    let stopped = cluster.release().await.unwrap();
    let reopened = Cluster::start(&place.safe()).await.unwrap();

    assert!(made && !again);
    assert_eq!(stopped, Stopped::Server);
    assert!(!reopened.ensure_database("liaison").await.unwrap());
    assert_eq!(ask(&reopened, "liaison", "select current_user::text").await, "liaison");
    assert_eq!(reopened.release().await.unwrap(), Stopped::Server);
    assert_eq!(place.postmaster(), None);
}

#[tokio::test]
async fn a_safe_server_syncs_listens_on_no_network_and_logs_no_statement() {
    let place = Place::new();

    let cluster = Cluster::start(&place.safe()).await.unwrap();

    for (setting, value) in [
        ("show fsync", "on"),
        ("show full_page_writes", "on"),
        ("show synchronous_commit", "on"),
        ("show listen_addresses", ""),
        ("show timezone", "UTC"),
        ("show log_statement", "none"),
        ("show server_encoding", "UTF8"),
    ] {
        assert_eq!(ask(&cluster, "postgres", setting).await, value, "{setting}");
    }
    let socket = fs::metadata(place.dir().join("socket")).unwrap();
    assert_eq!(socket.mode() & 0o777, 0o700);
    assert_eq!(session(place.postmaster().unwrap()), place.postmaster(), "Ctrl-C would reach it");
    cluster.release().await.unwrap();
}

#[tokio::test]
async fn a_failed_statement_leaves_nobodys_name_in_the_log() {
    let place = Place::new();
    let cluster = Cluster::start(&place.throwaway()).await.unwrap();
    let mut connection = PgConnection::connect_with(&cluster.connect_options("postgres")).await.unwrap();
    let statements = [
        "select 'Aisha Example'::uuid",
        "create temp table t (n text unique); insert into t values ('Aisha Example'), ('Aisha Example')",
        "do $$ begin raise warning 'Aisha Example'; end $$",
    ];

    for statement in statements {
        sqlx::raw_sql(statement).execute(&mut connection).await.ok();
    }
    cluster.release().await.unwrap();

    let log = fs::read_to_string(place.dir().join("postgres.log")).unwrap();
    assert!(log.contains("shut down"), "{log}");
    assert!(!log.contains("Aisha"), "{log}");
}

#[tokio::test]
async fn a_second_user_attaches_and_only_the_last_one_stops_the_server() {
    let place = Place::new();
    let daemon = Cluster::start(&place.throwaway()).await.unwrap();
    let before = place.postmaster();

    let command = Cluster::start(&place.throwaway()).await.unwrap();

    assert_eq!(place.postmaster(), before);
    assert_eq!(daemon.release().await.unwrap(), Stopped::StillUsed);
    assert_eq!(ask(&command, "postgres", "select 'alive'").await, "alive");
    assert_eq!(command.release().await.unwrap(), Stopped::Server);
    assert_eq!(place.postmaster(), None);
}

#[tokio::test]
async fn users_who_start_at_once_share_one_server() {
    let place = Place::new();
    let options = place.throwaway();

    let started = tokio::join!(Cluster::start(&options), Cluster::start(&options), Cluster::start(&options));
    let (one, two, three) = (started.0.unwrap(), started.1.unwrap(), started.2.unwrap());
    let left = tokio::join!(one.release(), two.release(), three.release());

    let stopped = [left.0.unwrap(), left.1.unwrap(), left.2.unwrap()];
    assert_eq!(stopped.iter().filter(|s| **s == Stopped::Server).count(), 1, "{stopped:?}");
    assert_eq!(place.postmaster(), None);
}

#[tokio::test]
async fn starting_and_leaving_over_and_over_from_two_sides_never_meets_a_dying_server() {
    let place = Place::new();
    let options = place.throwaway();
    let come_and_go = async || {
        for _ in 0..5 {
            let cluster = Cluster::start(&options).await.unwrap();
            assert_eq!(ask(&cluster, "postgres", "select 'alive'").await, "alive");
            cluster.release().await.unwrap();
        }
    };

    tokio::join!(come_and_go(), come_and_go());

    assert_eq!(place.postmaster(), None);
}

/// Not a test of its own: the process that another test starts and kills.
#[tokio::test]
async fn helper_that_starts_a_cluster_and_is_killed() {
    let Ok(dir) = std::env::var("LIAISON_TEST_CLUSTER") else { return };
    let options = ClusterOptions { dir: dir.into(), bin_dir: None, durability: Durability::Throwaway };
    let cluster = Cluster::start(&options).await.unwrap();
    cluster.ensure_database("left_behind").await.unwrap();

    kill("-KILL", std::process::id());

    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_server_outlives_its_killed_daemon_and_the_next_one_attaches() {
    let place = Place::new();
    let helper = "helper_that_starts_a_cluster_and_is_killed";
    let this_test = std::env::current_exe().unwrap();

    let status = Command::new(this_test)
        .args([&format!("cluster::{helper}"), "--exact"])
        .env("LIAISON_TEST_CLUSTER", place.dir())
        .output()
        .unwrap()
        .status;
    let survivor = place.postmaster();
    let cluster = Cluster::start(&place.throwaway()).await.unwrap();

    assert!(!status.success());
    assert!(survivor.is_some());
    assert_eq!(place.postmaster(), survivor);
    assert!(!cluster.ensure_database("left_behind").await.unwrap());
    assert_eq!(cluster.release().await.unwrap(), Stopped::Server);
    assert_eq!(place.postmaster(), None);
}

#[tokio::test]
async fn a_dropped_user_counts_as_gone_and_leaves_the_server() {
    let place = Place::new();
    let dropped = Cluster::start(&place.throwaway()).await.unwrap();
    let before = place.postmaster();

    drop(dropped);
    let next = Cluster::start(&place.throwaway()).await.unwrap();

    assert_eq!(place.postmaster(), before);
    assert_eq!(next.release().await.unwrap(), Stopped::Server);
}

#[tokio::test]
async fn a_killed_server_is_started_again_and_has_kept_its_data() {
    let place = Place::new();
    let cluster = Cluster::start(&place.safe()).await.unwrap();
    cluster.ensure_database("kept").await.unwrap();
    let killed = place.postmaster().unwrap();

    kill("-KILL", killed);
    let again = Cluster::start(&place.safe()).await.unwrap();

    assert_ne!(place.postmaster(), Some(killed));
    assert!(!again.ensure_database("kept").await.unwrap());
    drop(cluster);
    assert_eq!(again.release().await.unwrap(), Stopped::Server);
}

#[tokio::test]
async fn a_set_up_that_was_cut_short_is_done_again() {
    let place = Place::new();
    let half_made = place.dir().join("data.new");
    fs::create_dir_all(half_made.join("base")).unwrap();
    fs::set_permissions(place.dir(), Permissions::from_mode(0o711)).unwrap();
    fs::write(half_made.join("PG_VERSION"), "15\n").unwrap();

    let cluster = Cluster::start(&place.throwaway()).await.unwrap();

    assert!(cluster.ensure_database("liaison").await.unwrap());
    assert!(!half_made.exists());
    cluster.release().await.unwrap();
}

#[tokio::test]
async fn data_of_another_version_are_left_alone_with_a_way_out() {
    let place = Place::new();
    Cluster::start(&place.throwaway()).await.unwrap().release().await.unwrap();
    fs::write(place.dir().join("data/PG_VERSION"), "9\n").unwrap();

    let error = Cluster::start(&place.throwaway()).await.unwrap_err();

    assert!(matches!(error, ClusterError::VersionMismatch { data: 9, .. }), "{error}");
    assert!(error.to_string().contains("pg_upgrade"), "{error}");
}

#[tokio::test]
async fn a_folder_with_something_else_in_it_is_not_touched() {
    let place = Place::new();
    fs::create_dir_all(place.dir().join("data")).unwrap();
    fs::write(place.dir().join("data/holiday-photos"), "precious").unwrap();

    let error = Cluster::start(&place.throwaway()).await.unwrap_err();

    assert!(matches!(error, ClusterError::NotData(_)), "{error}");
    assert!(place.dir().join("data/holiday-photos").exists());
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let place = Place::new();
    Cluster::start(&place.throwaway()).await.unwrap().release().await.unwrap();
    fs::write(place.dir().join("data/postgresql.conf"), "shared_preload_libraries = 'no_such_library'\n")
        .unwrap();

    let error = Cluster::start(&place.throwaway()).await.unwrap_err();

    assert!(error.to_string().contains("no_such_library"), "{error}");
}

#[tokio::test]
async fn a_server_that_a_test_left_does_not_serve_a_school() {
    let place = Place::new();
    let careless = Cluster::start(&place.throwaway()).await.unwrap();

    let error = Cluster::start(&place.safe()).await.unwrap_err();

    assert!(matches!(error, ClusterError::NotDurable(_)), "{error}");
    assert_eq!(careless.release().await.unwrap(), Stopped::Server);
}

#[tokio::test]
async fn a_deep_folder_with_odd_characters_works_by_a_short_socket_path() {
    let place = Place::new();
    let deep = place.dir().join("a, \"b\" ü".repeat(3)).join("x".repeat(100));
    let options = ClusterOptions { dir: deep, ..place.throwaway() };

    let one = Cluster::start(&options).await.unwrap();
    let two = Cluster::start(&options).await.unwrap();

    assert_eq!(ask(&two, "postgres", "select 'alive'").await, "alive");
    assert_eq!(one.release().await.unwrap(), Stopped::StillUsed);
    assert_eq!(two.release().await.unwrap(), Stopped::Server);
}

#[tokio::test]
async fn names_that_could_be_sql_are_refused() {
    let place = Place::new();
    let cluster = Cluster::start(&place.throwaway()).await.unwrap();

    for name in ["", "a\"; drop database postgres; --", "Ümlaut", "with space", &"x".repeat(64)] {
        let refused = cluster.ensure_database(name).await;
        assert!(matches!(refused, Err(ClusterError::DatabaseName)), "{name}");
    }
    cluster.release().await.unwrap();
}

#[tokio::test]
async fn a_folder_closed_to_the_servers_user_is_named_and_there_is_a_way_round() {
    let closed = tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap();
    let dir = closed.path().join("postgres");
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        assert_eq!(reachable_dir(&dir), dir, "an ordinary user runs the server itself");
        return;
    }

    let options = ClusterOptions { dir: dir.clone(), bin_dir: None, durability: Durability::Throwaway };
    let error = Cluster::start(&options).await.unwrap_err();

    assert!(matches!(&error, ClusterError::Unreachable { folder, .. } if folder == closed.path()), "{error}");
    assert!(reachable_dir(&dir).starts_with("/var/tmp"));
    assert_eq!(reachable_dir(&dir), reachable_dir(&dir));
    assert_eq!(reachable_dir(Path::new("/srv/liaison")), Path::new("/srv/liaison"));
}
