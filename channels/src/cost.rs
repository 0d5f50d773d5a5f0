//! What a channel's texts cost, and how many may leave in a month: what a school's budget says, for the gateway to keep to.
//!
//! The channel itself neither counts nor refuses: it does not see what other processes and earlier days have sent.

use serde::Deserialize;

use crate::error::OpenError;

/// The dearest part that is taken for a price: a pound. More is a slip of the decimal point.
const DEAREST_PENCE: f64 = 100.0;

/// The settings `cost.pence_per_part` and `cost.parts_per_month` of a channel of texts. Providers' prices are not known here
/// and change: both are the school's to set (GOV.UK Notify's was 2.4 pence and VAT from April 2026).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostConfig {
    /// What one part of a text costs, in pence, such as 4.5, as the school pays it: above 0 and up to 100, counted to a
    /// thousandth of a penny. Without it no costs are shown.
    #[serde(default)]
    pub pence_per_part: Option<f64>,
    /// Parts that may leave by this channel in a calendar month, at least 1: a hard cap. Without it there is none.
    #[serde(default)]
    pub parts_per_month: Option<u32>,
}

/// What a channel's texts cost, checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// What one part costs, in thousandths of a penny; `None`: not known.
    pub millipence_per_part: Option<u32>,
    /// Parts that may leave in a calendar month, at most; `None`: as many as there are.
    pub parts_per_month: Option<u32>,
}

impl Cost {
    /// What so many parts cost, in thousandths of a penny; `None`: not known.
    pub fn of_parts(self, parts: u32) -> Option<u64> {
        self.millipence_per_part.map(|price| u64::from(price) * u64::from(parts))
    }
}

impl CostConfig {
    /// The settings, checked. Fails with a sentence that names the one that cannot be.
    pub fn check(&self) -> Result<Cost, OpenError> {
        if self.parts_per_month == Some(0) {
            return Err(OpenError(
                "cost.parts_per_month must be at least 1: a channel that may send nothing is taken out instead".to_owned(),
            ));
        }
        let price = self.pence_per_part.map(|pence| {
            let thousandths = (pence * 1000.0).round();
            if !(1.0..=DEAREST_PENCE * 1000.0).contains(&thousandths) {
                return Err(OpenError(
                    "cost.pence_per_part must be a price in pence, such as 4.5: from 0.001 to 100".to_owned(),
                ));
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole, from 1 to 100,000"
            )]
            let thousandths = thousandths as u32;
            Ok(thousandths)
        });
        Ok(Cost { millipence_per_part: price.transpose()?, parts_per_month: self.parts_per_month })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Cost, String> {
        let config = serde_json::from_str::<CostConfig>(json).map_err(|why| why.to_string())?;
        config.check().map_err(|why| why.to_string())
    }

    #[test]
    fn a_price_is_kept_to_a_thousandth_of_a_penny() {
        for (json, price, parts) in [
            ("{}", None, None),
            (r#"{"pence_per_part": 2.4}"#, Some(2_400), None),
            (r#"{"pence_per_part": 4.4375}"#, Some(4_438), None),
            (r#"{"pence_per_part": 3, "parts_per_month": 5000}"#, Some(3_000), Some(5_000)),
        ] {
            assert_eq!(read(json), Ok(Cost { millipence_per_part: price, parts_per_month: parts }), "{json}");
        }
    }

    #[test]
    fn what_is_no_price_and_no_cap_is_refused_with_what_to_do() {
        for (json, says) in [
            (r#"{"pence_per_part": 0}"#, "price in pence"),
            (r#"{"pence_per_part": -1}"#, "price in pence"),
            (r#"{"pence_per_part": 240}"#, "price in pence"),
            (r#"{"parts_per_month": 0}"#, "taken out instead"),
            (r#"{"pounds_per_part": 1}"#, "unknown field"),
        ] {
            assert!(read(json).is_err_and(|why| why.contains(says)), "{json}");
        }
    }

    #[test]
    fn many_parts_cost_as_much_as_each_together() {
        let cost = Cost { millipence_per_part: Some(2_400), parts_per_month: None };

        assert_eq!((cost.of_parts(u32::MAX), Cost::default().of_parts(1)), (Some(10_307_921_508_000), None));
    }
}
