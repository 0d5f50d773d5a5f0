//! What is made of one message: whose it is, which case, which clock, and whether it is acknowledged.

use liaison_channels::private::Private;

use super::{
    known::{Known, Learnt},
    outcome::Outcome,
    understand::Message,
};
use crate::{
    domain::{
        acknowledge::Ack,
        case_kind::CaseKind,
        chronology::{Entry, Visibility, kind},
        ids::{CarerId, CaseId, DeliveryId, QuestionId},
        matching::{self, Ask, Candidate, Match, Proposal, Writer, is_only_thanks},
        route::Fired,
        suggest::Found,
        tag::case_code,
        time::{Date, Timestamp, moment_in_a_sentence},
    },
    flows::{gateway::Gateway, planning::as_json, salt},
    store::{cases::NewCase, questions::NewQuestion, readings::NewReading},
};

/// The rule that a mail failed the check of the domain it says it comes from (RFC 9989).
const DMARC: u8 = 10;
/// The longest subject a case is listed with, in letters.
const SUBJECT: usize = 120;

/// One message on its way to a decision.
pub(super) struct Deciding<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) known: &'a Known,
    pub(super) message: &'a Message,
    pub(super) now: Timestamp,
}

/// What a message was found to be, before it is written.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) kind: &'static str,
    pub(super) sentence: String,
    pub(super) answered: String,
    pub(super) whose: Option<matching::Known>,
    pub(super) case: Option<CaseId>,
    pub(super) delivery: Option<DeliveryId>,
    pub(super) visibility: Visibility,
    pub(super) found: Found,
    pub(super) fired: Vec<Fired>,
}

impl Verdict {
    /// Whether the DSL should look now: a person wrote who is restricted (R32), or of what may be a safeguarding matter (R61).
    fn is_for_the_dsl(&self) -> bool {
        let may_be = self.found.suggested.is_some_and(|one| one.kind == CaseKind::Safeguarding);
        may_be || (self.visibility == Visibility::Restricted && self.kind == "human")
    }
}

impl Deciding<'_> {
    /// Decides, and adds the rows to `outcome`.
    pub(super) fn decide(&self, outcome: &mut Outcome) -> Learnt {
        let message = self.message;
        if self.known.is_repeat(message) {
            let said = "the same message again, by another way; it has been dealt with";
            return self.aside(
                "repeat",
                said,
                &Ack::Hold(0, "it was answered the first time".into()),
                outcome,
            );
        }
        match message.kind {
            "human" | "calendar" => self.a_person(outcome),
            "unreadable" => self.unreadable(outcome),
            "report" => self.look_at(outcome, "somebody's mail provider reports our mail as unwanted"),
            other => {
                let said = match other {
                    "auto_reply" => "an automatic answer",
                    "list" => "from a mailing list or a newsletter",
                    "receipt" => "a receipt by a mail program",
                    "own" => "our own mail, come back",
                    _ => "a machine's mail",
                };
                self.aside(message.kind, said, &self.barred(), outcome)
            }
        }
    }

    /// The rule by which the mail itself forbids an answer.
    fn barred(&self) -> Ack {
        match self.message.no_answer.first() {
            Some(rule) => Ack::Hold(rule.rule, rule.because.clone()),
            None => Ack::Hold(1, "a machine wrote it".to_owned()),
        }
    }

    /// For the DSL alone where whoever may have written it is restricted, whatever it is.
    pub(super) fn for_whose_eyes(&self) -> Visibility {
        let mut links = self.known.writers(self.message).iter().flat_map(|writer| &writer.links);
        seen_by(links.any(|link| link.restricted))
    }

    /// A message that needs nobody: kept, told, and put with the carer whose address it came from.
    fn aside(&self, kind: &'static str, said: &str, ack: &Ack, outcome: &mut Outcome) -> Learnt {
        let whose = match self.known.writers(self.message) {
            [writer] => only_link(writer),
            _ => None,
        };
        let visibility = self.for_whose_eyes();
        let verdict = Verdict {
            kind,
            sentence: said.to_owned(),
            answered: ack.sentence(),
            whose,
            case: None,
            delivery: None,
            visibility,
            found: Found::default(),
            fired: Vec::new(),
        };
        self.keep(verdict, outcome);
        Learnt::default()
    }

    /// What cannot be read: kept, shown, and a person looks at it.
    fn unreadable(&self, outcome: &mut Outcome) -> Learnt {
        let why =
            self.message.problems.first().map_or("it is not a message that can be read", String::as_str);
        self.look_at(outcome, &format!("cannot be read: {why}"))
    }

    /// Kept, and a person looks at it.
    pub(super) fn look_at(&self, outcome: &mut Outcome, why: &str) -> Learnt {
        self.ask(Ask::WhatIsThis, why, Vec::new(), self.for_whose_eyes(), outcome);
        self.aside(self.message.kind, why, &self.barred(), outcome)
    }

    fn a_person(&self, outcome: &mut Outcome) -> Learnt {
        let writers = self.known.writers(self.message);
        let proposals = self.known.proposals(self.message);
        let forged = self.message.no_answer.iter().any(|rule| rule.rule == DMARC);
        let (decided, fired) = matching::decide(writers, &proposals, forged);
        match decided {
            Match::Known(whose) => self.in_a_case(whose, Visibility::Ordinary, fired, outcome),
            Match::Restricted(whose) => self.in_a_case(whose, Visibility::Restricted, fired, outcome),
            Match::Ask { ask, why, candidates, visibility } => {
                self.ask(ask, &why, candidates, visibility, outcome);
                let verdict = Verdict {
                    kind: self.message.kind,
                    sentence: format!("{why}: a colleague is asked"),
                    answered: unsure(forged).sentence(),
                    whose: None,
                    case: None,
                    delivery: None,
                    visibility,
                    found: self.found(),
                    fired,
                };
                self.keep(verdict, outcome);
                Learnt::default()
            }
        }
    }

    fn in_a_case(
        &self,
        whose: matching::Known,
        visibility: Visibility,
        mut fired: Vec<Fired>,
        outcome: &mut Outcome,
    ) -> Learnt {
        let message = self.message;
        let thanks = is_only_thanks(message.words.expose()) && message.attachments == 0;
        let (case, code, opened) = match whose.case {
            Some(case) => {
                outcome.joined.push((case, !thanks, message.received_at));
                if visibility == Visibility::Restricted {
                    outcome.restricted.push(case);
                }
                (case, case_code(case), false)
            }
            None => self.open_case(&whose, visibility, thanks, outcome),
        };
        let found = if thanks { Found::default() } else { self.found() };
        let due = if thanks { None } else { self.start_clock(case, outcome) };
        let law = self.start_statutory(found, case, outcome);
        if opened && whose.pupil.is_none() {
            self.ask_which_child(&whose, case, visibility, outcome);
        }
        let (ack, by, acknowledged) = self.acknowledge(&whose, case, visibility, thanks, due, outcome);
        let did = match (opened, thanks) {
            (true, _) => format!("case {code} opened"),
            (false, true) => format!("thanks, in case {code}"),
            (false, false) => format!("a further message in case {code}"),
        };
        let sentence = format!("{did}: {}", because(&fired));
        fired.push(by);
        outcome.entries.push(
            Entry::now(self.now, kind::CASE, format!("{did}{}", due_in_words(thanks, due)))
                .about_carer(whose.carer, whose.pupil)
                .case(case)
                .received(message.id)
                .seen_by(visibility),
        );
        self.tell_suggestion((found, law), &whose, case, visibility, outcome);
        let learnt = Learnt {
            proposal: Some(Proposal {
                by: matching::By::Thread,
                carer: whose.carer,
                pupil: whose.pupil,
                case: Some(case),
                update: whose.update,
                delivery: None,
                restricted: false,
            }),
            acknowledged,
        };
        let answered = if visibility == Visibility::Restricted {
            Ack::Hold(9, "the DSL decides what this carer is told".to_owned()).sentence()
        } else {
            ack.sentence()
        };
        let verdict = Verdict {
            kind: message.kind,
            sentence,
            answered,
            delivery: whose.delivery,
            whose: Some(whose),
            case: Some(case),
            visibility,
            found,
            fired,
        };
        self.keep(verdict, outcome);
        learnt
    }

    fn open_case(
        &self,
        whose: &matching::Known,
        visibility: Visibility,
        thanks: bool,
        outcome: &mut Outcome,
    ) -> (CaseId, String, bool) {
        let id = CaseId::new();
        let code = case_code(id);
        let role = match (visibility, whose.class) {
            (Visibility::Restricted, _) => "dsl",
            (Visibility::Ordinary, Some(_)) => "teacher",
            (Visibility::Ordinary, None) => "office",
        };
        outcome.cases.push(NewCase {
            id,
            code: code.clone(),
            known: whose.clone(),
            kind: if thanks { "thanks" } else { "query" },
            came_by: self.message.came_by,
            visibility,
            subject: self.subject(),
            role,
            at: self.message.received_at,
        });
        (id, code, true)
    }

    /// The subject, or the first words where there is none.
    fn subject(&self) -> Private<String> {
        let subject = self.message.subject.expose().trim();
        let line = if subject.is_empty() {
            self.message
                .words
                .expose()
                .lines()
                .map(str::trim)
                .find(|line| !line.is_empty())
                .unwrap_or("(no words)")
        } else {
            subject
        };
        Private::new(line.chars().take(SUBJECT).collect())
    }

    fn ask_which_child(
        &self,
        whose: &matching::Known,
        case: CaseId,
        visibility: Visibility,
        outcome: &mut Outcome,
    ) {
        let writers = self.known.writers(self.message).iter().flat_map(|writer| &writer.links);
        let candidates = writers.filter(|link| !link.left && !link.ended).map(|link| Candidate {
            carer: whose.carer,
            pupil: Some(link.pupil),
            evidence: "a child of this carer at the school".to_owned(),
        });
        let why = "the carer has several children here, and the message does not say which it is about";
        outcome.questions.push(NewQuestion {
            id: QuestionId::new(),
            kind: "which_child",
            received: self.message.id,
            case: Some(case),
            why: why.to_owned(),
            candidates: candidates.collect(),
            role: if visibility == Visibility::Restricted { "dsl" } else { "office" },
            visibility,
            due: self.gateway.policy().task_due(self.now),
            may_be: self.may_be(),
        });
    }

    pub(super) fn ask(
        &self,
        ask: Ask,
        why: &str,
        candidates: Vec<Candidate>,
        visibility: Visibility,
        outcome: &mut Outcome,
    ) {
        outcome.questions.push(NewQuestion {
            id: QuestionId::new(),
            kind: ask.as_str(),
            received: self.message.id,
            case: None,
            why: why.to_owned(),
            candidates,
            role: if visibility == Visibility::Restricted { "dsl" } else { "office" },
            visibility,
            due: self.gateway.policy().task_due(self.now),
            may_be: self.may_be(),
        });
    }

    /// Adds what was made of the message, and the entry that tells it with the words as they came.
    pub(super) fn keep(&self, verdict: Verdict, outcome: &mut Outcome) {
        let message = self.message;
        let sentence = format!("received by {}: {}; {}", message.channel, verdict.sentence, verdict.answered);
        let mut entry = Entry::now(self.now, kind::RECEIVED, sentence)
            .by(&message.channel)
            .received(message.id)
            .seen_by(verdict.visibility);
        entry.happened_at = message.received_at;
        entry.carer = verdict.whose.as_ref().map(|whose| whose.carer);
        entry.pupil = verdict.whose.as_ref().and_then(|whose| whose.pupil);
        entry.case = verdict.case;
        entry.delivery = verdict.delivery;
        if !message.words.expose().is_empty() {
            entry = entry.words(salt(), message.words.clone());
        }
        outcome.entries.push(entry);
        outcome.alerts += usize::from(verdict.is_for_the_dsl());
        let mut fired: Vec<Fired> =
            message.reasons.iter().map(|reason| Fired::new("reading", "ok", reason.clone())).collect();
        fired.extend(message.problems.iter().map(|problem| Fired::new("reading", "cut", problem.clone())));
        fired.extend(verdict.fired);
        fired.extend(
            message
                .no_answer
                .iter()
                .map(|rule| Fired::new(&format!("answer {}", rule.rule), "stop", &*rule.because)),
        );
        outcome.readings.push(NewReading {
            received: message.id,
            kind: verdict.kind,
            sender: message.sender.clone(),
            subject: Some(message.subject.clone()),
            message_id: message.message_id.clone(),
            words: message.words_digest(),
            said: message.said(),
            carer: verdict.whose.as_ref().map(|whose| whose.carer),
            pupil: verdict.whose.as_ref().and_then(|whose| whose.pupil),
            case: verdict.case,
            delivery: verdict.delivery,
            verdict: verdict.sentence,
            answered: verdict.answered,
            rules: as_json(&fired, &self.gateway.policy()),
            visibility: verdict.visibility,
            may_be: self.may_be(),
            found: verdict.found,
        });
    }

    /// The carers who may have written it, as far as anything tells: those who have its address, and those who are proposed.
    fn may_be(&self) -> Vec<CarerId> {
        let writers = self.known.writers(self.message).iter().map(|writer| writer.carer);
        let mut carers: Vec<_> =
            self.known.proposals(self.message).iter().map(|one| one.carer).chain(writers).collect();
        carers.sort_unstable();
        carers.dedup();
        carers
    }
}

/// A writer and their only pupil, as far as a mail that needs nobody has to be put somewhere.
pub(super) fn only_link(writer: &Writer) -> Option<matching::Known> {
    let link = writer.links.first()?;
    Some(matching::Known {
        carer: writer.carer,
        address: writer.address,
        pupil: if writer.links.len() == 1 { Some(link.pupil) } else { None },
        link_pupil: link.pupil,
        class: link.class,
        case: None,
        update: None,
        delivery: None,
    })
}

pub(super) const fn seen_by(restricted: bool) -> Visibility {
    if restricted { Visibility::Restricted } else { Visibility::Ordinary }
}

/// Nobody is answered whom we do not know for certain.
fn unsure(forged: bool) -> Ack {
    if forged {
        return Ack::Hold(DMARC, "the mail fails the check of the domain it says it comes from".to_owned());
    }
    Ack::Hold(9, "it is not certain who wrote".to_owned())
}

/// The strongest reason why it is this carer's matter.
fn because(fired: &[Fired]) -> &str {
    fired.first().map_or("the address is one carer's alone", |first| first.saw.as_str())
}

fn due_in_words(thanks: bool, due: Option<(Timestamp, Date)>) -> String {
    match (thanks, due) {
        (true, _) => "; nobody waits for an answer".to_owned(),
        (false, Some((at, _))) => format!("; a person answers by {}", moment_in_a_sentence(at)),
        (false, None) => "; no date can be named until the calendar reaches that far".to_owned(),
    }
}
