//! Mails as the programs, servers and languages of a school's families write them, each with the reading a careful
//! clerk expects: beside every `.eml` stands a `.json`, whose `why` tells what the case is about.
//!
//! All mails are made up for these tests. `corpus` loads them, `expect` compares, `damaged` breaks them on purpose,
//! `swollen` repeats small pieces until they are large.
#![expect(clippy::unwrap_used, reason = "tests")]

mod corpus;
mod damaged;
mod expect;
mod swollen;

use corpus::Case;

/// Reads every mail of a group and tells all differences at once.
fn check(group: &str) {
    let cases = corpus::load(group);

    let faults: Vec<String> = cases.iter().flat_map(expect::faults).collect();

    let mails = cases.len();
    assert!(mails > 0, "{group} holds no mail");
    assert!(
        faults.is_empty(),
        "{group}: {} differences in {mails} mails\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn people_answer_from_every_program_and_in_every_language() {
    check("human_replies");
}

#[test]
fn letters_of_every_charset_come_out_right() {
    check("charsets");
}

#[test]
fn automatic_answers_are_told_from_people() {
    check("auto_replies");
}

#[test]
fn bounces_of_every_server_are_understood() {
    check("bounces");
}

#[test]
fn lists_and_newsletters_are_told_from_people() {
    check("lists");
}

#[test]
fn receipts_and_abuse_reports_are_no_bounces() {
    check("receipts_reports");
}

#[test]
fn invitations_are_calendar_mail() {
    check("calendar");
}

#[test]
fn files_come_out_of_every_wrapping() {
    check("attachments");
}

#[test]
fn our_own_mail_and_that_of_systems_is_not_answered() {
    check("own_and_system");
}

#[test]
fn odd_and_hostile_mail_is_read_as_far_as_it_goes() {
    check("hostile_odd");
}

#[test]
fn every_mail_has_an_expectation_with_a_reason_and_every_expectation_a_mail() {
    let groups = corpus::groups();

    let cases: Vec<Case> = groups.iter().flat_map(|group| corpus::load(group)).collect();
    let orphans: Vec<String> = groups.iter().flat_map(|group| corpus::orphans(group)).collect();

    assert!(orphans.is_empty(), "without their other half: {orphans:?}");
    assert!(cases.len() >= 150, "only {} mails", cases.len());
    for case in &cases {
        let why = case.expected.get("why").and_then(|why| why.as_str()).unwrap_or_default();
        assert!(why.len() > 10, "{} does not say why it is here", case.name);
        assert!(case.expected.len() > 1, "{} expects nothing", case.name);
    }
}

#[test]
fn every_group_in_the_folder_has_a_test() {
    let groups = corpus::groups();

    let tested = include_str!("main.rs");

    for group in groups {
        assert!(tested.contains(&format!("check(\"{group}\")")), "no test reads {group}");
    }
}
