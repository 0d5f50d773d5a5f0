use super::*;

fn link(pupil: PupilId) -> WriterLink {
    WriterLink { pupil, class: None, restricted: false, ended: false, left: false, died: false }
}

fn writer(links: &[WriterLink]) -> Writer {
    Writer {
        carer: CarerId::new(),
        address: AddressId::new(),
        reachable: true,
        died: false,
        links: links.to_vec(),
    }
}

fn proposal(carer: CarerId, pupil: PupilId) -> Proposal {
    Proposal {
        by: By::Reference,
        carer,
        pupil: Some(pupil),
        case: None,
        update: None,
        delivery: None,
        restricted: false,
    }
}

/// What was decided, as one word and the pupil.
fn word(writers: &[Writer], proposals: &[Proposal]) -> (&'static str, Option<PupilId>) {
    match decide(writers, proposals, false).0 {
        Match::Known(known) => ("known", known.pupil),
        Match::Restricted(known) => ("restricted", known.pupil),
        Match::Ask { ask, visibility: Visibility::Ordinary, .. } => (ask.as_str(), None),
        Match::Ask { visibility: Visibility::Restricted, .. } => ("dsl asks", None),
    }
}

#[test]
fn who_wrote_about_whom() {
    let (sam, lou) = (PupilId::new(), PupilId::new());
    let (one, two) = (writer(&[link(sam)]), writer(&[link(sam), link(lou)]));
    let barred = writer(&[WriterLink { restricted: true, ..link(sam) }]);
    let barred_for_one = writer(&[link(sam), WriterLink { restricted: true, ..link(lou) }]);
    let left_one = writer(&[WriterLink { left: true, ..link(lou) }, link(sam)]);
    let over = WriterLink { ended: true, ..link(lou) };
    let (ended, ended_for_one) = (writer(&[over]), writer(&[over, link(sam)]));
    let ended_and_barred = writer(&[WriterLink { restricted: true, ..over }]);
    let dead = Writer { died: true, ..writer(&[link(sam)]) };
    let dead_child = writer(&[WriterLink { left: true, died: true, ..link(lou) }, link(sam)]);
    let (other, nobody) = (writer(&[link(sam)]), writer(&[]));

    for (case, writers, proposals, expected) in [
        ("an only child", vec![&one], vec![], ("known", Some(sam))),
        ("two children, nothing said", vec![&two], vec![], ("known", None)),
        ("two children, a reply about one", vec![&two], vec![proposal(two.carer, lou)], ("known", Some(lou))),
        ("a stranger", vec![], vec![], ("who_is_this", None)),
        ("a stranger with a forwarded mail", vec![], vec![proposal(one.carer, sam)], ("who_is_this", None)),
        ("a shared address", vec![&one, &other], vec![proposal(one.carer, sam)], ("who_is_this", None)),
        ("shared with a restricted carer", vec![&one, &barred], vec![], ("dsl asks", None)),
        ("the other parent, same child", vec![&other], vec![proposal(one.carer, sam)], ("whose_reply", None)),
        ("restricted", vec![&barred], vec![], ("restricted", Some(sam))),
        (
            "restricted, with the other's mail",
            vec![&barred],
            vec![proposal(one.carer, sam)],
            ("dsl asks", None),
        ),
        (
            "restricted for one, about the other",
            vec![&barred_for_one],
            vec![proposal(barred_for_one.carer, sam)],
            ("known", Some(sam)),
        ),
        ("restricted for one, not said which", vec![&barred_for_one], vec![], ("restricted", None)),
        ("one child has left", vec![&left_one], vec![], ("known", Some(sam))),
        ("no longer linked to that child", vec![&one], vec![proposal(one.carer, lou)], ("whose_reply", None)),
        ("linked to nobody", vec![&nobody], vec![], ("who_is_this", None)),
        ("a placement that has ended", vec![&ended], vec![], ("who_is_this", None)),
        ("a reply after it ended", vec![&ended], vec![proposal(ended.carer, lou)], ("who_is_this", None)),
        ("ended, and an order", vec![&ended_and_barred], vec![], ("dsl asks", None)),
        ("ended for one child", vec![&ended_for_one], vec![], ("known", Some(sam))),
        (
            "ended for one, a reply about that one",
            vec![&ended_for_one],
            vec![proposal(ended_for_one.carer, lou)],
            ("whose_reply", None),
        ),
        ("from a dead carer's address", vec![&dead], vec![], ("who_is_this", None)),
        ("a reply from there", vec![&dead], vec![proposal(dead.carer, sam)], ("who_is_this", None)),
        ("of two children one has died", vec![&dead_child], vec![], ("known", Some(sam))),
    ] {
        let writers: Vec<Writer> = writers.into_iter().cloned().collect();
        assert_eq!(word(&writers, &proposals), expected, "{case}");
    }
}

#[test]
fn one_foreign_proposal_is_enough_to_ask() {
    let sam = PupilId::new();
    let (one, other) = (writer(&[link(sam)]), CarerId::new());
    let mixed = [proposal(one.carer, sam), Proposal { by: By::Tag, ..proposal(other, sam) }];

    assert_eq!(word(std::slice::from_ref(&one), &mixed).0, "whose_reply");
}

#[test]
fn a_case_is_joined_only_by_its_own_carer() {
    let sam = PupilId::new();
    let one = writer(&[link(sam)]);
    let case = CaseId::new();
    let own = Proposal { case: Some(case), ..proposal(one.carer, sam) };

    let Match::Known(known) = decide(std::slice::from_ref(&one), &[own], false).0 else { panic!("known") };

    assert_eq!(known.case, Some(case));
}

#[test]
fn thanks_are_thanks_only_when_they_are_all_there_is() {
    for words in ["Thanks!", "Thank you.", "OK, thanks", "That's great, thank you!", "👍", " cheers "] {
        assert!(is_only_thanks(words), "{words}");
    }
    for words in
        ["", "Thanks, but is he safe?", "No thanks", "?", "Thank you for ringing. When is sports day?", "👎"]
    {
        assert!(!is_only_thanks(words), "{words}");
    }
}

#[test]
fn a_mail_that_may_be_forged_is_nobodys_until_a_person_says_so() {
    let one = writer(&[link(PupilId::new())]);

    let (decided, _) = decide(std::slice::from_ref(&one), &[], true);

    assert!(matches!(decided, Match::Ask { ask: Ask::WhoIsThis, .. }), "{decided:?}");
}

#[test]
fn a_question_that_names_a_restricted_carer_is_the_dsls() {
    let sam = PupilId::new();
    let (one, barred) = (writer(&[link(sam)]), CarerId::new());
    let about_them = Proposal { restricted: true, ..proposal(barred, sam) };

    assert_eq!(word(&[], &[about_them]).0, "dsl asks");
    assert_eq!(word(std::slice::from_ref(&one), &[about_them]).0, "dsl asks");
}
