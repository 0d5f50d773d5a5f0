//! The promises of every channel, kept by every adapter.

mod cost;
mod folder;
mod liar;
mod mails;
mod sinch;
mod smtp;
mod vonage;

use liaison_channels::{conformance_tests, fakes::vonage::Carriage};

use self::{folder::FolderRig, sinch::SinchRig, smtp::SmtpRig, vonage::VonageRig};

conformance_tests!(folder_of_mails, FolderRig::mails());
conformance_tests!(folder_of_texts, FolderRig::texts());
conformance_tests!(smtp_server, SmtpRig::start(true).await);
conformance_tests!(smtp_server_without_pipelining, SmtpRig::start(false).await);
conformance_tests!(sinch_api, SinchRig::start());
conformance_tests!(vonage_api, VonageRig::start(Carriage::Form));
conformance_tests!(vonage_api_that_posts_json, VonageRig::start(Carriage::Json));
