//! A case given to a colleague by name: one who could see it, as Postgres itself says.

use super::{
    FlowError,
    case_deeds::{expect_open, tell},
    cases::find,
    gateway::Gateway,
};
use crate::{
    domain::{
        chronology::{Visibility, kind},
        ids::StaffId,
    },
    store::{
        StoreError,
        case_lists::{self, Taker},
        cases::{self, WhichCases},
    },
};

/// Gives a case to a colleague by name. Its clocks run on. One who could not see it gets none.
pub async fn give_to(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    to: StaffId,
    by: &str,
) -> Result<(), FlowError> {
    let cannot = || FlowError::at("colleague", "that colleague could not see this case: choose another one");
    // The policies have the last word, whatever the list below says.
    let mut theirs = gateway.store.as_colleague(to).await?;
    let which = WhichCases { named: Some(name.trim()), closed: true, restricted: true };
    let seen = cases::list(&mut theirs, &which).await?;
    theirs.commit().await.map_err(StoreError::from)?;
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    expect_open(&case)?;
    let takers = case_lists::takers(&mut tx, case.id).await?;
    let taker = takers.into_iter().find(|taker| taker.id == to.0 && !seen.is_empty()).ok_or_else(cannot)?;
    let role = role_for(&taker, &case.role, case.visibility);
    cases::assign(&mut tx, case.id, role, Some(&to.to_string())).await?;
    // A colleague's name stands beside the entry, where it can be erased.
    let sentence = format!("case {} given to a colleague by name, for {role}", case.code);
    tell(&mut tx, &case, kind::CASE_MOVED, sentence, Some(&taker.name), by, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// On whose list it stands with that colleague: where it stood, if they hold that role.
fn role_for<'a>(taker: &Taker, now: &'a str, visibility: Visibility) -> &'a str {
    let holds = |role: &str| match role {
        "teacher" => taker.of_class,
        role => taker.roles.iter().any(|held| held == role),
    };
    if visibility == Visibility::Restricted {
        return "dsl";
    }
    if holds(now) {
        return now;
    }
    ["slt", "office", "teacher", "dsl"].into_iter().find(|role| holds(role)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taker(roles: &[&str], of_class: bool) -> Taker {
        Taker {
            id: uuid::Uuid::nil(),
            name: String::new(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            of_class,
        }
    }

    #[test]
    fn a_case_stays_on_its_list_where_the_colleague_holds_that_role() {
        let cases = [
            (taker(&["teacher"], true), "teacher", "teacher"),
            (taker(&["teacher", "slt"], false), "teacher", "slt"),
            (taker(&["office", "slt"], false), "office", "office"),
            (taker(&["dsl"], false), "slt", "dsl"),
        ];

        for (taker, now, expected) in cases {
            assert_eq!(role_for(&taker, now, Visibility::Ordinary), expected, "{taker:?}");
        }
        assert_eq!(role_for(&taker(&["dsl", "slt"], false), "slt", Visibility::Restricted), "dsl");
    }
}
