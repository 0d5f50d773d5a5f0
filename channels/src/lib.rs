//! How messages leave the school, and arrive: one contract, many channels.
//!
//! A **channel** is a configured adapter instance, such as `school-mail` or `texts`. This crate knows addresses,
//! wire formats and providers; it knows no carer, pupil, database or page, and imports nothing of Liaison's.
//!
//! * [`address`], [`message`], [`error`]: the words every adapter shares; the only modules the domain may name;
//! * [`sender`]: the contract, [`Sender`], and what it promises;
//! * [`inbox`]: the contract of a mailbox that is read, [`Inbox`]; [`imap`], [`inbox_maildir`], [`inbox_folder`]: its adapters;
//! * [`smtp`], [`twilio`], [`govuk_notify`], [`sinch`], [`vonage`], [`http`], [`folder`]: the adapters;
//! * [`kind`]: what each says of itself; `open` is the one list that registers them;
//! * [`record_sink`]: the contract of a place that takes records for another system, [`RecordSink`]; [`record_folder`]: its first;
//! * [`reading`]: what an arrived mail says; [`scan`]: its files, looked at by the virus scanner of this machine;
//! * [`wire_log`]: what was said on the wire for one attempt;
//! * [`cost`]: what a channel's texts cost, and how many may leave;
//! * [`oauth`]: signing in to mail servers with tokens;
//! * [`text`]: the alphabet and the length of texts; [`pace`]: how fast a channel may go;
//! * `conformance` (feature `fakes`) and `fakes` (its strict providers alone: feature `stand-ins`): the promises as a test
//!   kit, and strict providers in process.

pub mod address;
pub mod cost;
mod disk;
pub mod error;
pub mod folder;
pub mod govuk_notify;
pub mod http;
pub mod imap;
pub mod inbound;
pub mod inbound_reading;
pub mod inbox;
pub mod inbox_folder;
pub mod inbox_maildir;
mod json;
pub mod kind;
mod line;
pub mod mail_dns;
pub mod message;
mod mime;
pub mod oauth;
mod open;
pub mod pace;
pub mod private;
pub mod reading;
pub mod receipt;
pub mod record_folder;
pub mod record_sink;
pub mod scan;
mod secret;
pub mod sender;
mod settings;
pub mod sinch;
pub mod smtp;
mod stubborn;
pub mod text;
mod texting;
mod tls;
pub mod twilio;
pub mod vonage;
mod wire;
pub mod wire_log;

#[cfg(feature = "fakes")]
pub mod conformance;
#[cfg(feature = "stand-ins")]
pub mod fakes;

pub use inbox::Inbox;
pub use open::{ChannelConfig, open, open_inbox};
pub use record_sink::RecordSink;
pub use sender::Sender;
