//! Addresses a message can go to. A value that exists is valid, and prints as a mask.
//!
//! [`EmailAddress`] for mail, [`PhoneNumber`] for texts and calls. Whether a number may be *texted* is a second
//! question, [`PhoneNumber::textable`]: a landline is a good address for a call task and a bad one for a text.

mod email;
mod phone;
mod plan;
mod reading;

pub use email::{BadEmail, EmailAddress, is_personal_mail};
pub use phone::{BadNumber, PhoneNumber};
pub use plan::{NotTextable, NumberKind};
pub use reading::{NumberReading, inspect_number};
