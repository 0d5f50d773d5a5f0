//! What `liaison inspect number` tells about a number.

use serde::Serialize;

use super::PhoneNumber;

/// How Liaison reads a number, for the operator's terminal. Has no `Debug`: it holds the number in full.
#[derive(Serialize)]
pub struct NumberReading {
    /// Whether it is a telephone number.
    pub valid: bool,
    /// Its E.164 form, if it is.
    pub e164: Option<String>,
    /// What it is by its range, such as `mobile` or `landline`, if it is one.
    pub kind: Option<String>,
    /// Whether a text may go to it.
    pub textable: bool,
    /// One sentence: why not, or what it is.
    pub reason: String,
}

/// Reads a number as every other part of Liaison would.
pub fn inspect_number(text: &str) -> NumberReading {
    match PhoneNumber::parse(text) {
        Err(bad) => {
            NumberReading { valid: false, e164: None, kind: None, textable: false, reason: bad.to_string() }
        }
        Ok(number) => {
            let textable = number.textable();
            NumberReading {
                valid: true,
                e164: Some(number.expose().to_owned()),
                kind: Some(number.kind().to_string()),
                textable: textable.is_ok(),
                reason: textable
                    .err()
                    .map_or_else(|| "a UK mobile: it can be texted".to_owned(), |no| no.to_string()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_a_landline_and_a_slip_are_told_apart() {
        let mobile = serde_json::to_value(inspect_number("07700 900123")).expect("plain data");
        let landline = inspect_number("01632 960123");
        let slip = inspect_number("07700 90012");

        assert_eq!(
            mobile,
            serde_json::json!({
                "valid": true, "e164": "+447700900123", "kind": "mobile", "textable": true,
                "reason": "a UK mobile: it can be texted",
            })
        );
        assert!(landline.valid && !landline.textable && landline.reason.contains("read a text aloud"));
        assert!(!slip.valid && slip.e164.is_none() && slip.reason.contains("too short"));
    }
}
