//! What happens in the term besides school, and what colleagues do about it.

use jiff::civil::{Date, Time, date, time};
use liaison::{
    domain::{
        calendar::EXAMPLE_FILE,
        complaint::{Number, Outcome, Stage},
        ids::{LinkId, StaffId},
        people::{Restriction, RestrictionKind},
    },
    flows::{
        Clock as _, absences, calendar,
        cases::{self, Elsewhere, How, Reply},
        complaint::{self, Deed},
        hand_off, kinds, people,
        questions::{self, Says},
    },
};

use super::{
    Term,
    families::{family, mailbox, mobile, roll},
};
use crate::support::inbound::{Letter, bounce};

/// When Anwar is away and Elin covers.
pub(super) const AWAY: std::ops::RangeInclusive<Date> = date(2026, 11, 9)..=date(2026, 11, 20);
/// How many answers come late. Each is on record, and has climbed.
pub(super) const BREACHES: usize = 1;

/// An incident. Carers by surname, and whether they are the first or the second of the family.
#[derive(Debug, Clone, Copy)]
pub(super) enum Incident {
    /// A carer mails the school.
    Mails(&'static str, usize, &'static str),
    /// A carer texts the school.
    Texts(&'static str, usize, &'static str),
    /// A carer answers the newest mail they got.
    Answers(&'static str, usize, &'static str),
    /// The newest mail to a carer comes back.
    Bounces(&'static str),
    /// A colleague answers a carer's case.
    Replies(&'static str, &'static str, &'static str),
    /// A colleague closes a carer's case.
    Closes(&'static str, &'static str, &'static str),
    /// A colleague says that what was suggested of a carer's case is right.
    Confirms(&'static str, &'static str),
    /// The office says whose the question is: this carer's reference.
    IsFrom(&'static str),
    /// An order against a second carer comes while Elm's updates are queued.
    OrderInTheBatch(&'static str),
    /// The file of the school's own system says that a pupil leaves.
    Leaves(&'static str, &'static str),
    /// A colleague is to be away for two weeks, and another covers.
    Away(&'static str, &'static str),
    /// The school is closed today.
    Snow,
    /// A case goes on as a complaint, with this colleague.
    Complains(&'static str, &'static str),
    /// The complaint is answered, and closed.
    Upheld,
    /// What the law asks of a case was done.
    Fulfils(&'static str, &'static str),
    /// The DSL has spoken with the carer.
    Speaks(&'static str),
    /// The DSL's reference of a case.
    HandsOff(&'static str),
}

use Incident::{
    Answers, Away, Bounces, Closes, Complains, Confirms, Fulfils, HandsOff, IsFrom, Leaves, Mails,
    OrderInTheBatch, Replies, Snow, Speaks, Texts, Upheld,
};

const fn at(hour: i8, minute: i8) -> Time {
    time(hour, minute, 0, 0)
}

/// The term's, by day and school time.
pub(super) const INCIDENTS: &[(Date, Time, Incident)] = &[
    (date(2026, 9, 9), at(10, 15), Mails("Blythe", 0, "Could you tell me when the trip is?")),
    (date(2026, 9, 10), at(15, 30), Replies("Blythe", "Tess", "On Thursday week, all day.")),
    (date(2026, 9, 10), at(15, 31), Closes("Blythe", "Tess", "told when the trip is")),
    (date(2026, 9, 18), at(15, 2), OrderInTheBatch("Ingoldsby")),
    (date(2026, 9, 21), at(18, 40), Texts("Lovelace", 0, "Is swimming on this week?")),
    (date(2026, 9, 21), at(19, 5), Answers("Lovelace", 1, "Could you tell me what he needs for swimming?")),
    (
        date(2026, 9, 23),
        at(9, 30),
        Replies("Lovelace", "Tess", "Swimming is on Friday; a towel is all it takes."),
    ),
    (date(2026, 9, 23), at(9, 31), Closes("Lovelace", "Tess", "told about swimming")),
    (date(2026, 9, 29), at(12, 10), Texts("Iqbal", 0, "Can we see the teacher about maths?")),
    (date(2026, 9, 29), at(14, 0), IsFrom("C9a")),
    (date(2026, 9, 30), at(9, 0), Replies("Iqbal", "Tess", "Yes, on Thursday after school.")),
    (date(2026, 9, 30), at(9, 1), Closes("Iqbal", "Tess", "a meeting is agreed")),
    (date(2026, 10, 2), at(17, 40), Bounces("Kowalczyk")),
    (date(2026, 10, 5), at(16, 2), Mails("Fitzwilliam", 0, "Why has his reading group changed?")),
    (
        date(2026, 10, 20),
        at(11, 0),
        Replies("Fitzwilliam", "Selma", "We are sorry that you waited. He moved up."),
    ),
    (date(2026, 10, 20), at(11, 5), Closes("Fitzwilliam", "Selma", "answered late, with an apology")),
    (date(2026, 10, 14), at(19, 30), Texts("Quennell", 0, "STOP")),
    (date(2026, 11, 10), at(8, 20), Texts("Quennell", 0, "START")),
    (date(2026, 10, 21), at(9, 0), Leaves("Yarwood", "2026-10-23")),
    (date(2026, 11, 6), at(15, 0), Away("Anwar", "Elin")),
    (date(2026, 11, 10), at(10, 0), Mails("Pemberton", 0, "Has her spelling list been sent home?")),
    (date(2026, 11, 12), at(16, 0), Replies("Pemberton", "Elin", "It is in her bag today.")),
    (date(2026, 11, 12), at(16, 1), Closes("Pemberton", "Elin", "told about the list")),
    (date(2026, 11, 24), at(8, 30), Mails("Mbeki", 0, "Which day is the Christmas play?")),
    (date(2026, 11, 26), at(7, 5), Snow),
    (date(2026, 12, 1), at(11, 0), Replies("Mbeki", "Elin", "On the 15th at two o'clock.")),
    (date(2026, 12, 1), at(11, 1), Closes("Mbeki", "Elin", "told when the play is")),
    (
        date(2026, 11, 30),
        at(9, 10),
        Mails("Strickland", 0, "I want to make a formal complaint about how the lost coat was handled."),
    ),
    (date(2026, 12, 1), at(9, 0), Confirms("Strickland", "Selma")),
    (date(2026, 12, 1), at(9, 20), Complains("Strickland", "Sven")),
    (date(2026, 12, 9), at(15, 0), Upheld),
    (
        date(2026, 12, 9),
        at(15, 30),
        Replies("Strickland", "Sven", "You were right: the coat was ours to look after."),
    ),
    (date(2026, 12, 9), at(15, 31), Closes("Strickland", "Sven", "the complaint was upheld")),
    (
        date(2026, 12, 18),
        at(14, 0),
        Mails(
            "Xavier",
            0,
            "This is a subject access request: please send me all data you hold about my child.",
        ),
    ),
    (date(2026, 12, 18), at(14, 40), Confirms("Xavier", "Olga")),
    (
        date(2026, 12, 24),
        at(21, 30),
        Mails("Daintree", 0, "He told me that his uncle hit him again and he is scared."),
    ),
    (date(2026, 12, 24), at(22, 10), Confirms("Daintree", "Dora")),
    (date(2026, 12, 24), at(22, 40), Speaks("Daintree")),
    (date(2026, 12, 28), at(11, 0), Mails("Wadsworth", 0, "When does school start again?")),
    (date(2027, 1, 5), at(8, 30), HandsOff("Daintree")),
    (date(2027, 1, 5), at(9, 0), Replies("Wadsworth", "Anwar", "It has: we are glad to have him back.")),
    (date(2027, 1, 5), at(9, 1), Closes("Wadsworth", "Anwar", "told when school starts")),
    (
        date(2027, 1, 6),
        at(10, 0),
        Replies("Xavier", "Olga", "We are gathering it, and you will have it by the 18th."),
    ),
    (date(2027, 1, 14), at(13, 0), Fulfils("Xavier", "all of it was posted to her today, recorded")),
    (date(2027, 1, 14), at(13, 5), Closes("Xavier", "Olga", "the request was met")),
    (date(2027, 1, 14), at(13, 10), Closes("Daintree", "Dora", "goes on in CPOMS")),
];

/// The classes whose updates of a Friday are written within an incident.
pub(super) fn written_by_hand(day: Date) -> &'static [&'static str] {
    if day == date(2026, 9, 18) { &super::CLASSES } else { &[] }
}

impl Term {
    pub(super) async fn happens(&mut self, incident: Incident) {
        match incident {
            Mails(surname, nth, words) => {
                self.school.arrives(&Letter::from(&mailbox(family(surname), nth)).says(words)).await;
            }
            Texts(surname, nth, words) => {
                self.school.text_arrives(&mobile(family(surname), nth), words).await;
            }
            Answers(surname, nth, words) => {
                let from = mailbox(family(surname), nth);
                let ours = self.school.message_id_to(&from);
                self.school.arrives(&Letter::from(&from).answers(&ours).says(words)).await;
            }
            Bounces(surname) => {
                let to = mailbox(family(surname), 0);
                let ours = self.school.message_id_to(&to);
                self.school.arrives(&bounce(&ours, &to, "failed", "5.1.1")).await;
            }
            colleague => self.does(colleague).await,
        }
    }

    /// What a colleague does.
    async fn does(&mut self, incident: Incident) {
        let gateway = std::sync::Arc::clone(&self.school.gateway);
        match incident {
            Mails(..) | Texts(..) | Answers(..) | Bounces(..) => unreachable!("a carer does this"),
            Replies(surname, by, words) => {
                for code in self.open_cases(surname).await {
                    let by = self.who(by).await;
                    let said = Reply {
                        words,
                        promise: None,
                        full_answer: false,
                        sensitive: false,
                        topic: None,
                        by_text: None,
                        by: &by,
                    };
                    cases::reply(&gateway, &code, false, &said).await.unwrap();
                }
            }
            Closes(surname, by, outcome) => {
                self.care().await;
                for code in self.open_cases(surname).await {
                    cases::close(&gateway, &code, true, outcome, &self.who(by).await).await.unwrap();
                }
            }
            Confirms(surname, by) => {
                for code in self.open_cases(surname).await {
                    kinds::decide(&gateway, &code, true, true, &self.who(by).await).await.unwrap();
                }
            }
            IsFrom(reference) => {
                let question = self.school.question().await;
                let pupil = format!("P{}", reference.trim_start_matches('C').trim_end_matches(['a', 'b']));
                let says = Says::Is { carer: Some(reference), pupil: Some(&pupil) };
                let office = self.who("Olga").await;
                questions::answer(&gateway, question.id, false, &says, &office).await.unwrap();
            }
            OrderInTheBatch(surname) => self.order_in_the_batch(surname).await,
            Leaves(surname, last) => {
                self.left.push((surname, last));
                self.school.import(&roll(&self.left)).await;
            }
            Away(absent, cover) => {
                let office = self.who("Olga").await;
                let [absent, cover] =
                    [absent, cover].map(|name| format!("{}@northfield.example", name.to_lowercase()));
                absences::record(&gateway, &absent, (*AWAY.start(), *AWAY.end()), &cover, &office)
                    .await
                    .unwrap();
            }
            Snow => {
                let file = format!("{EXAMPLE_FILE}closure,2026-11-26,,Snow,2026-11-26\n");
                let base = gateway.policy().calendar_version();
                let office = self.who("Olga").await;
                calendar::adopt(&gateway, file.as_bytes(), &base, "the roads are closed", &office)
                    .await
                    .unwrap();
            }
            Complains(surname, owner) => {
                let owner = StaffId(self.who(owner).await.parse().unwrap());
                let code = self.open_cases(surname).await.remove(0);
                let why = "The coat was lost, and nobody rang.";
                complaint::open(&gateway, &code, false, owner, why, &self.who("Selma").await).await.unwrap();
            }
            Upheld => {
                let by = self.who("Sven").await;
                let number = Number { of_the_dsl: false, no: 1 };
                let deed = |words| Deed { number, at: Stage::Informal, restricted: false, words, by: &by };
                complaint::answer(&gateway, &deed("The coat should have been looked for."), Outcome::Upheld)
                    .await
                    .unwrap();
                complaint::close(&gateway, &deed("She is content.")).await.unwrap();
            }
            Fulfils(surname, how) => {
                let code = self.open_cases(surname).await.remove(0);
                kinds::fulfil(&gateway, &code, false, how, &self.who("Olga").await).await.unwrap();
            }
            Speaks(surname) => {
                let code = self.open_cases(surname).await.remove(0);
                let dsl = self.who("Dora").await;
                let spoke = Elsewhere {
                    how: How::Phone,
                    words: "Rang her, then the children's services.",
                    happened_at: gateway.now(),
                    full_answer: false,
                };
                cases::answered_elsewhere(&gateway, &code, true, &spoke, &dsl).await.unwrap();
            }
            HandsOff(surname) => {
                let code = self.open_cases(surname).await.remove(0);
                let dsl = self.who("Dora").await;
                let id = hand_off::id_of(&gateway, &code, true).await.unwrap();
                hand_off::hand_off(&gateway, id, true, ("CPOMS", "INC-2027-0003"), &dsl).await.unwrap();
            }
        }
    }

    /// Oak's updates have left and Elm's are queued when an order comes in: what has not left does not leave to him.
    async fn order_in_the_batch(&mut self, surname: &'static str) {
        let (day, n) = (date(2026, 9, 18), family(surname));
        self.write(day, &["Oak"]).await;
        self.care().await;
        self.write(day, &["Elm"]).await;
        let link = format!(
            "select l.id::text from link l join carer c on c.id = l.carer_id where c.contact_ref = 'C{}b'",
            n + 1
        );
        let link = LinkId(self.school.rows(&link).await.remove(0).parse().unwrap());
        let order = Restriction { kind: RestrictionKind::NoInformation, starts: None, ends: None };
        let dsl = self.who("Dora").await;
        people::add_restriction(&self.school.gateway, link, &order, Some("court file 7"), &dsl)
            .await
            .unwrap();
        let now = self.school.clock.now();
        self.forbidden.extend([mailbox(n, 1), mobile(n, 1)].map(|to| (to, now)));
        self.care().await;
        self.write(day, &["Beech"]).await;
    }

    /// The codes of the open cases of a family's carers, restricted ones too, the oldest first.
    async fn open_cases(&self, surname: &str) -> Vec<String> {
        let open = format!(
            "select k.code from carer_case k join carer c on c.id = k.carer_id
             where c.surname = '{surname}' and k.state = 'open' order by k.opened_at, k.id"
        );
        let open = self.school.rows(&open).await;
        assert!(!open.is_empty(), "no case of {surname} is open");
        open
    }
}
