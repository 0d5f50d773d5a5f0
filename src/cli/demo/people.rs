//! The demo's colleagues, one of each role and a teacher for each class.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};

use crate::{
    domain::staff::Role,
    flows::{colleagues, gateway::Gateway},
    store::colleagues::{account, list},
};

/// The teacher of the class whose week the demo tells.
const CLASS_TEACHER: &str = "h.barlow@northfield.example";

/// Name, address and role of each; the teachers' addresses and classes came with the pupils' file.
const PEOPLE: [(&str, &str, Role); 8] = [
    ("Hannah Barlow", CLASS_TEACHER, Role::Teacher),
    ("Daniel Mensah", "d.mensah@northfield.example", Role::Teacher),
    ("Sofia Lindqvist", "s.lindqvist@northfield.example", Role::Teacher),
    ("Ruth Adeyemi", "r.adeyemi@northfield.example", Role::Office),
    ("Martin Hale", "m.hale@northfield.example", Role::Slt),
    ("Siobhan Keane", "s.keane@northfield.example", Role::Dsl),
    ("Geoffrey Lin", "g.lin@northfield.example", Role::Governor),
    ("Priya Nair", "p.nair@northfield.example", Role::It),
];

/// Adds them. Nobody has a password that anybody knows: they are signed in by one press.
pub(super) async fn add(gateway: &Gateway) -> Result<()> {
    for (name, email, role) in PEOPLE {
        colleagues::add(gateway, name, email, &[role], "demo").await?;
    }
    Ok(())
}

/// The class teacher, as the record names who did something.
pub(super) async fn class_teacher(gateway: &Gateway) -> Result<String> {
    let account = account(&mut *gateway.store.acquire().await?, CLASS_TEACHER).await?;
    Ok(account.context("The class teacher came with the pupils' file")?.id.to_string())
}

/// Where the pages are, and who can be played.
pub(super) async fn in_words(gateway: &Gateway, address: SocketAddr) -> Result<String> {
    let people = list(&mut *gateway.store.acquire().await?).await?;
    let lines: String = people
        .iter()
        .map(|person| {
            let classes = if person.classes.is_empty() {
                String::new()
            } else {
                format!(", {}", person.classes.join(", "))
            };
            format!("\n  {} ({}{classes})", person.name, person.roles.join(", "))
        })
        .collect();
    Ok(format!(
        "\nTHE PAGES\nOpen http://{address}/ and come in with one press as any of:{lines}\n\
         Play a carer, and answer what they were sent: http://{address}/play"
    ))
}
