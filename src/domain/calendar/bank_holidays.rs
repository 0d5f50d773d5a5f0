//! The bank holidays of England and Wales that Liaison carries with it.
//!
//! Source: `www.gov.uk/bank-holidays.json`, division `england-and-wales`. Further days can be proclaimed: they are rows
//! of the school's calendar file, so that no new release is needed for them.

use super::Date;

/// The first day of which Liaison knows whether it is a bank holiday.
pub const KNOWN_FROM: Date = Date::constant(2025, 1, 1);

/// The last day of which Liaison knows whether it is a bank holiday.
pub const KNOWN_UNTIL: Date = Date::constant(2028, 12, 31);

const NEW_YEAR: &str = "New Year's Day";
const GOOD_FRIDAY: &str = "Good Friday";
const EASTER: &str = "Easter Monday";
const EARLY_MAY: &str = "Early May bank holiday";
const SPRING: &str = "Spring bank holiday";
const SUMMER: &str = "Summer bank holiday";
const CHRISTMAS: &str = "Christmas Day";
const BOXING: &str = "Boxing Day";

/// Every bank holiday from [`KNOWN_FROM`] to [`KNOWN_UNTIL`] with its name, in order. Where a holiday falls on a weekend
/// the substitute day is listed.
pub const BANK_HOLIDAYS: [(Date, &str); 32] = [
    (Date::constant(2025, 1, 1), NEW_YEAR),
    (Date::constant(2025, 4, 18), GOOD_FRIDAY),
    (Date::constant(2025, 4, 21), EASTER),
    (Date::constant(2025, 5, 5), EARLY_MAY),
    (Date::constant(2025, 5, 26), SPRING),
    (Date::constant(2025, 8, 25), SUMMER),
    (Date::constant(2025, 12, 25), CHRISTMAS),
    (Date::constant(2025, 12, 26), BOXING),
    (Date::constant(2026, 1, 1), NEW_YEAR),
    (Date::constant(2026, 4, 3), GOOD_FRIDAY),
    (Date::constant(2026, 4, 6), EASTER),
    (Date::constant(2026, 5, 4), EARLY_MAY),
    (Date::constant(2026, 5, 25), SPRING),
    (Date::constant(2026, 8, 31), SUMMER),
    (Date::constant(2026, 12, 25), CHRISTMAS),
    (Date::constant(2026, 12, 28), BOXING),
    (Date::constant(2027, 1, 1), NEW_YEAR),
    (Date::constant(2027, 3, 26), GOOD_FRIDAY),
    (Date::constant(2027, 3, 29), EASTER),
    (Date::constant(2027, 5, 3), EARLY_MAY),
    (Date::constant(2027, 5, 31), SPRING),
    (Date::constant(2027, 8, 30), SUMMER),
    (Date::constant(2027, 12, 27), CHRISTMAS),
    (Date::constant(2027, 12, 28), BOXING),
    (Date::constant(2028, 1, 3), NEW_YEAR),
    (Date::constant(2028, 4, 14), GOOD_FRIDAY),
    (Date::constant(2028, 4, 17), EASTER),
    (Date::constant(2028, 5, 1), EARLY_MAY),
    (Date::constant(2028, 5, 29), SPRING),
    (Date::constant(2028, 8, 28), SUMMER),
    (Date::constant(2028, 12, 25), CHRISTMAS),
    (Date::constant(2028, 12, 26), BOXING),
];
