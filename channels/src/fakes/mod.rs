//! Strict stand-ins for providers, in the own process, for tests and for the demo; and, for tests, real mail servers of a
//! test's own.

pub mod clamd;
mod deed;
pub mod dns;
#[cfg(feature = "fakes")]
pub mod dovecot;
pub mod esendex;
pub mod firetext;
pub mod govuk_notify;
mod line;
#[cfg(feature = "fakes")]
pub mod mta;
pub mod post;
pub mod sinch;
pub mod smtp;
pub mod stage;
pub mod token_server;
pub mod twilio;
pub mod vonage;
