//! Reading a posted letter as strictly as the provider.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    State,
    post::{New, Refusal, bad, check_ids, check_template, fill, invalid},
};

const LINES: [&str; 7] = [
    "address_line_1",
    "address_line_2",
    "address_line_3",
    "address_line_4",
    "address_line_5",
    "address_line_6",
    "address_line_7",
];
/// What no line may begin with.
const NOT_AT_START: &str = "@()=[]\"\\/,<>~";
/// Some of the areas that postcodes begin with.
const AREAS: &[&str] = &["SW", "M", "B", "EC", "LS", "JE", "BF", "W"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Posted {
    template_id: String,
    personalisation: BTreeMap<String, String>,
    #[serde(default)]
    reference: Option<String>,
}

/// A posted letter.
pub(super) fn read(body: &[u8], state: &State) -> Result<New, Refusal> {
    let posted: Posted = serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    check_ids(&posted.template_id, None, posted.reference.as_ref())?;
    check_template(&posted.template_id, "letter", state)?;
    let template = &state.template;
    let (subject, block) = (template.subject.as_deref(), state.contact_block.as_deref());
    let whole = [subject.unwrap_or_default(), &template.body, block.unwrap_or_default()].join("\u{1f}");
    let whole = fill(&whole, &posted.personalisation).map_err(|why| bad(&why))?;
    let mut parts = whole.split('\u{1f}').map(str::to_owned);
    let (subject, sent) = (parts.next(), parts.next().unwrap_or_default());
    if sent.is_empty() {
        return Err(bad("Your message is empty."));
    }
    let mut given = posted.personalisation;
    let lines: Vec<_> = LINES.iter().map_while(|name| given.remove(*name)).collect();
    check_address(&lines).map_err(invalid)?;
    // Only what fills a placeholder is of use; what else is given shows a mistake of ours: a gap between the lines, too.
    let [words] = given.into_values().collect::<Vec<_>>().try_into().map_err(|_| {
        invalid("this stand-in takes the lines of an address, and exactly one placeholder's words")
    })?;
    let (to, reference) = (lines.join("\n"), posted.reference);
    Ok(New { kind: "letter", to, subject, words, sent, reference, sender: None })
}

fn check_address(lines: &[String]) -> Result<(), &'static str> {
    if lines.iter().any(|line| line.trim().is_empty() || line.contains('\n')) {
        return Err("this stand-in takes no blank lines, and one line in each member");
    }
    if lines.len() < 3 {
        return Err("Address must be at least 3 lines");
    }
    if !lines.iter().take(2).all(|line| line.chars().any(|c| c.is_ascii_alphanumeric())) {
        return Err("The first 2 lines of the address must both include at least one alphanumeric character");
    }
    if !lines.last().is_some_and(|line| is_last(line)) {
        return Err("Must be a real UK postcode");
    }
    if lines.iter().any(|line| line.starts_with(|c| NOT_AT_START.contains(c))) {
        return Err(
            "Address lines must not start with any of the following characters: @ ( ) = [ ] ” \\ / , < >",
        );
    }
    let no_abode = |line: &String| {
        let line = line.to_lowercase();
        line == "nfa" || line.contains("no fixed abode") || line.contains("no fixed address")
    };
    if lines.iter().any(no_abode) { Err("Must be a real address") } else { Ok(()) }
}

/// Whether it is a postcode of an area there is, or a number of the forces' post.
fn is_last(line: &str) -> bool {
    let compact: String = line.to_uppercase().chars().filter(|c| !c.is_whitespace()).collect();
    if let Some(number) = compact.strip_prefix("BFPO") {
        return number.trim_start_matches("C/O").parse::<u32>().is_ok();
    }
    let area: String = compact.chars().take_while(char::is_ascii_alphabetic).collect();
    let rest = compact.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    AREAS.contains(&area.as_str())
        && (4..=5).contains(&rest.len())
        && rest.chars().rev().zip([false, false, true]).all(|(c, digit)| c.is_ascii_digit() == digit)
}
