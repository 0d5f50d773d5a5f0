//! What `liaison import` tells the operator.

use std::fmt::Write;

use crate::domain::import::{Change, Count, Line, Problem, Report, Severity, What};

/// How many lines of one kind are worth reading on a terminal; `--json` has them all.
const SHOWN: usize = 40;

/// The report in words. Holds refs and columns, no names, numbers or addresses.
pub fn report(report: &Report) -> String {
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
    let told = |lines: Vec<&Line>| lines.into_iter().map(words).collect::<Vec<_>>();
    list(out, "Restrictions", &told(of_restrictions));
    list(out, "Changes", &told(others));
}

/// `link C1 of P1: changed (priority)`.
fn words(line: &Line) -> String {
    let mut text = match line.what {
        What::Class => "class",
        What::Staff => "colleague",
        What::Pupil => "pupil",
        What::Carer => "carer",
        What::Link => "link",
        What::Restriction => "restriction",
    }
    .to_owned();
    text.extend(line.contact_ref.iter().map(|contact| format!(" {contact}")));
    text.extend(line.pupil_ref.iter().map(|pupil| {
        let of = if line.contact_ref.is_some() { " of" } else { "" };
        format!("{of} {pupil}")
    }));
    text.push_str(match line.change {
        Change::Added => ": added",
        Change::Changed => ": changed",
        Change::Returned => ": back in the file",
        Change::Missing => ": not in the file; kept, and marked as missing",
        Change::Kept => ": kept",
    });
    if !line.fields.is_empty() {
        text.extend([" (", &line.fields.join(", "), ")"]);
    }
    text.extend(line.note.iter().map(|note| format!("; {note}")));
    text
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
