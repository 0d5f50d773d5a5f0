//! Strict stand-ins for providers, in the test's own process, and a real mail server of a test's own.

pub mod clamd;
mod deed;
pub mod dns;
pub mod dovecot;
pub mod esendex;
pub mod firetext;
pub mod govuk_notify;
mod line;
pub mod mta;
mod post;
pub mod sinch;
pub mod smtp;
pub mod stage;
pub mod token_server;
pub mod twilio;
pub mod vonage;
