//! `liaison chronology …`: the record, shown, exported and proved.

use anyhow::{Result, anyhow};

use super::{ChronologyCommand, WhoseArgs, say, say_json, table::table};
use crate::{
    domain::time::moment_in_words,
    flows::{
        gateway::Gateway,
        verify::{self, Noted, Verdict},
    },
    store::explain::{self, Whose},
};

pub(super) async fn run(gateway: &Gateway, what: ChronologyCommand, json: bool) -> Result<u8> {
    match what {
        ChronologyCommand::Show { whose, words } => show(gateway, &whose, words, json).await,
        ChronologyCommand::Export { whose } => export(gateway, &whose).await,
        ChronologyCommand::Verify { seals } => verify(gateway, &seals, json).await,
    }
}

async fn entries(gateway: &Gateway, whose: &WhoseArgs) -> Result<Vec<explain::EntryView>> {
    let mut connection = gateway.store.acquire().await?;
    let mut found = Whose::default();
    if let Some(name) = &whose.pupil {
        let id = explain::pupil_named(&mut connection, name).await?;
        found.pupil = Some(id.ok_or_else(|| anyhow!("no pupil has the reference or id {name}"))?);
    }
    if let Some(name) = &whose.carer {
        let id = explain::carer_named(&mut connection, name).await?;
        found.carer = Some(id.ok_or_else(|| anyhow!("no carer has the reference or id {name}"))?);
    }
    Ok(explain::chronology(&mut connection, found).await?)
}

async fn show(gateway: &Gateway, whose: &WhoseArgs, words: bool, json: bool) -> Result<u8> {
    let mut entries = entries(gateway, whose).await?;
    if !words {
        for entry in &mut entries {
            entry.words = None;
        }
    }
    if json {
        return say_json(&entries).map(|()| 0);
    }
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            let mut sentence = entry.sentence.clone();
            if let Some(words) = &entry.words {
                sentence += &format!("\n{words}");
            }
            vec![
                moment_in_words(entry.happened_at),
                entry.pupil.clone().unwrap_or_default(),
                entry.carer.clone().unwrap_or_default(),
                sentence,
                entry.actor.clone(),
            ]
        })
        .collect();
    say(&table(&["when", "pupil", "carer", "what", "by"], &rows, 70));
    Ok(0)
}

async fn export(gateway: &Gateway, whose: &WhoseArgs) -> Result<u8> {
    for entry in entries(gateway, whose).await? {
        say_json(&entry)?;
    }
    Ok(0)
}

async fn verify(gateway: &Gateway, seals: &[Noted], json: bool) -> Result<u8> {
    let verdict = verify::verify(&gateway.store, seals).await?;
    if json {
        say_json(&verdict)?;
    } else {
        say(&in_words(&verdict));
    }
    Ok(u8::from(!verdict.good))
}

/// The verdict as a governor would read it.
pub(super) fn in_words(verdict: &Verdict) -> String {
    let mut text = format!(
        "{} entries: {} closed by {} seal(s), {} waiting for the next seal.",
        verdict.entries, verdict.sealed, verdict.seals, verdict.waiting
    );
    if let Some(seal) = &verdict.newest_seal {
        text += &format!("\nNewest seal, to be noted down elsewhere: {seal}");
    }
    if verdict.erased > 0 {
        text +=
            &format!("\nThe words of {} entries were erased; the entries themselves stand.", verdict.erased);
    }
    if verdict.good && verdict.waiting > 0 {
        return text
            + "\nVERIFIED: every entry is as it was written, and of the sealed ones none is missing. Those that wait \
               are proved complete once they are sealed.";
    }
    if verdict.good {
        return text
            + "\nVERIFIED: every entry is as it was written; none is missing and none was brought in.";
    }
    text += "\nNOT VERIFIED. The first places, in the order of the chronology:";
    for fault in &verdict.faults {
        text += &format!("\n  {}: {}", fault.what, fault.sentence);
    }
    text
}
