//! The school's own words for the parts of messages, and who has checked words in other languages. Rows are only added.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{
    time::Timestamp,
    wording::{Language, OwnWords, Part, Reviewed},
};

/// The newest words of a part in a language, and who set them.
#[derive(Debug, Clone)]
pub struct Set {
    /// The part.
    pub part: Part,
    /// The language.
    pub language: Language,
    /// The words; `None`: the shipped ones again.
    pub words: Option<String>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// The newest of every part and language that was ever set. What this program does not know is another version's, and left out.
pub async fn newest(connection: &mut PgConnection) -> Result<Vec<Set>, StoreError> {
    let rows = sqlx::query!(
        r#"select distinct on (part, language) part, language, words, set_at as "set_at: Ts", set_by from template_version
           order by part, language, number desc"#
    )
    .fetch_all(connection)
    .await?;
    let sets = rows.into_iter().filter_map(|row| {
        Some(Set {
            part: Part::parse(&row.part).ok()?,
            language: Language::parse(&row.language).ok()?,
            words: row.words,
            at: row.set_at.0,
            by: row.set_by,
        })
    });
    Ok(sets.collect())
}

/// The school's own words, of those that were set.
pub fn own(sets: Vec<Set>) -> Vec<OwnWords> {
    let own = sets.into_iter().filter_map(|set| {
        Some(OwnWords { part: set.part, language: set.language, words: set.words?, since: set.at })
    });
    own.collect()
}

/// Sets the words of a part; `None`: the shipped ones again.
pub async fn set(connection: &mut PgConnection, set: &Set) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into template_version (part, language, words, set_at, set_by) values ($1, $2, $3, $4, $5)",
        set.part.as_str(),
        set.language.as_str(),
        set.words,
        Ts(set.at) as _,
        set.by,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// That somebody has checked words.
#[derive(Debug, Clone)]
pub struct Review {
    /// The part.
    pub part: Part,
    /// The language.
    pub language: Language,
    /// The version of the words.
    pub version: String,
    /// Who reads the language and has checked them.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The colleague who recorded it.
    pub recorded_by: String,
}

/// All that were checked, oldest first.
pub async fn reviews(connection: &mut PgConnection) -> Result<Vec<Review>, StoreError> {
    let rows = sqlx::query!(
        r#"select part, language, digest, reviewed_by, reviewed_at as "reviewed_at: Ts", recorded_by from template_review
           order by number"#
    )
    .fetch_all(connection)
    .await?;
    let reviews = rows.into_iter().filter_map(|row| {
        Some(Review {
            part: Part::parse(&row.part).ok()?,
            language: Language::parse(&row.language).ok()?,
            version: row.digest,
            by: row.reviewed_by,
            at: row.reviewed_at.0,
            recorded_by: row.recorded_by,
        })
    });
    Ok(reviews.collect())
}

/// Which words may be used, of those that were checked.
pub fn reviewed(reviews: Vec<Review>) -> Reviewed {
    reviews.into_iter().map(|review| (review.part, review.language, review.version)).collect()
}

/// Keeps that words were checked.
pub async fn review(connection: &mut PgConnection, reviews: &[Review]) -> Result<(), StoreError> {
    for one in reviews {
        sqlx::query!(
            "insert into template_review (part, language, digest, reviewed_by, reviewed_at, recorded_by)
             values ($1, $2, $3, $4, $5, $6)",
            one.part.as_str(),
            one.language.as_str(),
            one.version,
            one.by,
            Ts(one.at) as _,
            one.recorded_by,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
