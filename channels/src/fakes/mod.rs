//! Strict stand-ins for providers, in the test's own process.

pub mod smtp;
pub mod twilio;
