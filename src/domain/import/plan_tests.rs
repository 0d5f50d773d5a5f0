//! A roll against what is stored, without a database: what is stored is made by applying an earlier plan.
#![expect(clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::domain::{
    ids::{LinkId, RestrictionId},
    import::{
        Change, Changes, Severity, Stored, StoredCarer, StoredLink, StoredPreference, StoredPupil,
        StoredRestriction, StoredUse, What, read, routes,
    },
    people::{Purpose, Restriction, RestrictionKind, Route},
};

const PUPILS: &str = "pupil_ref,legal_surname,legal_forename,class,key_colleague_email\n\
                      P1,Fox,Ann,Oak,Tess@school.example\nP2,Hare,Bo,Oak,tess@school.example\n";
const HEADER: &str = "pupil_ref,contact_ref,surname,forename,relationship,priority,parental_responsibility,\
                      legal_restriction,restriction_from,restriction_until,restriction_note_ref,preferred_channel,email,\
                      mobile,phone,address1\n";
const TODAY: Date = Date::constant(2026, 11, 24);

fn roll_of(pupils: &str, contacts: &str) -> Roll {
    let read = read(pupils.as_bytes(), contacts.as_bytes(), TODAY);
    assert!(read.is_good(), "{:?}", read.problems);
    read.roll
}

fn roll(rows: &[&str]) -> Roll {
    roll_of(PUPILS, &format!("{HEADER}{}\n", rows.join("\n")))
}

/// A row of C1 for P1: restriction, from, until, note, preferred, email, mobile, phone, address.
fn c1(rest: &str) -> String {
    format!("P1,C1,Fox,Mia,mother,1,yes,{rest}")
}

/// What is stored after a plan was written.
fn after(mut stored: Stored, changes: &Changes) -> Stored {
    let Changes { classes, staff, class_staff, pupils, carers, links, missing, restrictions, .. } = changes;
    stored.classes.extend(classes.iter().map(|new| (new.name.clone(), new.id)));
    stored.staff.extend(staff.iter().map(|new| (new.email.clone(), new.id)));
    stored.class_staff.extend(class_staff);
    for new in pupils {
        stored.pupils.insert(new.pupil_ref.clone(), StoredPupil { id: new.id, fields: new.fields.clone() });
    }
    for new in carers {
        stored.carers.insert(new.contact_ref.clone(), StoredCarer { id: new.id, fields: new.fields.clone() });
    }
    for new in links {
        let link = StoredLink { id: new.id, fields: new.fields.clone(), missing: false };
        stored.links.insert((new.pupil, new.carer), link);
    }
    stored.links.values_mut().filter(|link| missing.contains(&link.id)).for_each(|link| link.missing = true);
    for new in restrictions {
        let note_ref = new.written.note_ref.clone();
        let restriction = new.written.restriction.clone();
        let known = StoredRestriction { id: new.id, restriction, note_ref, by_import: true };
        stored.restrictions.entry(new.link).or_default().push(known);
    }
    for (id, note_ref) in &changes.note_refs {
        let known = stored.restrictions.values_mut().flatten().find(|known| known.id == *id).expect("known");
        known.note_ref = Some(note_ref.clone());
    }
    stored.reviews.extend(changes.reviews.iter().map(|review| (review.carer, review.pupil)));
    stored.addresses.extend(changes.addresses.iter().map(|new| ((new.kind, new.value.clone()), new.id)));
    for one in &changes.uses {
        let ((kind, value), _) = stored.addresses.iter().find(|(_, id)| **id == one.address).expect("known");
        let (kind, value) = (*kind, value.clone());
        let uses = stored.uses.entry(one.carer).or_default();
        uses.retain(|known| known.address != one.address);
        uses.push(StoredUse {
            address: one.address,
            kind,
            value,
            position: one.position,
            in_use: true,
            by_staff: false,
        });
    }
    for (carer, address) in &changes.unused {
        let uses = stored.uses.get_mut(carer).expect("known");
        uses.iter_mut().filter(|known| known.address == *address).for_each(|known| known.in_use = false);
    }
    for new in &changes.preferences {
        let preference = StoredPreference { routes: new.routes.clone(), by_staff: false };
        stored.preferences.insert((new.carer, new.purpose), preference);
    }
    stored
}

/// Imports one row after another of C1; returns the last plan and what was stored before it.
fn history(rows: &[&str]) -> (Plan, Stored) {
    let (last, before) = rows.split_last().expect("a row");
    let stored = before.iter().fold(Stored::default(), |stored, rest| {
        let plan = plan(&roll(&[&c1(rest)]), &stored, TODAY);
        after(stored, &plan.changes)
    });
    (plan(&roll(&[&c1(last)]), &stored, TODAY), stored)
}

fn lines(plan: &Plan) -> Vec<(What, Change)> {
    plan.lines.iter().map(|line| (line.what, line.change)).collect()
}

#[test]
fn a_first_import_adds_everything_once() {
    let rows = [
        "P1,C1,Fox,Mia,mother,1,yes,none,,,,,a@post.example,07700 900001,,",
        "P2,C1,Fox,Mia,aunt,2,no,none,,,,,a@post.example,07700 900001,,",
    ];

    let plan = plan(&roll(&rows), &Stored::default(), TODAY);

    let changes = &plan.changes;
    assert_eq!((changes.classes.len(), changes.staff.len(), changes.class_staff.len()), (1, 1, 1));
    let colleague = &changes.staff[0];
    assert_eq!(
        (colleague.name.expose().as_str(), colleague.email.expose().as_str()),
        ("tess", "tess@school.example")
    );
    assert_eq!((changes.pupils.len(), changes.carers.len(), changes.links.len()), (2, 1, 2));
    assert_eq!((changes.addresses.len(), changes.uses.len()), (2, 2));
    assert!(changes.pupils.iter().all(|pupil| pupil.class == Some(changes.classes[0].id)));
    assert_eq!((plan.counts.pupils.added, plan.counts.carers.added, plan.counts.links.added), (2, 1, 2));
    assert!(changes.preferences.is_empty() && changes.restrictions.is_empty() && changes.missing.is_empty());
}

#[test]
fn the_same_files_again_change_nothing() {
    let row = "supervised,2026-09-01,,file 12,sms,a@post.example,07700 900001,01632 960001,1 High St";

    let (again, _) = history(&[row, row]);

    assert!(again.changes.is_empty(), "{:?}", again.changes);
    assert_eq!(
        (again.counts.pupils.unchanged, again.counts.carers.unchanged, again.counts.links.unchanged),
        (2, 1, 1)
    );
    assert_eq!(again.lines, []);
}

#[test]
fn a_change_names_its_columns_and_no_values() {
    let (plan, stored) = history(&[
        "none,,,,,a@post.example,07700 900001,,1 High St",
        "none,,,,email,b@post.example,,07700 900002,2 High St",
    ]);

    assert_eq!(lines(&plan), [(What::Carer, Change::Changed)]);
    assert_eq!(plan.lines[0].fields, ["email", "phone", "address1", "mobile", "preferred_channel"]);
    assert_eq!((plan.changes.addresses.len(), plan.changes.uses.len(), plan.changes.unused.len()), (3, 3, 3));
    assert!(plan.changes.carers.is_empty(), "no field of the carer itself changed");
    assert_eq!(after(stored, &plan.changes).addresses.len(), 6, "history stays");
}

#[test]
fn an_address_that_comes_back_is_used_again() {
    let (plan, stored) =
        history(&["none,,,,,a@post.example,,,", "none,,,,,,,,", "none,,,,,a@post.example,,,"]);

    assert!(plan.changes.addresses.is_empty());
    assert_eq!(plan.changes.uses.len(), 1);
    assert_eq!(stored.addresses.values().next(), Some(&plan.changes.uses[0].address));
}

#[test]
fn a_new_address_of_two_carers_is_one_address() {
    let rows = [
        "P1,C1,Fox,Mia,mother,1,yes,none,,,,,a@post.example,,,",
        "P1,C2,Fox,Max,father,2,yes,none,,,,,a@post.example,,,",
    ];

    let plan = plan(&roll(&rows), &Stored::default(), TODAY);

    assert_eq!((plan.changes.addresses.len(), plan.changes.uses.len()), (1, 2));
    assert_eq!(plan.changes.uses[0].address, plan.changes.uses[1].address);
}

#[test]
fn a_column_that_is_not_in_the_file_leaves_its_fields_alone() {
    let (_, stored) = history(&["none,,,,sms,a@post.example,07700 900001,,1 High St", "none,,,,sms,,,,"]);
    let full = roll(&[&c1("none,,,,sms,a@post.example,07700 900001,,1 High St")]);
    let stored = after(stored.clone(), &plan(&full, &stored, TODAY).changes);
    let short = "pupil_ref,contact_ref,surname,forename,relationship,priority,parental_responsibility,legal_restriction\n\
                 P1,C1,Fox,Mia,mother,1,yes,none\n";
    let short_pupils = "pupil_ref,legal_surname,legal_forename\nP1,Fox,Ann\nP2,Hare,Bo\n";

    let plan = plan(&roll_of(short_pupils, short), &stored, TODAY);

    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
}

#[test]
fn a_restriction_is_added_when_nothing_stored_covers_it() {
    use Change::{Added, Kept};
    let cases: [(&str, &str, &[Change]); 10] = [
        ("none,,,", "no_contact,,,", &[Added]),
        ("supervised,,,", "no_contact,,,", &[Added]),
        ("no_contact,,,", "no_contact,,,", &[]),
        ("no_contact,,,", "supervised,,,", &[Kept]),
        ("no_contact,,,", "none,,,", &[Kept]),
        // Dates: wider is added, narrower is kept.
        ("see_dsl,2026-11-01,2026-12-31,", "see_dsl,2026-10-01,2026-12-31,", &[Added]),
        ("see_dsl,2026-11-01,2026-12-31,", "see_dsl,2026-11-01,,", &[Added]),
        ("see_dsl,2026-11-01,2026-12-31,", "see_dsl,2026-11-02,2026-12-31,", &[Kept]),
        ("see_dsl,2026-11-01,,", "see_dsl,2026-11-01,2026-12-31,", &[Kept]),
        // Stricter for a shorter time: neither covers the other.
        ("supervised,,,", "no_contact,2026-11-24,2026-11-30,", &[Added, Kept]),
    ];

    for (before, file, expected) in cases {
        let (plan, _) = history(&[&format!("{before},,,,,"), &format!("{file},,,,,")]);
        let got: Vec<_> =
            plan.lines.iter().filter(|line| line.what == What::Restriction).map(|line| line.change).collect();
        assert_eq!(got, expected, "{before} -> {file}");
        assert_eq!(
            plan.changes.restrictions.len(),
            expected.iter().filter(|one| **one == Added).count(),
            "{file}"
        );
        assert_eq!(plan.changes.reviews.len(), expected.iter().filter(|one| **one == Kept).count(), "{file}");
    }
}

#[test]
fn a_restriction_that_has_ended_is_not_missed() {
    let (plan, _) = history(&["no_contact,,2026-11-23,,,,,,", "none,,,,,,,,"]);

    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
    assert_eq!(plan.lines, []);
}

#[test]
fn the_dsl_is_asked_once_while_the_question_is_open() {
    let (first, stored) = history(&["no_contact,,,,,,,,", "none,,,,,,,,"]);
    let again = plan(&roll(&[&c1("none,,,,,,,,")]), &after(stored, &first.changes), TODAY);

    assert_eq!((first.changes.reviews.len(), first.counts.restrictions.kept), (1, 1));
    assert_eq!(first.changes.reviews[0].kind, RestrictionKind::NoContact);
    assert!(again.changes.is_empty());
    assert_eq!(again.counts.restrictions.kept, 1, "still told");
}

#[test]
fn the_pointer_to_an_order_follows_the_file_but_is_never_removed() {
    let (moved, _) = history(&["see_dsl,,,file 1,,,,,", "see_dsl,,,file 2,,,,,"]);
    let (blank, _) = history(&["see_dsl,,,file 1,,,,,", "see_dsl,,,,,,,,"]);

    assert_eq!(moved.changes.note_refs.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["file 2"]);
    assert_eq!(moved.lines[0].fields, ["restriction_note_ref"]);
    assert!(blank.changes.is_empty());
}

#[test]
fn a_pointer_that_a_colleague_wrote_is_left_alone() {
    let row = "see_dsl,,,file 2,,,,,";
    let (_, mut stored) = history(&["see_dsl,,,file 1,,,,,", row]);
    stored.restrictions.values_mut().flatten().for_each(|known| known.by_import = false);

    let plan = plan(&roll(&[&c1(row)]), &stored, TODAY);

    assert!(plan.changes.is_empty());
}

#[test]
fn a_wish_becomes_routes_and_a_colleagues_choice_stays() {
    let (wish, stored) = history(&["none,,,,,,,,", "none,,,,sms,,07700 900001,,"]);
    let carer = stored.carers["C1"].id;
    let staffed = |by_staff| {
        let mut stored = stored.clone();
        let preference = StoredPreference { routes: routes(Some(Route::Letter)), by_staff };
        stored.preferences.insert((carer, Purpose::WeeklyUpdate), preference);
        stored
    };
    let against = |rest: &str, by_staff| plan(&roll(&[&c1(rest)]), &staffed(by_staff), TODAY);

    let by_staff = against("none,,,,sms,,,,", true);
    let by_import = against("none,,,,sms,,,,", false);
    let withdrawn = against("none,,,,,,,,", false);
    let blank_by_staff = against("none,,,,,,,,", true);

    assert_eq!(wish.changes.preferences[0].routes, [Route::Text, Route::Email, Route::Call, Route::Letter]);
    assert!(by_staff.changes.preferences.is_empty());
    assert_eq!((by_staff.counts.preferences_left, lines(&by_staff)), (1, vec![(What::Carer, Change::Kept)]));
    assert_eq!(by_import.changes.preferences.len(), 1);
    assert_eq!(withdrawn.changes.preferences[0].routes, routes(None));
    assert!(blank_by_staff.changes.is_empty() && blank_by_staff.lines.is_empty());
}

#[test]
fn a_link_that_is_not_in_the_file_is_marked_once_and_comes_back() {
    let both = ["P1,C1,Fox,Mia,mother,1,yes,none,,,,,,,,", "P1,C2,Fox,Max,father,2,yes,none,,,,,,,,"];
    let stored = after(Stored::default(), &plan(&roll(&both), &Stored::default(), TODAY).changes);

    let gone = plan(&roll(&both[..1]), &stored, TODAY);
    let stored = after(stored, &gone.changes);
    let still_gone = plan(&roll(&both[..1]), &stored, TODAY);
    let back = plan(&roll(&both), &stored, TODAY);

    assert_eq!((lines(&gone), gone.changes.missing.len()), (vec![(What::Link, Change::Missing)], 1));
    assert_eq!(
        (gone.lines[0].pupil_ref.as_deref(), gone.lines[0].contact_ref.as_deref()),
        (Some("P1"), Some("C2"))
    );
    assert_eq!((gone.counts.links.missing, gone.counts.carers.missing), (1, 1));
    assert!(still_gone.changes.is_empty());
    assert_eq!(still_gone.counts.links.missing, 1);
    assert_eq!((lines(&back), back.changes.links.len()), (vec![(What::Link, Change::Returned)], 1));
}

#[test]
fn a_file_that_lacks_a_fifth_of_the_school_is_warned_of() {
    let rows: Vec<String> = (0..50).map(|n| format!("P1,C{n},Fox,Mia,aunt,1,yes,none,,,,,,,,")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let stored = after(Stored::default(), &plan(&roll(&rows), &Stored::default(), TODAY).changes);

    let warnings = [50, 40, 39].map(|count| plan(&roll(&rows[..count]), &stored, TODAY).problems.len());

    assert_eq!(warnings, [0, 0, 1]);
}

#[test]
fn a_pupil_who_is_not_in_the_file_is_kept_and_the_links_marked() {
    let rows = ["P1,C1,Fox,Mia,mother,1,yes,none,,,,,,,,", "P2,C1,Fox,Mia,aunt,1,no,none,,,,,,,,"];
    let stored = after(Stored::default(), &plan(&roll(&rows), &Stored::default(), TODAY).changes);
    let one = "pupil_ref,legal_surname,legal_forename\nP1,Fox,Ann\n";

    let plan = plan(&roll_of(one, &format!("{HEADER}{}\n", rows[0])), &stored, TODAY);

    assert_eq!(
        (plan.counts.pupils.missing, plan.counts.links.missing, plan.counts.carers.missing),
        (1, 1, 0)
    );
    assert!(plan.changes.pupils.is_empty());
}

#[test]
fn a_restriction_only_the_dsl_recorded_stops_a_shared_mobile_too() {
    let rows = [
        "P1,C1,Fox,Mia,mother,1,yes,none,,,,,,07700 900001,,",
        "P1,C2,Fox,Max,father,2,yes,none,,,,,,07700 900001,,",
    ];
    let mut stored = after(Stored::default(), &plan(&roll(&rows), &Stored::default(), TODAY).changes);
    let link: LinkId = stored.links[&(stored.pupils["P1"].id, stored.carers["C2"].id)].id;
    let restriction = Restriction { kind: RestrictionKind::NoContact, starts: None, ends: None };
    let known = StoredRestriction { id: RestrictionId::new(), restriction, note_ref: None, by_import: false };
    stored.restrictions.insert(link, vec![known]);

    let both = plan(&roll(&rows), &stored, TODAY);
    let gone = plan(&roll(&rows[..1]), &stored, TODAY);

    for plan in [both, gone] {
        assert_eq!(plan.problems.len(), 1, "{:?}", plan.problems);
        assert_eq!((plan.problems[0].severity, plan.problems[0].column), (Severity::Refused, Some("mobile")));
        assert!(plan.problems[0].sentence.starts_with("Contacts C2 (restricted) and C1 of pupil P1"));
    }
}

#[test]
fn a_landline_or_home_shared_with_a_restricted_contact_is_only_warned_of() {
    let rows = [
        "P1,C1,Fox,Mia,mother,1,yes,none,,,,,,,01632 960001,1 High St",
        "P1,C2,Fox,Max,father,2,yes,supervised,,,,,,,01632 960001,1 High St",
    ];

    let plan = plan(&roll(&rows), &Stored::default(), TODAY);

    let columns: Vec<_> = plan.problems.iter().map(|problem| (problem.severity, problem.column)).collect();
    assert_eq!(columns, [(Severity::Warning, Some("address1")), (Severity::Warning, Some("phone"))]);
}

#[test]
fn what_may_not_be_printed_is_not_in_a_plan_that_is() {
    let (plan, _) = history(&["none,,,,,a@post.example,07700 900001,,1 High St"]);

    let printed = format!("{plan:?}");

    for secret in ["Fox", "Mia", "tess", "900001", "post.example", "High St"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}
