//! What a mail server and a provider do to a sender, by chance.

use liaison_channels::fakes::{
    smtp::{Act, At},
    twilio::Deed,
};

use crate::school::School;

/// What was done, so that a test can say how much may have come twice.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Mails that the server took without saying so, at most.
    pub(crate) mails_taken_silently: usize,
}

/// Does `times` things to mails and texts, each a few messages after the one before.
pub(crate) async fn play(school: &mut School, times: usize) -> Done {
    let mut done = Done::default();
    for _ in 0..times {
        school.moment(2, 20).await;
        done.mails_taken_silently += usize::from(annoy(school));
    }
    done
}

/// One thing to the next mail and one to the next text; `true` when the mail is taken without a word.
pub(crate) fn annoy(school: &mut School) -> bool {
    let say = |text: &str| Act::Say(text.to_owned());
    let mail = [
        (At::Body, Act::Cut),
        (At::Dot, Act::TakeAndCut),
        (At::Dot, Act::TakeAndCut),
        (At::Dot, Act::TakeAndSilence),
        (At::Dot, Act::Cut),
        (At::Dot, say("451 4.3.0 try again later")),
        (At::Rcpt, say("450 4.2.1 busy")),
        (At::Data, Act::Cut),
        (At::Mail, Act::SayAndCut("421 4.3.2 closing".to_owned())),
        (At::Greeting, Act::Cut),
    ];
    let text = [
        Deed::Throttle { retry_after: Some(1) },
        Deed::Fail { status: 503, took: false },
        Deed::Fail { status: 502, took: true },
        Deed::Cut { took: false },
        Deed::Cut { took: true },
        Deed::CutShort,
        Deed::Hang { took: false },
        Deed::Hang { took: true },
        Deed::Nameless,
        Deed::Garbled,
    ];
    let (at, act) = school.chance.one_of(&mail).clone();
    let deed = school.chance.one_of(&text).clone();
    let silently = matches!(act, Act::TakeAndCut | Act::TakeAndSilence);
    school.smtp.next(at, act);
    school.twilio.next(1, deed);
    if school.chance.number(1, 4) == 1 {
        school.twilio.next_question(1, Deed::Fail { status: 503, took: false });
    }
    silently
}
