//! Calendars: another program's (iCalendar), and ours (CSV).

use liaison::domain::calendar::{is_ics, read, read_ics};

pub(crate) const ICS_WORDS: &[&str] = &[
    "BEGIN:VCALENDAR\r\n",
    "BEGIN:VEVENT\r\n",
    "END:VEVENT\r\n",
    "BEGIN:VALARM\r\n",
    "END:VALARM\r\n",
    "END:VCALENDAR\r\n",
    "DTSTART;VALUE=DATE:20260901\r\n",
    "DTSTART:20260901T000000Z\r\n",
    "DTSTART:99991231\r\n",
    "DTSTART:00000101\r\n",
    "DTEND;VALUE=DATE:20261218\r\n",
    "DTEND:-0010101\r\n",
    "DURATION:P5D\r\n",
    "DURATION:P99999999999W\r\n",
    "DURATION:-P1D\r\n",
    "SUMMARY:INSET day\r\n",
    "SUMMARY:Half term\\, no school\\n\r\n",
    "RRULE:FREQ=DAILY\r\n",
    "\r\n ",
    "\n\t",
    "\"",
    ";",
    ":",
    "\\",
    "\u{feff}",
    "\u{202e}",
    "\0",
    "TZID=\"Europe/London\"",
    "20270229",
    "20261025T013000",
];

pub(crate) const CSV_WORDS: &[&str] = &[
    ",",
    "\"",
    "\"\"",
    "\n",
    "\r",
    "\r\n",
    "#",
    "kind,from,until,reason,announced\n",
    "term,",
    "half_term,",
    "inset,",
    "closure,",
    "bank_holiday,",
    "covers_from,",
    "covers_until,",
    "2026-09-01",
    "2026-02-29",
    "9999-12-31",
    "-9999-01-01",
    "01/09/2026",
    "\u{feff}",
    "\u{202e}",
    "\0",
    "=cmd()",
    " ",
];

pub(crate) fn fuzz_ics(data: &[u8]) {
    let proposed = read_ics(data);

    assert_eq!(proposed, read_ics(data), "read twice, it is not the same");
    let _ = is_ics(data);
    for one in proposed.unwrap_or_default() {
        assert!(one.from <= one.until, "days that end before they begin");
        assert!(one.title.chars().count() <= 100, "a title beyond its limit");
        assert!(!one.title.chars().any(char::is_control), "a title with control characters");
    }
}

pub(crate) fn fuzz_csv(data: &[u8]) {
    match (read(data), read(data)) {
        (Ok(calendar), Ok(again)) => {
            assert_eq!(calendar.version(), again.version(), "read twice, it is not the same");
            assert!(calendar.covers_from() <= calendar.covers_until(), "it covers no day");
            assert!(
                calendar.spans().iter().all(|span| span.from <= span.until),
                "days that end before they begin"
            );
        }
        (Err(problems), Err(again)) => {
            assert_eq!(problems.len(), again.len(), "read twice, it is not the same");
            assert!(!problems.is_empty(), "refused without a reason");
        }
        _ => panic!("read twice, it is not the same"),
    }
}
