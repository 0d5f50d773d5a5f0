//! Telephone numbers: what is taken is E.164 and reads as itself again; what is printed shows three digits at most.

use liaison_channels::address::{PhoneNumber, inspect_number};

pub(crate) const WORDS: &[&str] = &[
    "+",
    "00",
    "0",
    "44",
    "+44",
    "(0)",
    "tel:",
    " ",
    "-",
    "\u{2011}",
    "\u{a0}",
    "\u{200b}",
    "\u{202d}",
    "ext. ",
    "x12",
    "/",
    ";",
    ",",
    "07700",
    "900123",
    "\u{0660}\u{0667}",
    "\u{06f0}\u{06f7}",
    "\u{0966}\u{096d}",
    "\u{ff10}\u{ff17}",
    "+353",
    "1e10",
    "7.7009E+9",
    "'",
    "=",
    "\0",
];

pub(crate) fn fuzz(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let reading = inspect_number(&text);
    let parsed = PhoneNumber::parse(&text);

    assert_eq!(reading.valid, parsed.is_ok());
    assert!(reading.valid || !reading.textable, "what is no number can be texted");
    assert!(longest_run(&reading.reason) <= 3, "a reason repeats the number");
    match parsed {
        Ok(number) => {
            let e164 = number.expose();
            let digits = e164.strip_prefix('+').expect("E.164 begins with a plus");
            assert!(
                (7..=15).contains(&digits.len()) && digits.bytes().all(|sign| sign.is_ascii_digit()),
                "E.164"
            );
            assert!(!digits.starts_with('0'), "no country code begins with 0");
            let again = PhoneNumber::parse(e164).expect("a number reads as itself");
            assert_eq!((again.expose(), again.kind()), (e164, number.kind()));
            assert!(longest_run(&format!("{number} {number:?}")) <= 3, "a number is printed");
        }
        Err(bad) => assert!(longest_run(&format!("{bad} {bad:?}")) <= 3, "a refusal repeats the number"),
    }
}

/// Digits in a row.
fn longest_run(text: &str) -> usize {
    // The refusals' own advice.
    let text = text.replace("07700 900123", "");
    text.split(|sign: char| !sign.is_numeric()).map(|run| run.chars().count()).max().unwrap_or_default()
}
