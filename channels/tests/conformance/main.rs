//! The promises of every channel, kept by every adapter.

mod folder;
mod liar;
mod mails;
mod sinch;
mod smtp;
mod twilio;

use liaison_channels::conformance_tests;

use self::{folder::FolderRig, sinch::SinchRig, smtp::SmtpRig, twilio::TwilioRig};

conformance_tests!(folder_of_mails, FolderRig::mails());
conformance_tests!(folder_of_texts, FolderRig::texts());
conformance_tests!(smtp_server, SmtpRig::start(true).await);
conformance_tests!(smtp_server_without_pipelining, SmtpRig::start(false).await);
conformance_tests!(twilio_api, TwilioRig::start());
conformance_tests!(sinch_api, SinchRig::start());
