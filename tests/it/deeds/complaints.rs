//! What is done with a case that is handed on to the Complaints Procedure, and with the complaint it becomes.

use liaison::{
    domain::{
        complaint::{Number, Outcome, Stage},
        ids::StaffId,
        staff::Role,
    },
    flows::{
        FlowError, audit, cases, colleagues,
        complaint::{self, Deed, NextStage},
        complaints, divert, ladder, questions,
        questions::Says,
    },
    store::complaint_lists,
};

use super::{AMINA, asked, refusal};
use crate::support::{
    inbound::Letter,
    people::{Roll, carer, one_by_email, pupil},
    school::School,
};

const WHY: &str = "Nobody told her about the trip.";
const FOUND: &str = "The letter was not sent. The class was told today.";
const PANEL: &str = "A. Able\nB. Baker\nC. Carr, independent";
const FIRST: Number = Number { of_the_dsl: false, no: 1 };
const DSLS: Number = Number { of_the_dsl: true, no: 1 };
const MOVED: &str = "answer closed 2026-11-27 17:00";

async fn colleague(school: &School, name: &str, roles: &[Role]) -> StaffId {
    let email = format!("{name}@northfield.example");
    colleagues::add(&school.gateway, name, &email, roles, "test").await.unwrap();
    let id = school.rows(&format!("select id::text from staff where email = '{email}'")).await.remove(0);
    StaffId(id.parse().unwrap())
}

/// Two of the SLT, who can have stages one after the other.
async fn leaders(school: &School) -> (StaffId, StaffId) {
    (colleague(school, "kelly", &[Role::Slt]).await, colleague(school, "okoro", &[Role::Slt]).await)
}

async fn hand_on(school: &School, code: &str, owner: StaffId) -> Result<Number, FlowError> {
    complaint::open(&school.gateway, code, false, owner, WHY, "kelly").await
}

const fn deed(at: Stage, words: &str) -> Deed<'_> {
    Deed { number: FIRST, at, restricted: false, words, by: "kelly" }
}

async fn next(school: &School, at: Stage, owner: StaffId, panel: &str) -> Result<(), FlowError> {
    let wanted = NextStage { owner, panel, by_slt: true };
    complaint::next_stage(&school.gateway, &deed(at, "She says it is not enough."), &wanted).await
}

/// `C-1 stage 1, due 2026-12-07`, for every complaint.
async fn stand(school: &School) -> Vec<String> {
    school
        .rows(
            "select case when of_the_dsl then 'CR-' else 'C-' end || no || ' stage ' || stage
                    || coalesce(', due ' || due_day, ', no day')
                    || coalesce(case when answered_at is not null then ', answered' end, '')
                    || coalesce(', ' || outcome, '') || coalesce(case when closed_at is not null then ', closed' end, '')
             from complaint order by id",
        )
        .await
}

async fn moved_to(school: &School) -> Vec<String> {
    school.rows("select coalesce(moved_to, state) from clock order by id").await
}

/// The sentence and words of the last entry about a complaint.
async fn told(school: &School) -> (String, Option<String>) {
    let all = school.entries().await;
    let last = all.into_iter().rfind(|entry| entry.kind == "complaint").unwrap();
    (last.sentence, last.words)
}

#[tokio::test]
async fn a_case_handed_on_has_a_number_and_a_day_and_its_clock_is_moved_and_nothing_else_changes() {
    let (school, code) = asked().await;
    let (kelly, _) = leaders(&school).await;
    let before = school.entries().await;

    let number = hand_on(&school, &format!(" {code} "), kelly).await.unwrap();

    assert_eq!(number.to_string(), "C-1");
    assert_eq!(stand(&school).await, ["C-1 stage 1, due 2026-12-07"]);
    assert_eq!(
        (school.clocks().await, moved_to(&school).await),
        (vec![MOVED.to_owned()], vec!["complaint C-1, stage 1".to_owned()])
    );
    let case = school.case().await;
    assert_eq!((case.state, case.complaint.as_deref()), ("open", Some("C-1, stage 1")));
    let links =
        "select c.code || ' ' || (k.case_id = c.id) from complaint k join carer_case c on c.id = k.case_id";
    assert_eq!(school.rows(links).await, [format!("{code} true")]);
    let (sentence, words) = told(&school).await;
    assert_eq!(
        sentence,
        format!(
            "case {code} is handed on to the Complaints Procedure: complaint C-1, stage 1, due by Monday 7 December; \
             its clock is moved there, and nobody has answered"
        )
    );
    assert_eq!(words.as_deref(), Some(WHY));
    let after = school.entries().await;
    assert_eq!(after.len(), before.len() + 1);
    assert!(before.iter().zip(&after).all(|(one, same)| one.sentence == same.sentence));
    assert_eq!(cases::show(&school.gateway, &code, false).await.unwrap().messages.len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_moved_clock_counts_as_no_answer_and_climbs_nowhere() {
    let (school, code) = asked().await;
    let (kelly, _) = leaders(&school).await;
    let role = school.case().await.role;
    hand_on(&school, &code, kelly).await.unwrap();
    school.set_clock("2026-12-08T09:00:00Z");

    let climbed = ladder::climb(&school.gateway).await.unwrap();
    let asked =
        audit::Asked { from: "2026-11-23".parse().unwrap(), until: "2026-11-29".parse().unwrap(), sample: 0 };
    let pack = audit::make(&school.gateway, &asked, kelly).await.unwrap();
    let answers =
        audit::open(&school.gateway, kelly, pack).await.unwrap().unwrap().pack.figures.counted.answers;
    let now = audit::now(&school.gateway, kelly, 1).await.unwrap();

    assert_eq!((climbed, school.case().await.role), (0, role));
    assert_eq!(
        (answers.asked, answers.ended, answers.in_time, answers.late, answers.overdue),
        (1, 1, 0, 0, 0)
    );
    assert_eq!(answers.percent_in_time(), None);
    assert_eq!((now.overdue.cases, now.complaints), (0, (1, 1)), "its stage is late");
    school.close().await;
}

#[tokio::test]
async fn a_clock_of_the_law_runs_on_and_a_promise_is_moved_too() {
    let (school, code) = asked().await;
    let (kelly, _) = leaders(&school).await;
    cases::rekind(&school.gateway, &code, false, "subject_access", "kelly").await.unwrap();
    cases::promise(&school.gateway, &code, false, "2026-12-04".parse().unwrap(), "kelly").await.unwrap();

    hand_on(&school, &code, kelly).await.unwrap();

    assert_eq!(
        school.clocks().await,
        [MOVED, "subject_access running 2026-12-23 17:00", "promise closed 2026-12-04 17:00"]
    );
    assert_eq!(moved_to(&school).await, ["complaint C-1, stage 1", "running", "complaint C-1, stage 1"]);
    assert!(told(&school).await.0.contains("its 2 clocks are moved there"));
    school.close().await;
}

#[tokio::test]
async fn a_case_is_handed_on_once_and_is_not_closed_nor_taken_apart_while_its_complaint_runs() {
    let (school, code) = asked().await;
    let (kelly, _) = leaders(&school).await;
    let silent = complaint::open(&school.gateway, &code, false, kelly, " ", "kelly").await;
    hand_on(&school, &code, kelly).await.unwrap();

    let again = hand_on(&school, &code, kelly).await;
    let closed = cases::close(&school.gateway, &code, false, "answered", "kelly").await;
    complaint::close(&school.gateway, &deed(Stage::Informal, "She rang: it is settled.")).await.unwrap();
    cases::close(&school.gateway, &code, false, "settled", "kelly").await.unwrap();
    let of_a_closed_case = hand_on(&school, &code, kelly).await;

    assert!(refusal(silent).contains("not satisfied with"));
    for refused in [refusal(again), refusal(closed)] {
        assert!(refused.contains("in the Complaints Procedure, complaint C-1, stage 1"), "{refused}");
    }
    assert!(refusal(of_a_closed_case).contains("reopen it first"));
    assert_eq!(stand(&school).await, ["C-1 stage 1, due 2026-12-07, withdrawn, closed"]);
    school.close().await;
}

#[tokio::test]
async fn whose_a_case_is_cannot_be_taken_back_while_its_complaint_runs() {
    let school = School::open(&one_by_email()).await;
    let (kelly, _) = leaders(&school).await;
    let _ = school.arrives(&Letter::from("new@elsewhere.example")).await;
    let question = school.question().await.id;
    let says = Says::Is { carer: Some("C1"), pupil: None };
    questions::answer(&school.gateway, question, false, &says, "office").await.unwrap();
    let code = school.case().await.code;
    hand_on(&school, &code, kelly).await.unwrap();

    let undone = questions::undo(&school.gateway, question, false, "a slip", "office").await;

    assert!(refusal(undone).contains("complaint C-1, stage 1"));
    assert_eq!(school.case().await.state, "open");
    school.close().await;
}

#[tokio::test]
async fn stages_follow_each_other_with_other_owners_and_days_of_their_own_up_to_a_panel() {
    let (school, code) = asked().await;
    let (kelly, okoro) = leaders(&school).await;
    hand_on(&school, &code, kelly).await.unwrap();
    let answer = async |at, outcome| complaint::answer(&school.gateway, &deed(at, FOUND), outcome).await;

    answer(Stage::Informal, Outcome::NotUpheld).await.unwrap();
    let (answered, words) = told(&school).await;
    let twice = answer(Stage::Informal, Outcome::Upheld).await;
    let withdrawn = answer(Stage::Informal, Outcome::Withdrawn).await;
    let same = next(&school, Stage::Informal, kelly, "").await;
    school.set_clock("2026-12-01T10:00:00Z");
    next(&school, Stage::Informal, okoro, "").await.unwrap();
    let stale = next(&school, Stage::Informal, okoro, "").await;
    let second = (stand(&school).await, school.case().await.complaint);
    let not_enough = next(&school, Stage::Formal, kelly, "A. Able\nB. Baker").await;
    let by_others = NextStage { owner: kelly, panel: PANEL, by_slt: false };
    let by_others =
        complaint::next_stage(&school.gateway, &deed(Stage::Formal, "Not enough."), &by_others).await;
    next(&school, Stage::Formal, kelly, PANEL).await.unwrap();
    let (third, panel) = told(&school).await;
    let fourth = next(&school, Stage::Panel, okoro, PANEL).await;
    answer(Stage::Panel, Outcome::PartlyUpheld).await.unwrap();
    complaint::close(&school.gateway, &deed(Stage::Panel, "Told in writing.")).await.unwrap();
    let after = complaint::close(&school.gateway, &deed(Stage::Panel, "Again.")).await;

    assert_eq!(answered, "complaint C-1: stage 1 is answered");
    assert_eq!(words.as_deref(), Some(FOUND));
    assert!(refusal(twice).contains("answered already") && refusal(withdrawn).contains("choose what came"));
    assert!(refusal(same).contains("had the stage before"));
    assert!(refusal(stale).contains("is at stage 2 by now"));
    assert_eq!(second, (vec!["C-1 stage 2, due 2027-01-05".to_owned()], Some("C-1, stage 2".to_owned())));
    assert!(refusal(not_enough).contains("three at least"));
    assert!(refusal(by_others).contains("named by senior leadership"));
    assert!(
        third.contains("stage 3 begins, due by") && third.ends_with("stage 2 was not answered"),
        "{third}"
    );
    assert!(panel.unwrap().ends_with(PANEL));
    assert!(refusal(fourth).contains("stage 3 is the last"));
    assert!(refusal(after).contains("is closed"));
    assert_eq!(stand(&school).await, ["C-1 stage 3, due 2027-01-12, answered, partly_upheld, closed"]);
    assert_eq!(school.case().await.complaint, None);
    let steps = "select kind || ' ' || stage || coalesce(' ' || outcome, '') from complaint_step order by id";
    assert_eq!(
        school.rows(steps).await,
        [
            "begun 1",
            "answered 1 not_upheld",
            "begun 2",
            "begun 3",
            "answered 3 partly_upheld",
            "closed 3 partly_upheld"
        ]
    );
    let change =
        sqlx::query("update complaint_step set outcome = 'upheld'").execute(school.gateway.store.pool());
    assert!(change.await.is_err(), "what was done stays as it was done");
    school.close().await;
}

#[tokio::test]
async fn a_stage_is_given_to_another_colleague_with_a_reason_and_neither_has_the_next() {
    let (school, code) = asked().await;
    let (kelly, okoro) = leaders(&school).await;
    let it = colleague(&school, "novak", &[Role::It]).await;
    let blind = hand_on(&school, &code, it).await;
    hand_on(&school, &code, kelly).await.unwrap();
    let give = async |owner, why| complaint::give(&school.gateway, &deed(Stage::Informal, why), owner).await;

    let silent = give(okoro, "").await;
    let same = give(kelly, "x").await;
    let cannot_see = give(it, "x").await;
    give(okoro, "She is on leave.").await.unwrap();
    let (sentence, words) = told(&school).await;
    let next =
        [next(&school, Stage::Informal, kelly, "").await, next(&school, Stage::Informal, okoro, "").await];

    assert!(refusal(silent).contains("say why") && refusal(same).contains("has it already"));
    assert!(refusal(cannot_see).contains("could not see") && refusal(blind).contains("could not see"));
    assert_eq!(sentence, "complaint C-1: another colleague has stage 1 from now on");
    assert_eq!(words.as_deref(), Some("She is on leave."));
    assert_eq!(school.rows("select owner::text from complaint").await, [okoro.to_string()]);
    assert_eq!(stand(&school).await, ["C-1 stage 1, due 2026-12-07"], "its day stands");
    for refused in next {
        assert!(refusal(refused).contains("had the stage before"));
    }
    school.close().await;
}

#[tokio::test]
async fn what_the_carer_writes_meanwhile_is_kept_in_the_case_and_has_a_clock_of_its_own() {
    let (school, code) = asked().await;
    let (kelly, _) = leaders(&school).await;
    hand_on(&school, &code, kelly).await.unwrap();
    school.set_clock("2026-11-24T09:00:00Z");

    school.arrives(&Letter::from(AMINA).subject(&format!("Re: x [Ref {code}]")).says("And now?")).await;
    let clocks = school.clocks().await;
    school.set_clock("2026-11-30T17:00:01Z");
    let climbed = ladder::climb(&school.gateway).await.unwrap();

    assert_eq!(clocks, [MOVED, "answer running 2026-11-30 17:00"]);
    assert_eq!(cases::show(&school.gateway, &code, false).await.unwrap().messages.len(), 2);
    assert_eq!(climbed, 1, "only the new one");
    assert_eq!(stand(&school).await, ["C-1 stage 1, due 2026-12-07"]);
    school.close().await;
}

#[tokio::test]
async fn the_complaint_of_a_restricted_case_is_the_dsls_and_no_gap_in_the_numbers_tells_of_it() {
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum").email(AMINA),
            carer("P1", "C2", "Boris", "Czerny").email(super::BORIS).restricted("no_contact", "", ""),
        ],
    );
    let school = School::open(&roll).await;
    let (kelly, _) = leaders(&school).await;
    let dsl = colleague(&school, "rao", &[Role::Dsl]).await;
    for from in [AMINA, super::BORIS] {
        school.arrives(&Letter::from(from)).await;
    }
    let code = |visibility| {
        let sql = format!("select code from carer_case where visibility = '{visibility}'");
        async { school.rows(&{ sql }).await.remove(0) }
    };
    let (ordinary, restricted) = (code("ordinary").await, code("restricted").await);
    let of_the_dsl = |words| Deed { number: DSLS, restricted: true, ..deed(Stage::Informal, words) };

    let by_slt = hand_on(&school, &restricted, kelly).await;
    let with_slt = complaint::open(&school.gateway, &restricted, true, kelly, WHY, "rao").await;
    let number = complaint::open(&school.gateway, &restricted, true, dsl, WHY, "rao").await.unwrap();
    let invented = complaint::answer(
        &school.gateway,
        &Deed { number: Number { of_the_dsl: true, no: 9 }, ..deed(Stage::Informal, FOUND) },
        Outcome::Upheld,
    )
    .await;
    let answered =
        complaint::answer(&school.gateway, &Deed { restricted: false, ..of_the_dsl(FOUND) }, Outcome::Upheld)
            .await;
    let first = hand_on(&school, &ordinary, kelly).await.unwrap();
    complaint::answer(&school.gateway, &of_the_dsl(FOUND), Outcome::Upheld).await.unwrap();

    assert!(refusal(by_slt).contains("there is no case"));
    assert!(refusal(with_slt).contains("could not see this case"));
    assert_eq!((number.to_string(), first.to_string()), ("CR-1".to_owned(), "C-1".to_owned()));
    let (invented, answered) = (refusal(invented), refusal(answered));
    assert_eq!(invented.replace("CR-9", "CR-1"), answered, "as if there were none");
    let seen = complaints::open(&school.gateway, kelly, None).await.unwrap().lines;
    assert_eq!(seen.iter().map(|one| one.number).collect::<Vec<_>>(), [FIRST]);
    assert!(complaints::show(&school.gateway, kelly, DSLS).await.unwrap().is_none());
    assert!(complaints::show(&school.gateway, dsl, DSLS).await.unwrap().is_some());
    let listed = complaints::listed(&school.gateway, true, false).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.number).collect::<Vec<_>>(), [FIRST]);
    assert!(refusal(complaints::one(&school.gateway, "CR-1", false).await).contains("there is no complaint"));
    assert_eq!(complaints::one(&school.gateway, "cr-1", true).await.unwrap().1.len(), 2);
    let read = "select actor from chronology_entry \
                where kind = 'read_restricted' and sentence = 'a complaint was read'";
    assert_eq!(school.rows(read).await, ["operator"]);
    let ordinary =
        "select count(*)::text from chronology_entry where kind = 'complaint' and visibility = 'ordinary'";
    assert_eq!(school.rows(ordinary).await, ["1"]);
    school.close().await;
}

#[tokio::test]
async fn a_divert_takes_the_complaint_with_it_and_says_that_its_owner_cannot_see_it_any_more() {
    let (school, code) = asked().await;
    let (kelly, _) = leaders(&school).await;
    let dsl = colleague(&school, "rao", &[Role::Dsl]).await;
    hand_on(&school, &code, kelly).await.unwrap();

    divert::divert(&school.gateway, &code, false, "He hits the boy.", "kelly").await.unwrap();
    let by_slt = complaint::close(&school.gateway, &deed(Stage::Informal, "x")).await;
    let seen = complaints::show(&school.gateway, kelly, FIRST).await.unwrap();
    let (left, _) = complaints::show(&school.gateway, dsl, FIRST).await.unwrap().unwrap();
    let mut as_dsl = school.gateway.store.as_colleague(dsl).await.unwrap();
    let waiting = complaint_lists::waiting(&mut as_dsl, "2026-11-23".parse().unwrap()).await.unwrap();
    drop(as_dsl);

    assert!(refusal(by_slt).contains("there is no complaint C-1"));
    assert!(seen.is_none() && !left.owner_sees);
    assert_eq!((waiting.due, waiting.stuck), (0, 1));
    assert_eq!(school.told("complaint").await, 0, "what was told of it is hidden with the rest");
    school.close().await;
}

#[tokio::test]
async fn a_stage_has_no_day_that_the_calendar_does_not_have_and_gets_it_when_it_does() {
    let mut school = School::with(&one_by_email(), |setup| setup.policy.calendar = None).await;
    let calendar =
        liaison::domain::calendar::read(liaison::domain::calendar::EXAMPLE_FILE.as_bytes()).unwrap();
    school.arrives(&Letter::from(AMINA)).await;
    let (kelly, _) = leaders(&school).await;
    let code = school.case().await.code;

    hand_on(&school, &code, kelly).await.unwrap();
    let before = (stand(&school).await, told(&school).await.0);
    let words = school.rows("select due_words from complaint").await.remove(0);
    school.policy(|policy| policy.calendar = Some(calendar));
    let moved = complaint::redate(&school.gateway).await.unwrap();
    let again = complaint::redate(&school.gateway).await.unwrap();

    assert_eq!(before.0, ["C-1 stage 1, no day"]);
    assert!(before.1.contains("for which no day can be named"), "{}", before.1);
    assert!(words.contains("no school calendar is loaded"), "{words}");
    assert_eq!((moved, again), (1, 0));
    assert_eq!(stand(&school).await, ["C-1 stage 1, due 2026-12-07"]);
    let (sentence, _) = told(&school).await;
    assert_eq!(
        sentence,
        "complaint C-1: the calendar reaches that far now: stage 1 is due by Monday 7 December"
    );
    school.close().await;
}

#[tokio::test]
async fn a_snow_day_moves_a_stage_and_forgives_none_that_was_missed() {
    let snow = format!("{}closure,2026-12-01,,Snow,\n", liaison::domain::calendar::EXAMPLE_FILE);
    let snow = liaison::domain::calendar::read(snow.as_bytes()).unwrap();
    for (announced, expected) in
        [("2026-11-30T08:00:00Z", "2026-12-08"), ("2026-12-08T08:00:00Z", "2026-12-07")]
    {
        let mut school = School::open(&one_by_email()).await;
        school.arrives(&Letter::from(AMINA)).await;
        let (kelly, _) = leaders(&school).await;
        hand_on(&school, &school.case().await.code, kelly).await.unwrap();
        school.set_clock(announced);

        school.policy(|policy| policy.calendar = Some(snow.clone()));
        complaint::redate(&school.gateway).await.unwrap();

        assert_eq!(stand(&school).await, [format!("C-1 stage 1, due {expected}")]);
        school.close().await;
    }
}

#[tokio::test]
async fn two_colleagues_who_hand_a_case_on_at_once_make_one_complaint_of_it() {
    let (school, code) = asked().await;
    let (kelly, okoro) = leaders(&school).await;

    let (one, other) = tokio::join!(hand_on(&school, &code, kelly), hand_on(&school, &code, okoro));

    assert_eq!([&one, &other].iter().filter(|result| result.is_ok()).count(), 1, "{one:?} {other:?}");
    assert_eq!(stand(&school).await.len(), 1);
    assert_eq!(moved_to(&school).await, ["complaint C-1, stage 1"]);
    school.close().await;
}
