//! Texts: an independent splitter counts the same parts, and what was tidied stays as it is.

use liaison_channels::text::{Alphabet, Encoding, inspect_text, measure, tidy};
use sms_splitter::SplitSms;

pub(crate) const WORDS: &[&str] = &[
    "€",
    "^",
    "{",
    "}",
    "[",
    "~",
    "]",
    "|",
    "\\",
    "\u{0c}",
    "\n",
    "\r\n",
    "’",
    "“",
    "–",
    "…",
    "ś",
    "ą",
    "ż",
    "é",
    "ç",
    "Ç",
    "Σ",
    "😀",
    "👨\u{200d}👩\u{200d}👧",
    "\u{1b}",
    "\0",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "e\u{301}",
    "ك",
    "中",
    "\u{ffff}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

pub(crate) fn fuzz(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let ours = measure(&text);
    let theirs = SplitSms::default().split(String::from(&*text));

    assert_eq!(ours.encoding == Encoding::Gsm7, theirs.character_set == "GSM", "the alphabet");
    assert_eq!(ours.parts, if text.is_empty() { 0 } else { theirs.parts.len() }, "the parts");
    assert!(ours.parts_billed <= ours.parts, "more is billed than sent");
    assert_eq!(
        Alphabet::Gsm7.holds(&text).is_ok(),
        ours.encoding == Encoding::Gsm7,
        "what the alphabet holds"
    );

    let tidied = tidy(&text);
    let again = tidy(&tidied.text);
    assert_eq!((&again.text, again.replaced.len()), (&tidied.text, 0), "tidied twice, it changes again");
    let shorter = measure(&tidied.text);
    // Three dots for one sign lengthen a text that stays in UCS-2.
    assert!(shorter.parts <= ours.parts || shorter.encoding == Encoding::Ucs2, "tidying makes a text longer");
    let reading = inspect_text(&text, false);
    assert_eq!(reading.parts, measure(&tidied.text).parts, "the inspection counts otherwise");
    assert_eq!(reading.text.is_some(), tidied.text != text, "the inspection tells another text");
}
