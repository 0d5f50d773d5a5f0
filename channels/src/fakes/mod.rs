//! Strict stand-ins for providers, in the test's own process, and a real mail server of a test's own.

mod crowd;
pub mod dovecot;
mod line;
mod post;
mod server;
pub mod sinch;
pub mod smtp;
mod stage;
pub mod twilio;
pub mod vonage;
