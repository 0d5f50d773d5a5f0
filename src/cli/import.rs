//! What `liaison import` tells the operator.

use std::fmt::Write;

use crate::domain::import::{Count, Line, Problem, Report, Severity, What};

/// How many lines of one kind are worth reading on a terminal; `--json` has them all.
const SHOWN: usize = 40;

/// The report in words. Holds refs and columns, no names, numbers or addresses.
pub(super) fn report(report: &Report) -> String {
    let mut out = String::new();
    problems(&mut out, report, Severity::Refused, "Must be mended before anything is imported");
    if report.refused {
        line(&mut out, "Nothing was imported. Mend the files and run it again.");
        return out;
    }
    problems(&mut out, report, Severity::Warning, "Somebody should look at");
    let proposals: Vec<String> = report.proposals.iter().map(|one| one.sentence.clone()).collect();
    list(&mut out, "Perhaps one person entered twice", &proposals);
    changes(&mut out, report);
    counts(&mut out, report);
    line(
        &mut out,
        match (report.dry_run, report.changes) {
            (true, true) => "Dry run: nothing was written. Run it without --dry-run to import.",
            (true, false) => "Dry run: there is nothing to import; all is as in the files.",
            (false, true) => "Imported.",
            (false, false) => "Nothing to import: all is as in the files.",
        },
    );
    out
}

fn problems(out: &mut String, report: &Report, severity: Severity, title: &str) {
    let told = report.problems.iter().filter(|problem| problem.severity == severity).map(Problem::to_string);
    list(out, title, &told.collect::<Vec<_>>());
}

fn changes(out: &mut String, report: &Report) {
    let restrictions = |line: &&Line| line.what == What::Restriction;
    let (of_restrictions, others): (Vec<&Line>, Vec<&Line>) = report.lines.iter().partition(restrictions);
    let told = |lines: Vec<&Line>| lines.into_iter().map(Line::in_words).collect::<Vec<_>>();
    list(out, "Restrictions", &told(of_restrictions));
    list(out, "Changes", &told(others));
}

fn counts(out: &mut String, report: &Report) {
    let counts = &report.counts;
    line(out, "            added  changed  unchanged  missing");
    for (what, count) in [("pupils", counts.pupils), ("carers", counts.carers), ("links", counts.links)] {
        let Count { added, changed, unchanged, missing } = count;
        line(out, &format!("{what:<10}{added:>7}{changed:>9}{unchanged:>11}{missing:>9}"));
    }
    let restrictions = counts.restrictions;
    line(
        out,
        &format!("restrictions: {} added, {} kept against the file", restrictions.added, restrictions.kept),
    );
    line(out, &format!("pupils.csv    SHA-256 {}", report.pupils_file.sha256));
    line(out, &format!("contacts.csv  SHA-256 {}", report.contacts_file.sha256));
}

/// A titled list, cut where it stops being read.
fn list(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    line(out, &format!("{title} ({}):", lines.len()));
    for one in lines.iter().take(SHOWN) {
        line(out, &format!("  {one}"));
    }
    if let Some(more) = lines.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        line(out, &format!("  and {more} more: --json tells all"));
    }
    line(out, "");
}

fn line(out: &mut String, text: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{FileFacts, Plan, Stored, plan, read};

    const PUPILS: &str = "pupil_ref,legal_surname,legal_forename,class,key_colleague_email\n\
                          P1,Fox,Ann,Oak,tess@school.example\n";
    const HEADER: &str = "pupil_ref,contact_ref,surname,forename,relationship,priority,parental_responsibility,\
                          legal_restriction,email,mobile,address1";

    fn told(contacts: &[String], dry_run: bool) -> Report {
        let today = "2026-11-24".parse().expect("a date");
        let contacts = format!("{HEADER}\n{}\n", contacts.join("\n"));
        let read = read(PUPILS.as_bytes(), contacts.as_bytes(), today);
        let facts = || FileFacts { sha256: "0a".repeat(32), rows: 1 };
        let plan = if read.is_good() { plan(&read.roll, &Stored::default(), today) } else { Plan::default() };
        Report::new(dry_run, [facts(), facts()], read, &plan)
    }

    fn row(contact: &str, restriction: &str) -> String {
        format!("P1,{contact},Fox,Mia,mother,1,yes,{restriction},mia@post.example,07700 900001,1 High St")
    }

    #[test]
    fn a_report_counts_lists_and_ends_with_what_happened() {
        let dry = report(&told(&[row("C1", "no_contact")], true));
        let wet = report(&told(&[row("C1", "no_contact")], false));

        assert!(dry.contains("restriction C1 of P1: added; no_contact is recorded"), "{dry}");
        assert!(dry.contains("class: added; named Oak"), "{dry}");
        assert!(dry.contains("carers          1        0          0        0"), "{dry}");
        assert!(dry.contains("contacts.csv  SHA-256 0a0a"), "{dry}");
        assert!(
            dry.ends_with("Dry run: nothing was written. Run it without --dry-run to import.\n"),
            "{dry}"
        );
        assert!(wet.ends_with("Imported.\n"), "{wet}");
    }

    #[test]
    fn a_refused_report_tells_the_problems_and_no_counts() {
        let words = report(&told(&[row("C1", "no_contact"), row("C2", "none")], false));

        assert!(
            words.starts_with("Must be mended before anything is imported (2):\n  contacts.csv, line 3, "),
            "{words}"
        );
        assert!(words.ends_with("Nothing was imported. Mend the files and run it again.\n"), "{words}");
        assert!(!words.contains("SHA-256"), "{words}");
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let rows: Vec<String> = (0..60).map(|n| format!("P1,C{n},Fox,Mia,aunt,1,yes,none,,,")).collect();

        let words = report(&told(&rows, false));

        // A class, a colleague, a pupil, 60 carers and 60 links.
        assert!(words.contains("Changes (123):"), "{words}");
        assert!(words.contains("and 83 more: --json tells all"), "{words}");
    }

    #[test]
    fn neither_words_nor_json_hold_a_name_a_number_or_an_address() {
        let reports =
            [told(&[row("C1", "none")], false), told(&[row("C1", "no_contact"), row("C2", "none")], false)];

        for one in reports {
            let printed = report(&one) + &serde_json::to_string(&one).expect("plain data");
            for secret in ["Fox", "Mia", "900001", "post.example", "High St", "tess"] {
                assert!(!printed.contains(secret), "{secret}");
            }
        }
    }
}
