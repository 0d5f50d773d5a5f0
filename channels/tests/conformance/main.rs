//! The promises of every channel, kept by every adapter.

mod cost;
mod folder;
mod liar;
mod mailboxes;
mod mails;
mod sinch;
mod smtp;
mod vonage;

use liaison_channels::{conformance_tests, fakes::vonage::Carriage, mailbox_conformance_tests};

use self::{
    folder::FolderRig,
    mailboxes::{Files, Server},
    sinch::SinchRig,
    smtp::SmtpRig,
    vonage::VonageRig,
};

conformance_tests!(folder_of_mails, FolderRig::mails());
conformance_tests!(folder_of_texts, FolderRig::texts());
conformance_tests!(folder_of_letters, FolderRig::letters());
conformance_tests!(smtp_server, SmtpRig::start(true).await);
conformance_tests!(smtp_server_without_pipelining, SmtpRig::start(false).await);
conformance_tests!(sinch_api, SinchRig::start());
conformance_tests!(vonage_api, VonageRig::start(Carriage::Form));
conformance_tests!(vonage_api_that_posts_json, VonageRig::start(Carriage::Json));
mailbox_conformance_tests!(folder_that_is_read, Some(Files::folder()));
mailbox_conformance_tests!(maildir, Some(Files::maildir()));
mailbox_conformance_tests!(imap_server, Server::start());
