//! The alphabet and the length of texts.
//!
//! A text in the GSM 7-bit alphabet (3GPP TS 23.038 §6.2.1) holds 160 septets alone, or 153 in each part of a longer
//! one. One letter outside that alphabet turns the whole text into UCS-2: 70 UTF-16 units alone, 67 in each part.
//! National shift tables (Turkish, Spanish, Portuguese) are not counted with: no provider promises to use them, so
//! a text that is priced with them could cost three times as much.
//!
//! * [`measure`] counts; [`tidy`] first replaces what merely looks different, such as curly quotes;
//! * [`Alphabet`] is what a channel can carry: the gate asks it before a text is turned into question marks.

mod gsm;
mod reading;
mod tidy;

pub use reading::{TextReading, inspect_text};
pub use tidy::{Replaced, Tidied, tidy};

/// The letters a text channel can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// Only the GSM 7-bit alphabet and its extension.
    Gsm7,
    /// Everything.
    Unicode,
}

impl Alphabet {
    /// Whether every letter of a text can be carried; the first one that cannot, if not.
    pub fn holds(self, text: &str) -> Result<(), char> {
        match self {
            Self::Unicode => Ok(()),
            Self::Gsm7 => text.chars().find(|c| gsm::septets(*c).is_none()).map_or(Ok(()), Err),
        }
    }
}

/// How a text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Septets of the GSM 7-bit alphabet.
    Gsm7,
    /// UTF-16 units.
    Ucs2,
}

impl Encoding {
    /// `gsm7` or `ucs2`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::Ucs2 => "ucs2",
        }
    }

    /// Units in a text of one part, and in each part of a longer one (which carries a header).
    const fn room(self) -> (usize, usize) {
        match self {
            Self::Gsm7 => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }
}

/// How long a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// How it travels.
    pub encoding: Encoding,
    /// Septets (`€` and `[` take two) or UTF-16 units (an emoji takes two or more).
    pub units: usize,
    /// Parts as networks make them: a two-unit letter is never split over two. 0 for an empty text.
    pub parts: usize,
    /// Parts as some providers bill them, by plain division: at most [`Measure::parts`]. Budget on `parts`.
    pub parts_billed: usize,
}

/// Counts a text as it stands: call [`tidy`] first for what will be sent. Allocates nothing.
pub fn measure(text: &str) -> Measure {
    count(Encoding::Gsm7, text.chars().map(gsm::septets))
        .or_else(|| count(Encoding::Ucs2, text.chars().map(|c| Some(c.len_utf16()))))
        .unwrap_or(Measure { encoding: Encoding::Ucs2, units: 0, parts: 0, parts_billed: 0 })
}

/// Counts letters of the given sizes; `None` as soon as one has no size in this encoding.
fn count(encoding: Encoding, sizes: impl Iterator<Item = Option<usize>>) -> Option<Measure> {
    let (alone, in_part) = encoding.room();
    let (mut units, mut parts, mut filled) = (0, 1, 0);
    for size in sizes {
        let size = size?;
        units += size;
        filled += size;
        if filled > in_part {
            parts += 1;
            filled = size;
        }
    }
    let (parts, parts_billed) = match units {
        0 => (0, 0),
        units if units <= alone => (1, 1),
        units => (parts, units.div_ceil(in_part)),
    };
    Some(Measure { encoding, units, parts, parts_billed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn a(count: usize) -> String {
        "a".repeat(count)
    }

    fn kaf(count: usize) -> String {
        "ك".repeat(count)
    }

    #[test]
    fn texts_are_as_long_as_networks_and_bills_count_them() {
        use Encoding::{Gsm7, Ucs2};
        let table = [
            (String::new(), Gsm7, 0, 0, 0),
            (a(1), Gsm7, 1, 1, 1),
            (a(160), Gsm7, 160, 1, 1),
            (a(161), Gsm7, 161, 2, 2),
            (a(306), Gsm7, 306, 2, 2),
            (a(307), Gsm7, 307, 3, 3),
            (a(918), Gsm7, 918, 6, 6),
            ("€".repeat(80), Gsm7, 160, 1, 1),
            ("€".repeat(81), Gsm7, 162, 2, 2),
            (format!("{}€{}", a(152), a(152)), Gsm7, 306, 3, 2),
            (kaf(70), Ucs2, 70, 1, 1),
            (kaf(71), Ucs2, 71, 2, 2),
            (kaf(134), Ucs2, 134, 2, 2),
            (kaf(135), Ucs2, 135, 3, 3),
            (format!("{}😀{}", kaf(66), kaf(66)), Ucs2, 134, 3, 2),
            (format!("{}’", a(69)), Ucs2, 70, 1, 1),
            (format!("{}’", a(70)), Ucs2, 71, 2, 2),
        ];

        for (text, encoding, units, parts, parts_billed) in table {
            assert_eq!(measure(&text), Measure { encoding, units, parts, parts_billed }, "{text}");
        }
    }

    #[test]
    fn languages_travel_as_the_reference_says() {
        let gsm = [
            "café",
            "Ç",
            "à",
            "ñ",
            "Straße, Größe, Übung",
            "Waan ku faraxsanahay",
            "perché così è già più",
            "^{}\\[~]|€\u{c}",
        ];
        let ucs2 = [
            "naïve",
            "ç",
            "`",
            "‘",
            "“",
            "É vero: È",
            "Zażółć",
            "Învățător",
            "ačiū",
            "öğretmen",
            "não",
            "mañana está",
            "forêt",
            "mësues",
            "учитель",
            "استاد",
            "ਅਧਿਆਪਕ",
            "শিক্ষক",
            "\t",
        ];

        for text in gsm {
            assert_eq!(
                (measure(text).encoding, Alphabet::Gsm7.holds(text)),
                (Encoding::Gsm7, Ok(())),
                "{text}"
            );
        }
        for text in ucs2 {
            assert_eq!(measure(text).encoding, Encoding::Ucs2, "{text}");
            assert!(Alphabet::Gsm7.holds(text).is_err() && Alphabet::Unicode.holds(text).is_ok(), "{text}");
        }
        assert_eq!(Alphabet::Gsm7.holds("Oczy są"), Err('ą'));
    }

    proptest! {
        #[test]
        fn an_independent_splitter_counts_the_same(
            text in prop_oneof!["[ -~£éàñ€\n]{0,400}", "[a€]{140,480}", "[a-zك😀’]{0,220}", any::<String>()],
        ) {
            let theirs = sms_splitter::SplitSms::default().split(text.clone());

            let ours = measure(&text);

            prop_assert_eq!(ours.encoding == Encoding::Gsm7, theirs.character_set == "GSM", "{:?}", text);
            prop_assert_eq!(ours.parts, if text.is_empty() { 0 } else { theirs.parts.len() }, "{:?}", text);
            prop_assert!(ours.parts_billed <= ours.parts);
        }
    }
}
