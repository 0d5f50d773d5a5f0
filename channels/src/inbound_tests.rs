//! Joining the parts of long texts.

use std::collections::BTreeSet;

use super::*;
use crate::{govuk_notify, sinch, twilio};

const TOTAL: u16 = 3;

fn part(number: u16, body: &str) -> ArrivedText {
    ArrivedText {
        reference: ProviderRef(format!("part-{number}")),
        from: "447700900123".into(),
        to: "447700900456".into(),
        body: body.into(),
        media: 0,
        part: Some(TextPart { of: "203".to_owned(), number, total: TOTAL }),
        sent_at: Timestamp::from_second(1_795_446_000 + i64::from(number)).ok(),
        opt_out: None,
    }
}

fn words(joined: Option<ArrivedText>) -> Option<String> {
    joined.map(|text| text.body.into_inner())
}

#[test]
fn the_parts_of_a_text_are_joined_in_their_order_whatever_order_they_came_in() {
    let [one, two, three] = [part(1, "Amina is "), part(2, "ill to"), part(3, "day")];

    for parts in [[&one, &two, &three], [&three, &two, &one], [&two, &three, &one]] {
        let joined = join(&parts.map(Clone::clone));

        let expected = ArrivedText { body: "Amina is ill today".into(), part: None, ..one.clone() };
        assert_eq!(joined, Some(expected));
    }
}

#[test]
fn a_part_that_came_twice_is_there_once() {
    let parts = [part(2, "b"), part(1, "a"), part(2, "b"), part(3, "c"), part(1, "a")];

    assert_eq!(words(join(&parts)).as_deref(), Some("abc"));
}

#[test]
fn a_text_is_not_joined_before_all_of_it_is_there() {
    assert_eq!(join(&[]), None);
    assert_eq!(join(&[part(1, "a"), part(3, "c")]), None);
    assert_eq!(join(&[part(1, "a"), part(2, "b")]), None);
}

#[test]
fn two_tales_of_one_part_are_for_a_person() {
    let parts = [part(1, "a"), part(2, "yes"), part(2, "no"), part(3, "c")];

    assert_eq!(join(&parts), None);
    assert_eq!(words(join_what_came(&parts)).as_deref(), Some("ayesc"));
}

#[test]
fn what_is_not_of_one_text_is_not_joined() {
    let all = |other: ArrivedText| [part(1, "a"), part(2, "b"), part(3, "c"), other];
    let of = |of: &str, number, total| Some(TextPart { of: of.to_owned(), number, total });
    for (what, other) in [
        ("another text", ArrivedText { part: of("204", 2, 3), ..part(2, "b") }),
        ("another length", ArrivedText { part: of("203", 2, 4), ..part(2, "b") }),
        ("another sender", ArrivedText { from: "447700900124".into(), ..part(2, "b") }),
        ("another number of ours", ArrivedText { to: "447700900457".into(), ..part(2, "b") }),
        ("a whole text", ArrivedText { part: None, ..part(2, "b") }),
        ("before the first", part(0, "b")),
        ("behind the last", part(4, "b")),
    ] {
        assert_eq!(join(&all(other.clone())), None, "{what}");
        assert_eq!(join_what_came(&all(other)), None, "{what}");
    }
}

#[test]
fn what_came_of_a_text_shows_where_parts_are_missing() {
    for (parts, expected) in [
        (vec![part(1, "a"), part(3, "c")], "a […] c"),
        (vec![part(3, "c"), part(2, "b")], " […] bc"),
        (vec![part(1, "a")], "a […] "),
        (vec![part(2, "b")], " […] b […] "),
        (vec![part(3, "c"), part(1, "a"), part(2, "b")], "abc"),
    ] {
        assert_eq!(words(join_what_came(&parts)).as_deref(), Some(expected));
    }
    assert_eq!(join_what_came(&[]), None);
}

#[test]
fn an_incomplete_text_is_known_by_its_first_part_there() {
    let joined = join_what_came(&[part(3, "c"), part(2, "b")]).map(|text| text.reference);

    assert_eq!(joined, Some(ProviderRef("part-2".to_owned())));
}

#[test]
fn texts_are_told_once_and_oldest_first_however_they_are_listed() {
    let kept = |index: u16, second: i64| {
        let text = ArrivedText {
            sent_at: Timestamp::from_second(1_795_446_000 + second).ok(),
            ..part(index, "words")
        };
        KeptText { text, form: twilio::LISTED, raw: Private::default() }
    };
    let listed = vec![kept(4, 9), kept(3, 9), kept(1, 5), kept(2, 7), kept(3, 9)];

    let told = oldest_first(listed);

    assert_eq!(told, [kept(1, 5), kept(2, 7), kept(3, 9), kept(4, 9)]);
}

#[test]
fn a_number_gets_the_plus_it_lacks_and_nothing_else_does() {
    for (written, read) in [
        ("447700900123", "+447700900123"),
        ("33612345678", "+33612345678"),
        ("+447700900123", "+447700900123"),
        ("07700900123", "07700900123"),
        ("60006", "60006"),
        ("O2 Alerts", "O2 Alerts"),
        ("", ""),
    ] {
        assert_eq!(with_plus(written), read);
    }
}

#[test]
fn every_form_is_read_from_the_word_it_is_stored_as_and_no_two_share_one() {
    let mut words = BTreeSet::new();
    for form in RawForm::all() {
        assert_eq!(RawForm::parse(form.as_str()), Some(form));
        assert!(words.insert(form.as_str()), "{form:?} is there twice");
    }
    assert_eq!(RawForm::parse("pigeon"), None);
}

#[test]
fn the_words_that_lie_in_schools_databases_are_read_for_ever() {
    for word in [
        "mail",
        "twilio_post",
        "twilio_listed",
        "notify_post",
        "notify_listed",
        "http_post",
        "sinch_text",
        "vonage_post",
        "joined_text",
    ] {
        assert_eq!(RawForm::parse(word).map(RawForm::as_str), Some(word));
    }
}

#[test]
fn a_sender_is_a_number_with_or_without_its_plus() {
    for (from, number) in [
        ("+447700900123", Some("+447700900123")),
        ("447700900123", Some("+447700900123")),
        ("07700900123", Some("+447700900123")),
        ("48600123456", Some("+48600123456")),
        ("60777", None),
        ("HMRC", None),
        ("", None),
    ] {
        let text = ArrivedText { from: from.into(), ..part(1, "a") };

        let sender = text.sender();

        assert_eq!(sender.as_ref().map(PhoneNumber::expose), number, "{from}");
    }
}

#[test]
fn half_an_emoji_in_a_post_costs_itself_and_not_the_words() {
    let posts = [
        (
            sinch::TEXT,
            r#"{"type":"mo_text","id":"01FC66621XXXXX119Z8PMV1QPA","from":"447700900123","to":"447700900456","body":"He is ill \ud83d","received_at":"2026-11-23T15:00:00Z"}"#,
        ),
        (
            govuk_notify::POSTED,
            r#"{"id":"740e5834-3a29-46b4-9a6f-16142fde533a","source_number":"447700900123","destination_number":"07700900456","message":"He is ill \ud83d","date_received":"2026-11-23T15:00:00.000000Z"}"#,
        ),
        (
            govuk_notify::LISTED,
            r#"{"id":"740e5834-3a29-46b4-9a6f-16142fde533a","user_number":"447700900123","notify_number":"07700900456","content":"He is ill \ud83d","created_at":"2026-11-23T15:00:00.000000Z","service_id":"740e5834-3a29-46b4-9a6f-16142fde533b"}"#,
        ),
        (
            twilio::LISTED,
            r#"{"sid":"SM0123456789abcdef0123456789abcdef","from":"+447700900123","to":"+447700900456","body":"He is ill \ud83d","num_media":"0","direction":"inbound","date_sent":"Mon, 23 Nov 2026 15:00:00 +0000"}"#,
        ),
    ];
    for (form, raw) in posts {
        let text = read_text(form, raw.as_bytes());

        assert_eq!(
            text.map(|text| text.body.into_inner()).as_deref(),
            Some("He is ill \u{fffd}"),
            "{form:?}"
        );
    }
}
