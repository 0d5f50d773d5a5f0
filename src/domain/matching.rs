//! Who wrote, and about which pupil (R05, R30, R31; T3 to T7).
//!
//! Marks, references and codes only propose: whoever has the mail, forwarded or printed, has them too. The address that
//! wrote says who it is, where it is one carer's alone, and that carer's own right to the pupil decides. Everything else
//! is a question for a colleague, and until it is answered nothing is disclosed.

use serde::{Deserialize, Serialize};

use super::{
    chronology::Visibility,
    ids::{AddressId, CarerId, CaseId, ClassId, DeliveryId, PupilId, UpdateId},
    route::Fired,
};

/// A carer whose address wrote.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The carer.
    pub carer: CarerId,
    /// The address, as the school has it.
    pub address: AddressId,
    /// Whether the address can be written to: neither failing nor stopped.
    pub reachable: bool,
    /// The carer has died: somebody else writes.
    pub died: bool,
    /// The pupils this carer is linked to.
    pub links: Vec<WriterLink>,
}

/// One of a writer's links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the link")]
pub struct WriterLink {
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's class.
    pub class: Option<ClassId>,
    /// A restriction holds today.
    pub restricted: bool,
    /// The link's last day is over: it gives no right any more.
    pub ended: bool,
    /// The pupil has left the school, or has died.
    pub left: bool,
    /// The pupil has died.
    pub died: bool,
}

/// What a proposal rests on, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The signed mark in the address it was sent to.
    Tag,
    /// It answers a message of ours, by its references.
    Reference,
    /// It stands in a thread with an earlier message that arrived.
    Thread,
    /// The code of a case in the subject.
    Code,
    /// A further text from a number whose last case is fresh.
    Recent,
}

impl By {
    const fn seen(self) -> &'static str {
        match self {
            Self::Tag => "the mark in the address it was sent to",
            Self::Reference => "it answers a message of ours",
            Self::Thread => "it stands in a thread with an earlier message",
            Self::Code => "the code of a case in the subject",
            Self::Recent => "a further text while a case by text is open",
        }
    }
}

/// What something in the message proposes.
#[derive(Debug, Clone, Copy)]
pub struct Proposal {
    /// What it rests on.
    pub by: By,
    /// The carer the answered message was for.
    pub carer: CarerId,
    /// The pupil it was about, where that is known.
    pub pupil: Option<PupilId>,
    /// The case it belongs to.
    pub case: Option<CaseId>,
    /// The update it answers.
    pub update: Option<UpdateId>,
    /// The message of ours it answers.
    pub delivery: Option<DeliveryId>,
    /// A restriction binds that carer today: that they have anything to do with it is the DSL's to know.
    pub restricted: bool,
}

/// What only a person can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Nobody, or more than one carer, has this address.
    WhoIsThis,
    /// A known carer answers what was sent to another, or about a pupil they have no link to.
    WhoseReply,
    /// It cannot be read.
    WhatIsThis,
}

impl Ask {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhoIsThis => "who_is_this",
            Self::WhoseReply => "whose_reply",
            Self::WhatIsThis => "what_is_this",
        }
    }
}

/// Somebody it may be, with the evidence; for the eyes of the colleague who decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The carer.
    pub carer: CarerId,
    /// The pupil it may be about.
    pub pupil: Option<PupilId>,
    /// Why they may be the one.
    pub evidence: String,
}

/// Who wrote, about whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// One carer, free of restrictions as far as it matters here.
    Known(Known),
    /// One carer, who is restricted: the DSL's, and nobody answers by themselves (R32).
    Restricted(Known),
    /// A question for a colleague.
    Ask {
        /// Which question.
        ask: Ask,
        /// One neutral sentence.
        why: String,
        /// Who it may be.
        candidates: Vec<Candidate>,
        /// Whose eyes the question is for.
        visibility: Visibility,
    },
}

/// A carer and what the message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The carer.
    pub carer: CarerId,
    /// The address that wrote.
    pub address: AddressId,
    /// The pupil; `None`: the carer has several here and nothing says which.
    pub pupil: Option<PupilId>,
    /// The pupil on whose link the right to be answered rests.
    pub link_pupil: PupilId,
    /// The class whose staff own it.
    pub class: Option<ClassId>,
    /// The case it belongs to, if it is this carer's.
    pub case: Option<CaseId>,
    /// The update it answers.
    pub update: Option<UpdateId>,
    /// The message of ours it answers.
    pub delivery: Option<DeliveryId>,
}

/// Decides, with the rules that fired. `proposals` in any order; `forged`: the mail failed the check of the domain it
/// says it comes from, so its address proves nothing.
pub fn decide(writers: &[Writer], proposals: &[Proposal], forged: bool) -> (Match, Vec<Fired>) {
    let mut fired = Vec::with_capacity(4);
    let mut proposals = proposals.to_vec();
    proposals.sort_by_key(|proposal| proposal.by);
    for proposal in &proposals {
        fired.push(Fired::new("proposal", "ok", proposal.by.seen()));
    }
    let decided = match writers {
        [_, ..] if forged => {
            let why = "the mail fails the check of the domain it says it comes from: it may be forged";
            shared(writers, &proposals, why, &mut fired)
        }
        [] => stranger(&proposals, &mut fired),
        [writer] if writer.died => {
            let why = "the carer whose address it came from has died: somebody else writes";
            shared(writers, &proposals, why, &mut fired)
        }
        [writer] => one_carer(writer, &proposals, &mut fired),
        several => {
            let why = "several carers share the address it came from";
            shared(several, &proposals, why, &mut fired)
        }
    };
    (decided, fired)
}

fn stranger(proposals: &[Proposal], fired: &mut Vec<Fired>) -> Match {
    let why = "no carer on record has the address it came from";
    fired.push(Fired::new("sender", "ask", why));
    let candidates = proposals.iter().map(|proposal| candidate(proposal, "")).collect();
    ask(Ask::WhoIsThis, why, candidates, any_restricted(proposals))
}

fn any_restricted(proposals: &[Proposal]) -> bool {
    proposals.iter().any(|proposal| proposal.restricted)
}

fn shared(writers: &[Writer], proposals: &[Proposal], why: &str, fired: &mut Vec<Fired>) -> Match {
    fired.push(Fired::new("sender", "ask", why));
    let candidates = writers.iter().map(|writer| Candidate {
        carer: writer.carer,
        pupil: only_pupil(writer).map(|link| link.pupil),
        evidence: match proposals.iter().find(|proposal| proposal.carer == writer.carer) {
            _ if writer.died => "had this address, and has died".to_owned(),
            Some(proposal) => format!("has this address; {}", proposal.by.seen()),
            None => "has this address".to_owned(),
        },
    });
    let restricted = writers.iter().any(|writer| writer.links.iter().any(|link| link.restricted));
    ask(Ask::WhoIsThis, why, candidates.collect(), restricted || any_restricted(proposals))
}

fn one_carer(writer: &Writer, proposals: &[Proposal], fired: &mut Vec<Fired>) -> Match {
    fired.push(Fired::new("sender", "ok", "the address is one carer's alone"));
    let best = proposals.first().filter(|_| proposals.iter().all(|other| other.carer == writer.carer));
    let about = best.and_then(|proposal| proposal.pupil);
    let link = match about {
        Some(pupil) => standing(writer).find(|link| link.pupil == pupil),
        None => only_pupil(writer),
    };
    // A restriction counts for the pupil it is about; where that is open, for every pupil it may be.
    let restricted = match link {
        Some(link) => link.restricted,
        None => writer.links.iter().any(|link| link.restricted && !link.left),
    };
    if let Some(foreign) = proposals.iter().find(|proposal| proposal.carer != writer.carer) {
        let why = "a known carer answers what was sent to somebody else";
        fired.push(Fired::new("agreement", "ask", why));
        let candidates = [
            Candidate {
                carer: writer.carer,
                pupil: only_pupil(writer).map(|link| link.pupil),
                evidence: "the address it came from is theirs alone".to_owned(),
            },
            candidate(foreign, "the message it answers was for them; "),
        ];
        let restricted = writer.links.iter().any(|link| link.restricted) || any_restricted(proposals);
        return ask(Ask::WhoseReply, why, candidates.to_vec(), restricted);
    }
    let Some(stands_on) =
        link.or_else(|| standing(writer).find(|link| !link.left)).or(standing(writer).next())
    else {
        let why = if writer.links.is_empty() {
            "the carer is not linked to any pupil"
        } else {
            "what linked this carer to a pupil here has ended"
        };
        fired.push(Fired::new("rights", "ask", why));
        return ask(Ask::WhoIsThis, why, vec![theirs(writer)], restricted);
    };
    if about.is_some() && link.is_none() {
        let why = "the message it answers was about a pupil whom this carer is no longer linked to";
        fired.push(Fired::new("rights", "ask", why));
        return ask(Ask::WhoseReply, why, vec![theirs(writer)], restricted);
    }
    let known = Known {
        carer: writer.carer,
        address: writer.address,
        pupil: link.map(|link| link.pupil),
        link_pupil: stands_on.pupil,
        class: stands_on.class,
        case: best.and_then(|proposal| proposal.case),
        update: best.and_then(|proposal| proposal.update),
        delivery: best.and_then(|proposal| proposal.delivery),
    };
    if restricted {
        fired.push(Fired::new("rights", "stop", "a restriction holds: the DSL decides what happens"));
        return Match::Restricted(known);
    }
    fired.push(Fired::new("rights", "ok", "linked, and no restriction holds"));
    Match::Known(known)
}

/// The links that have not ended.
fn standing(writer: &Writer) -> impl Iterator<Item = &WriterLink> {
    writer.links.iter().filter(|link| !link.ended)
}

/// The only pupil it can be about, where the carer has one at the school; one who left counts only where there is no
/// other.
fn only_pupil(writer: &Writer) -> Option<&WriterLink> {
    let mut here = standing(writer).filter(|link| !link.left);
    match (here.next(), here.next()) {
        (Some(only), None) => Some(only),
        (None, _) => {
            let mut gone = standing(writer);
            gone.next().filter(|_| gone.next().is_none())
        }
        _ => None,
    }
}

fn theirs(writer: &Writer) -> Candidate {
    Candidate {
        carer: writer.carer,
        pupil: None,
        evidence: "the address it came from is theirs alone".to_owned(),
    }
}

fn candidate(proposal: &Proposal, before: &str) -> Candidate {
    Candidate {
        carer: proposal.carer,
        pupil: proposal.pupil,
        evidence: format!("{before}{}", proposal.by.seen()),
    }
}

fn ask(ask: Ask, why: &str, candidates: Vec<Candidate>, restricted: bool) -> Match {
    let visibility = if restricted { Visibility::Restricted } else { Visibility::Ordinary };
    Match::Ask { ask, why: why.to_owned(), candidates, visibility }
}

/// Why a message is said to be whose it is, in the rules' own words, without names: what was asked of its sender and of what
/// it answers, in order. What only the reading of its bytes found is not among them.
pub fn evidence(fired: &[Fired]) -> Vec<String> {
    let asked = |rule: &str| ["proposal", "sender", "agreement", "rights"].contains(&rule);
    fired.iter().filter(|one| asked(&one.rule)).map(|one| one.saw.clone()).collect()
}

/// Whether these words are thanks and nothing else: they belong to a case but start no clock (T17).
pub fn is_only_thanks(words: &str) -> bool {
    const THANKS: &[&str] = &[
        "thanks",
        "thank you",
        "many thanks",
        "thanks so much",
        "thank you so much",
        "thank you very much",
        "thanks a lot",
        "ok thanks",
        "ok thank you",
        "okay thanks",
        "great thanks",
        "great thank you",
        "thats great thanks",
        "thats great thank you",
        "lovely thanks",
        "lovely thank you",
        "perfect thanks",
        "perfect thank you",
        "brilliant thanks",
        "brilliant thank you",
        "cheers",
        "ta",
        "thanks again",
        "noted thanks",
        "noted thank you",
    ];
    let plain: String = words
        .chars()
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .collect::<String>()
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if plain.is_empty() {
        // A thumb or a heart alone; anything else that has no letters is looked at by a person.
        return !words.trim().is_empty()
            && words.trim().chars().all(|c| "👍❤️🙏😊🙂♥💐👏🏻🏼🏽🏾🏿".contains(c));
    }
    THANKS.contains(&plain.as_str())
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
