//! For whom a colleague may announce, and what.

use std::collections::HashMap;

use super::{Web, frame::Wrong, guard::Signed};
use crate::{
    domain::{
        announcement::{Audience, Written},
        ids::ClassId,
        people::Purpose,
        staff::Role,
    },
    store::{StoreError, Tx, announced, week},
};

/// Who announces to a year or the whole school, and who says that something cannot wait.
const SCHOOL_WIDE: &[Role] = &[Role::Office, Role::Slt, Role::Dsl];

/// For whom it is, as a page says it.
pub(super) fn to_words(audience: &Audience, classes: &HashMap<ClassId, String>) -> String {
    match audience {
        Audience::Class(class) => {
            format!("Class {}", classes.get(class).map_or("that is gone", String::as_str))
        }
        Audience::Year(year) => year_words(year),
        Audience::School => "The whole school".to_owned(),
    }
}

/// A year group as its own system writes it, with the word `Year` where that is only a number.
fn year_words(year: &str) -> String {
    if year.starts_with(|first: char| first.is_ascii_digit()) {
        format!("Year {year}")
    } else {
        year.to_owned()
    }
}

/// An audience that this colleague may choose.
pub(super) struct Choice {
    pub(super) value: Audience,
    pub(super) words: String,
}

/// For whom this colleague may announce. A class is here only where they see a pupil of it.
pub(super) async fn choices(tx: &mut Tx, signed: &Signed) -> Result<Vec<Choice>, StoreError> {
    let mut choices = Vec::new();
    if signed.is(SCHOOL_WIDE) {
        choices.push(Choice { value: Audience::School, words: "The whole school".to_owned() });
        for year in announced::years(tx).await? {
            choices.push(Choice { words: year_words(&year), value: Audience::Year(year) });
        }
    }
    for class in week::classes(tx).await? {
        choices.push(Choice { value: Audience::Class(class.id), words: format!("Class {}", class.name) });
    }
    Ok(choices)
}

/// Refuses to go on where this colleague may not announce this, or not to these.
pub(super) async fn may_announce(web: &Web, signed: &Signed, written: &Written) -> Result<(), Wrong> {
    if written.purpose == Purpose::Urgent && !writes_urgent(signed) {
        return Err(Wrong::Absent);
    }
    may_write_to(web, signed, &written.audience).await
}

/// Whether this colleague may send something at any hour.
pub(super) fn writes_urgent(signed: &Signed) -> bool {
    signed.is(SCHOOL_WIDE)
}

/// Refuses to go on where this colleague may not announce to these.
pub(super) async fn may_write_to(web: &Web, signed: &Signed, audience: &Audience) -> Result<(), Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let choices = choices(&mut tx, signed).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if choices.iter().any(|choice| choice.value == *audience) { Ok(()) } else { Err(Wrong::Absent) }
}
