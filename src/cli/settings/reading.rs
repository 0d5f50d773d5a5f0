//! How much of a mail is read, and what looks through the files that came with it.

use liaison_channels::{
    reading::Limits,
    scan::{Scanner, ScanningConfig},
};
use serde::Deserialize;

use super::Problems;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScanningSection {
    clamd: Option<String>,
    timeout_secs: u64,
    largest_bytes: usize,
}

impl Problems {
    pub(super) fn limits(&mut self, limits: Limits) -> Limits {
        self.0.extend(limits.check().iter().map(ToString::to_string));
        limits
    }

    /// `None`: nothing looks through files for viruses.
    pub(super) fn scanning(&mut self, scanning: ScanningSection) -> Option<ScanningConfig> {
        let ScanningSection { clamd, timeout_secs, largest_bytes } = scanning;
        let config = ScanningConfig { clamd: clamd?, timeout_secs, largest_bytes };
        match Scanner::open(&config) {
            Ok(_) => Some(config),
            Err(error) => {
                self.0.push(error.to_string());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use liaison_channels::reading::Limits;

    use super::super::read_text;

    #[test]
    fn the_manual_names_every_limit_and_its_default() {
        let settings = read_text("").expect("valid defaults");

        assert_eq!(settings.reading, Limits::default());
        assert!(settings.scanning.is_none(), "a school has no scanner by itself");
    }

    #[test]
    fn wrong_limits_and_a_scanner_elsewhere_are_told_at_once() {
        let told = read_text("[reading]\nparts = 0\nnesting = 99\n[scanning]\nclamd = \"10.0.0.9:3310\"")
            .expect_err("three problems")
            .to_string();

        for key in ["reading.parts", "reading.nesting", "scanning.clamd must be on this machine"] {
            assert!(told.contains(key), "{key} in {told}");
        }
    }

    #[test]
    fn a_scanner_that_is_named_is_used() {
        let settings = read_text("[scanning]\nclamd = \"/run/clamav/clamd.ctl\"").expect("good");

        assert_eq!(settings.scanning.expect("one").largest_bytes, 25 * 1024 * 1024);
    }
}
