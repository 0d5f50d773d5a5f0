//! The promises of [`Sender`] as tests that run over any adapter; [`mailbox`] has those of [`Inbox`](crate::Inbox).
//!
//! # A new adapter
//!
//! `channels/ADAPTERS.md` leads through one, from its settings to its strict stand-in; `examples/sim_box` is the adapter it
//! speaks of, and is tested by this kit.
//!
//! # What is checked
//!
//! [`promises`] holds one function for each promise, named as a sentence. None of them sleeps.

mod arrivals;
mod eml;
pub mod mailbox;
pub mod promises;
pub mod records;
mod samples;
mod secrets;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};

pub use crate::fakes::post::Post;
use crate::{Sender, error::Fault, fakes::stage::Stage};

pub use eml::Eml;

/// An adapter under test, opened with settings that reach a stand-in of its provider.
#[async_trait]
pub trait Rig: Send + Sync {
    /// The channel under test.
    fn sender(&self) -> &dyn Sender;

    /// Every message the other side has, in any order.
    async fn taken(&self) -> Vec<Taken>;

    /// Does this with every message and question from now on. `false`: this provider cannot.
    async fn misbehave(&self, how: Misbehaviour) -> bool;

    /// Ends every misbehaviour.
    async fn behave(&self);

    /// The stand-in, where it holds messages back, counts and complains as those over HTTP do: then the five that follow
    /// need no words of the rig's own.
    fn holder(&self) -> Option<&dyn Holder> {
        None
    }

    /// Keeps every message that arrives waiting for its answer. `false`: this provider cannot.
    async fn hold(&self) -> bool {
        self.holder().inspect(|holder| holder.hold()).is_some()
    }

    /// Waits until this many messages wait for their answer. Asked only after [`Rig::hold`].
    async fn until_held(&self, count: usize) {
        if let Some(holder) = self.holder() {
            holder.until_held(count).await;
        }
    }

    /// Answers those that wait, and all later ones.
    async fn release(&self) {
        if let Some(holder) = self.holder() {
            holder.release();
        }
    }

    /// The most messages that were with the other side at the same time; `None` when it cannot count them.
    fn most_at_once(&self) -> Option<usize> {
        self.holder().map(Holder::most_at_once)
    }

    /// A message from this sender arrives at the other side, which posts this about it. `None`: this provider posts
    /// nothing, or the stand-in cannot.
    async fn arrives(&self, _from: &str, _words: &str) -> Option<Post> {
        None
    }

    /// What proves that a post is the provider's.
    fn proof(&self) -> Proof {
        Proof::Signature
    }

    /// A post of [`Rig::arrives`] without what proves it: without its headers, unless this provider signs in the body.
    fn unproved(&self, post: &Post) -> Post {
        Post { headers: Vec::new(), ..post.clone() }
    }

    /// What must stand in no wire log: passwords, tokens and keys, as they are written and as they travel.
    fn secrets(&self) -> Vec<String>;

    /// What the adapter did against the provider's rules. Must be empty at the end of every check.
    fn complaints(&self) -> Vec<String> {
        self.holder().map(Holder::complaints).unwrap_or_default()
    }

    /// The longest that one `send`, `find` or `probe` may take by the rig's settings. Keep it to a few seconds.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// A stand-in that can hold messages back, counts those it has at once, and remembers what was done against its rules.
#[async_trait]
pub trait Holder: Send + Sync {
    /// Keeps every message that arrives waiting for its answer.
    fn hold(&self);

    /// Waits until this many messages wait.
    async fn until_held(&self, count: usize);

    /// Answers those that wait, and all later ones.
    fn release(&self);

    /// The most messages that were here at the same time.
    fn most_at_once(&self) -> usize;

    /// What was done against the provider's rules.
    fn complaints(&self) -> Vec<String>;
}

#[async_trait]
impl<D: Clone + Send> Holder for Stage<D> {
    fn hold(&self) {
        Self::hold(self);
    }

    async fn until_held(&self, count: usize) {
        Self::until_held(self, count).await;
    }

    fn release(&self) {
        Self::release(self);
    }

    fn most_at_once(&self) -> usize {
        Self::most_at_once(self)
    }

    fn complaints(&self) -> Vec<String> {
        Self::complaints(self)
    }
}

/// A message that the other side has.
#[derive(Clone, PartialEq, Eq)]
pub struct Taken {
    /// The recipient, as the other side knows it: a bare email address, a number in E.164 form, or the lines of an address.
    pub to: String,
    /// The words: a text's or a letter's, or a mail's plain-text part, decoded (see [`Eml`]).
    pub words: String,
}

/// A user name and a password as HTTP Basic and SMTP's PLAIN and LOGIN carry them: for [`Rig::secrets`].
pub fn as_logins(username: &str, password: &str) -> Vec<String> {
    let plain = [format!("{username}:{password}"), format!("\0{username}\0{password}"), password.to_owned()];
    let mut secrets: Vec<_> = plain.iter().map(|text| STANDARD.encode(text)).collect();
    secrets.push(password.to_owned());
    secrets
}

/// What proves that a post is the provider's: every byte of it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A signature over the body.
    Signature,
    /// The value of this header alone, in lower case, such as a bearer token or a login. It does not cover the body.
    Header(&'static str),
    /// The path alone, which holds a secret. It does not cover the body.
    Path,
}

/// How the other side can let us down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Says that it cannot just now; takes nothing.
    Unavailable,
    /// Says "slow down"; takes nothing.
    Throttles,
    /// Refuses the recipient's address.
    RefusesAddress,
    /// Refuses the message for what is in it.
    RefusesContent,
    /// Refuses our login, sender or other settings.
    RefusesSettings,
    /// Cuts the line before it has the whole message.
    CutBefore,
    /// Takes the message and cuts the line before it has said so.
    CutAfter,
    /// Falls silent before it has the whole message.
    SilentBefore,
    /// Takes the message and never says so.
    SilentAfter,
    /// Takes the message and answers what nobody can read.
    Garbles,
}

impl Misbehaviour {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Unavailable,
        Self::Throttles,
        Self::RefusesAddress,
        Self::RefusesContent,
        Self::RefusesSettings,
        Self::CutBefore,
        Self::CutAfter,
        Self::SilentBefore,
        Self::SilentAfter,
        Self::Garbles,
    ];

    /// Whether this is the fault that staff and the retry schedule must be told.
    const fn is_told_by(self, fault: Fault) -> bool {
        match self {
            Self::Throttles => matches!(fault, Fault::Throttled { .. }),
            Self::RefusesAddress => matches!(fault, Fault::BadAddress),
            Self::RefusesContent => matches!(fault, Fault::Refused),
            Self::RefusesSettings => matches!(fault, Fault::Misconfigured),
            _ => matches!(fault, Fault::Temporary | Fault::Unreachable),
        }
    }
}

/// A promise that was not kept, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

/// What a check finds.
pub type Verdict = Result<(), Broken>;

/// Fails the check with a sentence unless the condition holds.
fn hold(condition: bool, sentence: impl FnOnce() -> String) -> Verdict {
    if condition { Ok(()) } else { Err(Broken(sentence())) }
}

/// Makes a module of tests, one for each promise, each with a rig of its own.
///
/// The caller needs `tokio` with macros. The second argument is an expression that makes a [`Rig`], and may await.
#[macro_export]
macro_rules! conformance_tests {
    ($name:ident, $rig:expr) => {
        mod $name {
            #[allow(unused_imports, reason = "whatever the rig's expression names")]
            use super::*;

            $crate::conformance_tests!(@each $rig,
                each_message_is_handed_over_once_and_whole,
                messages_of_one_moment_are_kept_apart,
                a_message_of_the_wrong_kind_is_refused,
                a_failure_tells_the_truth,
                the_channel_works_again_after_every_failure,
                a_cancelled_send_harms_no_later_one,
                no_more_than_the_limit_are_on_the_wire,
                find_tells_the_truth,
                find_tells_twins_apart,
                find_tells_the_truth_after_a_cut_line,
                a_probe_reaches_nobody_and_finds_what_is_wrong,
                no_personal_data_is_printed,
                what_was_said_is_kept_struck_out,
                a_posted_text_is_kept_whole,
                a_forged_post_is_not_believed,
                texts_that_arrived_are_listed,
                receipts_are_of_what_was_handed_over,
            );
        }
    };
    (@each $rig:expr, $($promise:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let rig = $rig;

                let verdict = $crate::conformance::promises::$promise(&rig).await;

                if let Err(broken) = verdict {
                    panic!("{broken}");
                }
                let complaints = $crate::conformance::Rig::complaints(&rig);
                assert!(complaints.is_empty(), "against the provider's rules: {complaints:?}");
            }
        )+
    };
}
