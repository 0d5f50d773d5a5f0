//! Who may cover for whom (R43): whoever already sees what the absent colleague sees. Only classes are lent.

use super::{
    staff::Role,
    time::{Date, day_in_words},
};

/// The most days that one absence is recorded for: a school year and more.
const LONGEST: i32 = 400;

/// Whether somebody with the roles `theirs` may cover for somebody with the roles `absent`; `Err` is a sentence.
pub fn may_cover(absent: &[Role], theirs: &[Role]) -> Result<(), String> {
    let whole = [Role::Office, Role::Slt, Role::Dsl];
    let missing: Vec<_> =
        whole.iter().filter(|role| absent.contains(role) && !theirs.contains(role)).collect();
    if let Some(role) = missing.first() {
        return Err(format!("whoever covers must be {} too: choose somebody else", role.in_words()));
    }
    let writes = theirs.iter().any(|role| matches!(role, Role::Teacher | Role::Slt | Role::Dsl));
    if absent.contains(&Role::Teacher) && !writes {
        return Err(
            "whoever covers a class must be able to write its updates: a teacher, senior leadership or the \
                    safeguarding lead"
                .to_owned(),
        );
    }
    if theirs.iter().all(|role| matches!(role, Role::It | Role::Governor)) {
        return Err("whoever covers must meet families themselves".to_owned());
    }
    Ok(())
}

/// Whether an absence may be recorded for these days; `Err` is a sentence.
pub fn days_fault(from: Date, until: Date, today: Date) -> Result<(), String> {
    if until < from {
        return Err("the last day is before the first".to_owned());
    }
    if until < today {
        return Err("that is over already: nothing waits on them any more".to_owned());
    }
    if from.until(until).map_or(true, |span| span.get_days() > LONGEST) {
        return Err("that is more than a year: close the account instead".to_owned());
    }
    Ok(())
}

/// `from Monday 30 November until Friday 4 December`, or one day.
pub fn days_in_words(from: Date, until: Date) -> String {
    if from == until {
        return format!("on {}", day_in_words(from));
    }
    format!("from {} until {}", day_in_words(from), day_in_words(until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::staff::Role::{Dsl, Governor, It, Office, Slt, Teacher};

    #[test]
    fn whoever_covers_sees_already_what_is_not_a_class() {
        let cases: [(&[Role], &[Role], bool); 10] = [
            (&[Teacher], &[Teacher], true),
            (&[Teacher], &[Slt], true),
            (&[Teacher], &[Office], false),
            (&[Office], &[Office], true),
            (&[Office], &[Teacher], false),
            (&[Slt], &[Dsl], false),
            (&[Dsl], &[Slt], false),
            (&[Dsl, Teacher], &[Dsl], true),
            (&[Teacher], &[It], false),
            (&[It], &[Governor], false),
        ];
        for (absent, cover, good) in cases {
            assert_eq!(may_cover(absent, cover).is_ok(), good, "{absent:?} by {cover:?}");
        }
    }

    #[test]
    fn an_absence_has_days_that_are_not_over() {
        let day = |text: &str| text.parse::<Date>().expect("a date");
        let today = day("2026-11-24");

        assert!(days_fault(today, today, today).is_ok());
        assert!(days_fault(day("2026-11-20"), day("2026-11-24"), today).is_ok());
        assert!(days_fault(day("2026-11-20"), day("2026-11-23"), today).is_err());
        assert!(days_fault(day("2026-11-26"), day("2026-11-25"), today).is_err());
        assert!(days_fault(today, day("2028-11-25"), today).is_err());
    }
}
