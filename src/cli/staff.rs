//! `liaison staff …`: who may sign in, as what, and with which classes.

use anyhow::{Result, bail};
use clap::Subcommand;

use super::{By, say, say_json, table::table};
use crate::{
    domain::staff::Role,
    flows::{
        colleagues::{self, FirstPassword},
        gateway::Gateway,
    },
    store::colleagues::{self as stored, Colleague},
};

#[derive(Debug, Subcommand)]
pub(super) enum StaffCommand {
    /// List colleagues with their roles and classes
    List,
    /// Add a colleague; prints a first password, to be changed at the first sign-in
    Add {
        /// The address they sign in with
        email: String,
        /// Their name, as pages show it
        #[arg(long)]
        name: String,
        /// Their roles: teacher, office, slt, dsl, governor, it
        #[arg(long, required = true, value_delimiter = ',')]
        roles: Vec<String>,
        #[command(flatten)]
        by: By,
    },
    /// Give a colleague these roles and no others; they are signed out
    Roles {
        /// Their address
        email: String,
        /// teacher, office, slt, dsl, governor, it
        #[arg(required = true, value_delimiter = ',')]
        roles: Vec<String>,
        #[command(flatten)]
        by: By,
    },
    /// Give a colleague these classes and no others; they are signed out
    Classes {
        /// Their address
        email: String,
        /// The classes' names; none takes all away
        classes: Vec<String>,
        #[command(flatten)]
        by: By,
    },
    /// Let a colleague in no more; they are signed out at once
    Disable {
        /// Their address
        email: String,
        #[command(flatten)]
        by: By,
    },
    /// Let a colleague in anew: prints a first password, and signs them out
    Reset {
        /// Their address
        email: String,
        /// Take their second factor away too: they have lost it
        #[arg(long)]
        second_factor: bool,
        #[command(flatten)]
        by: By,
    },
    /// Hide a colleague's own family from them, whatever their role
    OwnFamily {
        /// Their address
        email: String,
        /// The reference of a pupil of their family; brothers and sisters go with it
        pupil: String,
        #[command(flatten)]
        by: By,
    },
}

pub(super) async fn run(gateway: &Gateway, what: StaffCommand, json: bool) -> Result<u8> {
    match what {
        StaffCommand::List => {
            let listed = stored::list(&mut *gateway.store.acquire().await?).await?;
            match (json, listed.is_empty()) {
                (true, _) => say_json(&listed)?,
                (false, true) => say("no colleague is on record; `liaison staff add` adds one"),
                (false, false) => say(&in_table(&listed)),
            }
        }
        StaffCommand::Add { email, name, roles, by } => {
            let first = colleagues::add(gateway, &name, &email, &read(&roles)?, &by.by).await?;
            print(&first, json)?;
        }
        StaffCommand::Roles { email, roles, by } => {
            colleagues::set_roles(gateway, &email, &read(&roles)?, &by.by).await?;
            changed(json, "changed; they sign in anew")?;
        }
        StaffCommand::Classes { email, classes, by } => {
            colleagues::set_classes(gateway, &email, &classes, &by.by).await?;
            changed(json, "changed; they sign in anew")?;
        }
        StaffCommand::Disable { email, by } => {
            let moved = colleagues::disable(gateway, &email, &by.by).await?;
            let cases = match moved {
                0 => String::new(),
                moved => format!("; {moved} open case(s) of theirs are on their list again"),
            };
            changed(json, &format!("they can no longer sign in, and are signed out{cases}"))?;
        }
        StaffCommand::Reset { email, second_factor, by } => {
            let first = colleagues::reset(gateway, &email, second_factor, &by.by).await?;
            print(&first, json)?;
        }
        StaffCommand::OwnFamily { email, pupil, by } => {
            colleagues::own_family(gateway, &email, &pupil, &by.by).await?;
            changed(json, "hidden from them from now on")?;
        }
    }
    Ok(0)
}

fn read(roles: &[String]) -> Result<Vec<Role>> {
    let mut read = Vec::new();
    for word in roles {
        match Role::parse(word.trim()) {
            Ok(role) => read.push(role),
            Err(unknown) => bail!("{unknown}"),
        }
    }
    read.sort();
    read.dedup();
    Ok(read)
}

fn print(first: &FirstPassword, json: bool) -> Result<()> {
    let password = first.password.expose();
    if json {
        return say_json(&serde_json::json!({ "staff": first.staff, "first_password": password }));
    }
    say(&format!(
        "The first password, shown only now: {password}\nTell it to them in person; they choose their own when they sign in."
    ));
    Ok(())
}

fn changed(json: bool, sentence: &str) -> Result<()> {
    if json {
        return say_json(&serde_json::json!({ "done": sentence }));
    }
    say(sentence);
    Ok(())
}

fn in_table(listed: &[Colleague]) -> String {
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|colleague| {
            let state = match (&colleague.disabled_at, colleague.can_sign_in) {
                (Some(_), _) => "disabled",
                (None, false) => "no password yet",
                (None, true) if colleague.second_factor => "signs in with a second factor",
                (None, true) => "signs in",
            };
            vec![
                colleague.name.clone(),
                colleague.email.clone(),
                colleague.roles.join(", "),
                colleague.classes.join(", "),
                state.to_owned(),
            ]
        })
        .collect();
    table(&["name", "address", "roles", "classes", "state"], &rows, 40)
}
