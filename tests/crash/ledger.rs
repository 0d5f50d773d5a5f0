//! What must be true in the end, whatever happened: the record against what truly arrived.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use sqlx::Connection as _;
use uuid::Uuid;

use crate::{daemon, school::School};

/// What the record says of a delivery.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: Uuid,
    route: String,
    state: String,
    tries: i16,
    maybe_twice: bool,
    reference: Option<String>,
    address: Option<String>,
    holder: Option<Uuid>,
    sent_entries: i64,
    found_entries: i64,
    twice_entries: i64,
    doubt_entries: i64,
    attempts: i64,
    accepted: i64,
}

/// What arrived, and how it stands to the record.
pub(crate) struct Ledger {
    /// How often a mail arrived beyond its first time, over all mails.
    pub(crate) mails_again: usize,
    /// The mails that arrived more than once.
    pub(crate) doubled: HashSet<Uuid>,
    /// The mails and texts that are marked: they may arrive twice.
    pub(crate) marked: usize,
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} mails came {} times too often; {} were marked",
            self.doubled.len(),
            self.mails_again,
            self.marked
        )
    }
}

/// Checks everything that holds after any trouble: nothing lost, no text twice, a mail twice only when the record says
/// so, the record complete and unaltered, the log free of addresses. The queue must be drained.
pub(crate) async fn check(school: &School) -> Ledger {
    let (mails, texts) = school.queued();
    let rows = read(school).await;
    let arrived_mails = mails_by_id(school);
    let arrived_texts = texts_by_number(school);
    let mut ledger = Ledger { mails_again: 0, doubled: HashSet::new(), marked: 0 };
    for row in &rows {
        let arrived = match (row.route.as_str(), &row.reference, &row.address) {
            ("email", Some(id), Some(address)) => {
                let recipients = arrived_mails.get(id.as_str()).unwrap_or_else(|| panic!("lost: {row:?}"));
                assert!(recipients.iter().all(|to| to == address), "to somebody else: {row:?}");
                recipients.len()
            }
            ("text", Some(sid), Some(number)) => {
                let sids = arrived_texts.get(number).unwrap_or_else(|| panic!("lost: {row:?}"));
                assert_eq!(
                    sids.as_slice(),
                    std::slice::from_ref(sid),
                    "another text than the record says, or a second: {row:?}"
                );
                assert!(!row.maybe_twice, "a text went without an answer: {row:?}");
                1
            }
            _ => panic!("no way or no reference: {row:?}"),
        };
        check_row(row, arrived);
        ledger.marked += usize::from(row.maybe_twice);
        if arrived > 1 {
            ledger.mails_again += arrived - 1;
            ledger.doubled.insert(row.id);
        }
    }
    let of_route = |route: &str| rows.iter().filter(|row| row.route == route).count();
    assert_eq!((of_route("email"), of_route("text")), (mails, texts));
    assert_eq!(
        (arrived_mails.len(), arrived_texts.len()),
        (mails, texts),
        "something arrived that nobody queued"
    );
    assert_eq!(school.twilio.doubled(), [], "a text came twice");
    assert_eq!(school.twilio.messages().len(), texts);
    assert_eq!(school.smtp.violations(), Vec::<String>::new());
    assert_eq!(school.twilio.complaints(), Vec::<String>::new());
    assert_eq!(school.count("select count(*) from task").await, 0, "nobody had to be asked");
    daemon::run(&school.config(), &["chronology", "verify"]).await;
    check_log(school);
    ledger
}

/// One delivery: arrived so often, and the record tells it.
fn check_row(row: &Row, arrived: usize) {
    let arrivals = i64::try_from(arrived).unwrap();
    assert_eq!((row.state.as_str(), row.holder), ("submitted", None), "{row:?}");
    assert!(arrived >= 1, "lost: {row:?}");
    if arrived > 1 {
        assert!(row.maybe_twice && row.twice_entries >= 1, "arrived {arrived} times and not marked: {row:?}");
    }
    assert_eq!(row.maybe_twice, row.twice_entries > 0, "the mark and the chronology disagree: {row:?}");
    assert!(arrivals <= 1 + row.twice_entries, "arrived {arrived} times: {row:?}");
    assert!(i64::from(row.tries) >= arrivals, "a try was not counted: {row:?}");
    assert!(row.attempts <= i64::from(row.tries), "more attempts than tries: {row:?}");
    // Told once: as sent, or as found to have gone when the channel was asked.
    assert_eq!(row.sent_entries.min(1) + row.found_entries.min(1), 1, "not told, or told twice: {row:?}");
    assert_eq!(row.sent_entries, row.accepted, "sent and told of differ: {row:?}");
    assert!(row.found_entries + row.twice_entries <= row.doubt_entries, "a doubt that was not told: {row:?}");
}

async fn read(school: &School) -> Vec<Row> {
    let mut connection = school.place.connect().await;
    let rows = sqlx::query_as(
        "select d.id, d.route, d.state, d.tries, d.maybe_twice, d.provider_ref as reference, a.value as address, d.holder,
                coalesce(e.sent, 0) as sent_entries, coalesce(e.found, 0) as found_entries,
                coalesce(e.twice, 0) as twice_entries, coalesce(e.doubt, 0) as doubt_entries,
                coalesce(t.attempts, 0) as attempts, coalesce(t.accepted, 0) as accepted
         from delivery d
         left join address a on a.id = d.address_id
         left join (select delivery_id, count(*) filter (where kind = 'submitted') as sent,
                           count(*) filter (where kind = 'in_doubt') as doubt,
                           count(*) filter (where kind = 'doubt_resolved' and sentence like '%: it went') as found,
                           count(*) filter (where kind = 'doubt_resolved' and sentence like '%may arrive twice') as twice
                    from chronology_entry group by delivery_id) e on e.delivery_id = d.id
         left join (select delivery_id, count(*) as attempts, count(*) filter (where outcome = 'accepted') as accepted
                    from attempt group by delivery_id) t on t.delivery_id = d.id",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    connection.close().await.ok();
    rows
}

/// The recipients of every mail the server took, by Message-ID.
fn mails_by_id(school: &School) -> HashMap<String, Vec<String>> {
    let mut mails: HashMap<String, Vec<String>> = HashMap::new();
    for mail in school.smtp.messages() {
        let header = mail.data.lines().find_map(|line| line.strip_prefix("Message-ID: "));
        mails.entry(header.expect("a Message-ID").trim().to_owned()).or_default().push(mail.to);
    }
    mails
}

/// What the provider calls every text it took, by number.
fn texts_by_number(school: &School) -> HashMap<String, Vec<String>> {
    let mut texts: HashMap<String, Vec<String>> = HashMap::new();
    for text in school.twilio.messages() {
        texts.entry(text.to).or_default().push(text.sid);
    }
    texts
}

/// No panic, and nobody's address or words.
pub(crate) fn check_log(school: &School) {
    for line in school.log().lines() {
        let said = without_time(line);
        let wrong =
            ["panicked", "@home.example", "+44", "07700", "Tower"].iter().find(|word| said.contains(**word));
        assert_eq!(wrong, None, "in the log: {line}");
    }
}

/// A log line without the moment in front of it, whose digits may by chance begin like a number (".077003Z").
fn without_time(line: &str) -> &str {
    match line.split_once(' ') {
        Some((moment, said)) if moment.ends_with('Z') && moment.starts_with("20") => said,
        _ => line,
    }
}
