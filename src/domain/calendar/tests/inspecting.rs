use super::*;

fn json(instant: &str, calendar: &Calendar, days: u8) -> serde_json::Value {
    serde_json::to_value(inspect_due(instant, calendar, days)).expect("JSON")
}

#[test]
fn a_date_is_shown_with_its_days_and_its_reason() {
    let shown = json("2026-11-09T09:15:00Z", &example(), 4);

    assert_eq!(shown["counted"], serde_json::json!(["2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13"]));
    assert_eq!(shown["due"], "2026-11-13T17:00:00Z");
    assert!(shown["words"].as_str().is_some_and(|words| words.starts_with("received Monday 9 November")));
    assert_eq!(shown.as_object().map(serde_json::Map::len), Some(3));
}

#[test]
fn without_calendar_there_is_no_date_and_a_reason() {
    let shown = json("2028-12-28T09:15:00Z", &Calendar::bank_holidays_only(), 4);

    assert_eq!(shown["counted"], serde_json::json!([]));
    assert_eq!((&shown["due"], &shown["state"]), (&serde_json::Value::Null, &"calendar_missing".into()));
    assert!(shown["words"].as_str().is_some_and(|words| words.contains("31 December 2028")), "{shown}");
}

#[test]
fn what_is_not_an_instant_is_told_in_a_sentence() {
    for instant in
        ["", "yesterday", "2026-11-09", "2026-11-09T09:15", "2026-13-09T09:15Z", "99999-01-01T00:00Z"]
    {
        let shown = json(instant, &example(), 4);

        assert!(shown["error"].is_string(), "{instant}: {shown}");
    }
    assert!(json("2026-11-09T09:15Z", &example(), 0)["error"].is_string());
}

#[test]
fn the_ends_of_time_are_answered() {
    let calendars = [example(), Calendar::bank_holidays_only()];

    for instant in
        ["-009999-01-03T00:00:00Z", "0000-01-01T00:00Z", "9999-12-30T21:59:59Z", "2100-01-01T00:00Z"]
    {
        for calendar in &calendars {
            assert_eq!(json(instant, calendar, 255)["state"], "calendar_missing", "{instant}");
        }
    }
}

#[test]
fn the_longest_count_is_made() {
    let shown = json("2026-11-09T09:15Z", &Calendar::bank_holidays_only(), 255);

    assert_eq!(shown["counted"].as_array().map(Vec::len), Some(255));
}
