//! A rehearsal shows what carers will get: the folder and the mail server are given the same mail.

use liaison_channels::{
    address::EmailAddress,
    conformance::Eml,
    message::{Mail, OurRef, Outgoing},
};
use uuid::Uuid;

use super::{folder::FolderRig, smtp::SmtpRig};

#[allow(clippy::disallowed_methods, reason = "a mail to .example, in a test of adapters")]
fn mail() -> Outgoing {
    let mail = Mail {
        to: EmailAddress::parse("amina@post.example").expect("good"),
        to_name: "Amina Şahin, mother".into(),
        subject: "Week 3: Żółw and a subject that is long enough to be folded over more than one line".into(),
        plain: "Dear Amina,\n.\nZażółć\n".into(),
        html: "<p>Dear Amina,</p>\n<p>Zażółć</p>\n".into(),
        language: "pl".to_owned(),
        manner: liaison_channels::message::Manner::Letter,
        in_reply_to: None,
        thread: Vec::new(),
        reply_tag: None,
        unsubscribe: None,
    };
    Outgoing::mail(OurRef(Uuid::from_u128(7)), mail)
}

#[tokio::test]
async fn a_rehearsed_mail_is_the_mail_that_would_leave() {
    use liaison_channels::conformance::Rig;
    let (folder, server) = (FolderRig::mails(), SmtpRig::start(true).await);

    let rehearsed = folder.sender().send(&mail()).await.expect("written");
    let sent = server.sender().send(&mail()).await.expect("taken");

    let (rehearsed_mail, sent_mail) = (folder.only_mail(), server.only_mail());
    assert_eq!(rehearsed.reference, sent.reference);
    for header in [
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Message-ID",
        "MIME-Version",
        "Content-Language",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "Precedence",
    ] {
        assert_eq!(rehearsed_mail.header(header), sent_mail.header(header), "{header}");
    }
    let bodies =
        |eml: &Eml| [eml.plain(), eml.html()].map(|part| part.map(|words| words.trim_end().to_owned()));
    assert_eq!(bodies(&rehearsed_mail), bodies(&sent_mail));
}
