//! Every way of writing a number that a school's lists are known to hold.

use proptest::prelude::*;

use super::*;

fn e164(text: &str) -> Result<String, BadNumber> {
    PhoneNumber::parse(text).map(|number| number.expose().to_owned())
}

#[test]
fn every_way_of_writing_one_mobile_gives_the_same_number() {
    let ways = [
        "07700900123",
        "07700 900123",
        " 07700 900 123 ",
        "(07700) 900123",
        "[07700] 900123",
        "07700-900-123",
        "07700.900.123",
        "07700/900123",
        "07700\u{a0}900\u{202f}123",
        "07700\t900123",
        "07700–900‑123",
        "\u{202a}+44 7700 900123\u{202c}",
        "\u{feff}07700900123\u{200b}",
        "+447700900123",
        "+44 7700 900123",
        "+44 (0)7700 900123",
        "+44(0)7700900123",
        "+44 ( 0 ) 7700 900123",
        "(+44) 7700 900123",
        "(+44) (0)7700 900123",
        "+44 07700 900123",
        "+4407700900123",
        "0044 7700 900123",
        "0044 (0)7700 900123",
        "00 44 7700 900123",
        "+0044 7700 900123",
        "44 7700 900123",
        "44 (0)7700 900123",
        "4407700900123",
        "7700900123",
        "(0)7700 900123",
        "tel:+447700900123",
        "TEL: 07700-900123",
        "０７７００　９００１２３",
        "＋４４７７００９００１２３",
        "٠٧٧٠٠ ٩٠٠١٢٣",
        "۰۷۷۰۰۹۰۰۱۲۳",
        "০৭৭০০ ৯০০১২৩",
    ];

    for way in ways {
        assert_eq!(e164(way).as_deref(), Ok("+447700900123"), "{way}");
    }
}

#[test]
fn the_range_tells_what_a_number_is_and_only_mobiles_can_be_texted() {
    let table = [
        ("07700 900000", NumberKind::Mobile),
        ("07700 900999", NumberKind::Mobile),
        ("07100 000000", NumberKind::Mobile),
        ("07911 123456", NumberKind::Mobile),
        ("07999 999999", NumberKind::Mobile),
        ("07624 000000", NumberKind::Mobile), // Isle of Man
        ("07797 000000", NumberKind::Mobile), // Jersey
        ("07829 000000", NumberKind::Mobile), // Jersey
        ("07937 000000", NumberKind::Mobile), // Jersey
        ("07781 000000", NumberKind::Mobile), // Guernsey
        ("07839 000000", NumberKind::Mobile), // Guernsey
        ("01632 960000", NumberKind::Landline),
        ("01632 960999", NumberKind::Landline),
        ("016977 3000", NumberKind::Landline),
        ("01534 000000", NumberKind::Landline),
        ("0161 496 0000", NumberKind::Landline),
        ("020 7946 0000", NumberKind::Landline),
        ("+44 20 7946 0999", NumberKind::Landline),
        ("028 9018 0000", NumberKind::Landline),
        ("1632960123", NumberKind::Landline),
        ("2079460123", NumberKind::Landline),
        ("070 0000 0000", NumberKind::Personal),
        ("0709 000 0000", NumberKind::Personal),
        ("07600 000000", NumberKind::Pager),
        ("07623 000000", NumberKind::Pager),
        ("07625 000000", NumberKind::Pager),
        ("0300 000 0000", NumberKind::NonGeographic),
        ("0345 000 0000", NumberKind::NonGeographic),
        ("0800 000000", NumberKind::Freephone),
        ("0800 000 0000", NumberKind::Freephone),
        ("0808 157 0000", NumberKind::Freephone),
        ("0844 000 0000", NumberKind::Premium),
        ("0871 000 0000", NumberKind::Premium),
        ("0909 879 0000", NumberKind::Premium),
        ("055 0000 0000", NumberKind::Corporate),
        ("056 0000 0000", NumberKind::Corporate),
        ("+353 (0)87 000 0000", NumberKind::Foreign),
        ("00353 87 000 0000", NumberKind::Foreign),
        ("+48 500 000 000", NumberKind::Foreign),
        ("+1 202 555 0123", NumberKind::Foreign),
        ("+290 2000", NumberKind::Foreign),
        ("+123 456 789 012 345", NumberKind::Foreign),
    ];

    for (text, kind) in table {
        let number = PhoneNumber::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad}"));

        assert_eq!(number.kind(), kind, "{text}");
        assert_eq!(number.textable().is_ok(), kind == NumberKind::Mobile, "{text}");
    }
}

#[test]
fn a_zero_in_brackets_is_dropped_only_after_a_country_code() {
    assert_eq!(e164("+353 (0)87 000 0000").as_deref(), Ok("+353870000000"));
    assert_eq!(e164("(0)1632 960123").as_deref(), Ok("+441632960123"));
    assert_eq!(e164("+39 06 0000 0000").as_deref(), Ok("+390600000000"), "Italy dials its 0 from abroad");
}

#[test]
fn what_is_not_one_number_is_refused_with_its_reason() {
    let table = [
        ("", BadNumber::Empty),
        ("  \u{a0} ", BadNumber::Empty),
        ("-", BadNumber::Empty),
        ("tel:", BadNumber::Empty),
        ("+", BadNumber::Sign),
        ("*#06", BadNumber::Sign),
        ("07700 900123*", BadNumber::Sign),
        ("++44 7700 900123", BadNumber::Sign),
        ("07700+900123", BadNumber::Sign),
        ("none", BadNumber::Letters),
        ("O7700 900123", BadNumber::Letters),
        ("0770O 900123", BadNumber::Letters),
        ("07700 900123 (mum)", BadNumber::Letters),
        ("Mum 07700 900123", BadNumber::Letters),
        ("amina@post.example", BadNumber::Letters),
        ("01632 960123 x123", BadNumber::Extension),
        ("01632 960123 ext. 12", BadNumber::Extension),
        ("01632960123#9", BadNumber::Extension),
        ("tel:+441632960123;ext=9", BadNumber::Extension),
        ("9460123/9460124", BadNumber::Several),
        ("07700 900123 / 07700 900124", BadNumber::Several),
        ("07700900123,07700900124", BadNumber::Several),
        ("07700 900123 or 07700 900124", BadNumber::Several),
        ("07700 900123 07700 900124", BadNumber::Several),
        ("07700900123;01632960123", BadNumber::Several),
        ("+447700900123 +447700900124", BadNumber::Several),
        ("01632 960123/4", BadNumber::Sign),
        ("960123", BadNumber::TooShort),
        ("07700 90012", BadNumber::TooShort),
        ("+44 7700 90012", BadNumber::TooShort),
        ("0", BadNumber::TooShort),
        ("999", BadNumber::TooShort),
        ("020 7946 012", BadNumber::TooShort),
        ("+123456", BadNumber::TooShort),
        ("07700 9001234", BadNumber::TooLong),
        ("+44 7700 9001234", BadNumber::TooLong),
        ("+1234567890123456", BadNumber::TooLong),
        ("00000000000000", BadNumber::BadCountry),
        ("+(0)44 7700 900123", BadNumber::BadCountry),
        ("+07700 900123", BadNumber::BadCountry),
        ("353870000000", BadNumber::NoCountry),
        ("3000000000", BadNumber::NoCountry),
        ("0400 000 0000", BadNumber::NotUkRange),
        ("0500 000 0000", BadNumber::NotUkRange),
        ("0600 000 0000", BadNumber::NotUkRange),
        ("0220 000 0000", BadNumber::NotUkRange),
        ("0100 000 0000", BadNumber::NotUkRange),
    ];

    for (text, reason) in table {
        assert_eq!(e164(text), Err(reason), "{text}");
    }
}

#[test]
fn a_number_prints_as_its_kind_and_last_three_digits() {
    let number = PhoneNumber::parse("07700 900123").expect("good");

    assert_eq!(format!("{number} {number:?}"), "mobile …123 mobile …123");
}

/// A national number of each shape, without its 0.
fn national() -> impl Strategy<Value = String> {
    prop_oneof![
        "7[1-57-9][0-9]{8}",
        "1[1-9][0-9]{8}",
        "20[0-9]{8}",
        "3[0347][0-9]{8}",
        "808[0-9]{7}",
        "7624[0-9]{6}"
    ]
}

/// Spreads spacing through digits.
fn spaced(digits: &str, spacing: &[&str]) -> String {
    digits
        .chars()
        .zip(spacing.iter().cycle())
        .flat_map(|(digit, space)| [digit.to_string(), (*space).to_owned()])
        .collect()
}

proptest! {
    #[test]
    fn nothing_panics_and_what_is_read_reads_back_the_same(text in any::<String>()) {
        if let Ok(number) = PhoneNumber::parse(&text) {
            prop_assert_eq!(PhoneNumber::parse(number.expose()), Ok(number));
        }
    }

    #[test]
    fn near_numbers_neither_panic_nor_drift(text in "[+0-9 ()/.٠-٩x-]{0,24}") {
        if let Ok(number) = PhoneNumber::parse(&text) {
            prop_assert_eq!(PhoneNumber::parse(number.expose()), Ok(number));
        }
    }

    #[test]
    fn any_writing_of_a_number_gives_the_same_number(
        national in national(),
        prefix in prop::sample::select(vec!["0", "+44", "+44 (0)", "+440", "0044", "0044 (0)", "44", "tel:+44", "\u{202a}+44"]),
        spacing in prop::collection::vec(prop::sample::select(vec!["", " ", "-", ".", "\u{a0}", "\u{2011}", "\u{200b}"]), 1..8),
    ) {
        let written = format!("{prefix}{}", spaced(&national, &spacing));

        prop_assert_eq!(e164(&written), Ok(format!("+44{national}")), "{}", written);
    }
}
