//! What `liaison inspect text` tells about a text.

use serde::Serialize;

use super::{Replaced, measure, tidy};

/// How a text would travel. Has no `Debug`: it may hold the words.
#[derive(Serialize)]
pub struct TextReading {
    /// `gsm7` or `ucs2`.
    pub encoding: &'static str,
    /// Septets or UTF-16 units.
    pub units: usize,
    /// Parts as networks make them.
    pub parts: usize,
    /// Parts by plain division, as some providers bill them.
    pub parts_billed: usize,
    /// What was replaced before counting.
    pub replaced: Vec<Replaced>,
    /// The text as it would leave, where that differs from what was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Measures a text as it would leave; `raw` counts it as it stands instead.
pub fn inspect_text(text: &str, raw: bool) -> TextReading {
    let tidied = (!raw).then(|| tidy(text));
    let leaving = tidied.as_ref().map_or(text, |tidied| tidied.text.as_str());
    let measure = measure(leaving);
    TextReading {
        encoding: measure.encoding.as_str(),
        units: measure.units,
        parts: measure.parts,
        parts_billed: measure.parts_billed,
        text: (leaving != text).then(|| leaving.to_owned()),
        replaced: tidied.map(|tidied| tidied.replaced).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curly_apostrophe_costs_nothing_unless_the_text_is_taken_raw() {
        let text = format!("{}’", "a".repeat(70));

        let tidied = inspect_text(&text, false);
        let raw = inspect_text(&text, true);

        assert_eq!(
            serde_json::to_value(tidied).expect("plain data"),
            serde_json::json!({
                "encoding": "gsm7", "units": 71, "parts": 1, "parts_billed": 1,
                "replaced": [{ "from": "’", "to": "'", "count": 1 }],
                "text": format!("{}'", "a".repeat(70)),
            })
        );
        assert_eq!(
            serde_json::to_value(raw).expect("plain data"),
            serde_json::json!({ "encoding": "ucs2", "units": 71, "parts": 2, "parts_billed": 2, "replaced": [] })
        );
    }
}
