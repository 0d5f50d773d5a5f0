//! The probe: whether the key works and the template takes our words. It reads the template and writes to nobody.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{GovukNotify, kind, letter::is_of_every_address};
use crate::{
    error::{Fault, SendError},
    sender::Carries,
    wire_log::Recorder,
};

/// Characters of the template's name that are repeated.
const LONGEST_NAME: usize = 80;

#[derive(Deserialize)]
struct Template {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    version: u64,
    body: String,
    #[serde(default)]
    subject: Option<String>,
    /// Who writes a letter, above the words.
    #[serde(default)]
    letter_contact_block: Option<String>,
    /// Every placeholder there is, also in what else is printed with a letter.
    #[serde(default)]
    personalisation: BTreeMap<String, Value>,
}

impl GovukNotify {
    pub(super) async fn probe_template(&self) -> Result<String, SendError> {
        let url = self.wire.at(&format!("template/{}", self.settings.template));
        let (body, _) = self.ask(url, &Recorder::default()).await.map_err(|error| match error.fault {
            // "Validation" is about a number when a text is sent; there is none here.
            Fault::BadAddress => SendError {
                fault: Fault::Misconfigured,
                summary: "Notify does not know the template: check template_id".to_owned(),
                ..error
            },
            _ => error,
        })?;
        let template = Template::deserialize(&body)
            .map_err(|_| SendError::not_sent(Fault::Temporary, "Notify answered, but not with a template"))?;
        self.judge(&template)
    }

    fn judge(&self, template: &Template) -> Result<String, SendError> {
        let wrong = |why: String| Err(SendError::not_sent(Fault::Misconfigured, why));
        let name: String = template.name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
        let (version, ours) = (template.version, &self.settings.placeholder);
        let carries = self.settings.carries;
        if template.kind != kind(carries) {
            return wrong(format!(
                "the key works, but the template '{name}' is not for {}: check template_id",
                carries.in_words()
            ));
        }
        let in_subject = placeholders(template.subject.as_deref().unwrap_or_default());
        let subject = &self.settings.subject_placeholder;
        if carries == Carries::Mail && in_subject != BTreeSet::from([folded(subject)]) {
            return wrong(format!(
                "the key works, but the subject of the template '{name}' (version {version}) must hold (({subject})) and no \
                 other placeholder: put it there, or name the one it holds as subject_placeholder"
            ));
        }
        let mut found = placeholders(&template.body);
        if !found.contains(&folded(ours)) {
            return wrong(format!(
                "the key works, but the template '{name}' (version {version}) does not hold (({ours})): put it there, or \
                 name the placeholder it holds as placeholder"
            ));
        }
        if carries == Carries::Letter {
            found.extend(in_subject);
            found.extend(placeholders(template.letter_contact_block.as_deref().unwrap_or_default()));
            found.extend(template.personalisation.keys().map(|name| folded(name)));
            found.retain(|name| !is_of_every_address(name));
        }
        if found.len() > 1 {
            return wrong(format!(
                "the key works, but the template '{name}' (version {version}) has placeholders besides (({ours})), and \
                 Notify would refuse every message: take them out"
            ));
        }
        let alone = folded(template.body.trim()) == format!("(({}))", folded(ours));
        let adds = if alone { "and nothing else" } else { "and adds words of its own to every message" };
        Ok(format!(
            "Notify: the key works; the template '{name}' (version {version}) holds (({ours})) {adds}"
        ))
    }
}

/// The names between double brackets, as Notify compares them. `((name??words))` stands for its words where the name
/// says yes, and needs the name as well.
fn placeholders(body: &str) -> BTreeSet<String> {
    let opened = body.split("((").skip(1);
    let inside = opened.filter_map(|rest| rest.split_once("))")).map(|(inside, _)| inside);
    inside.map(|inside| folded(inside.split("??").next().unwrap_or_default())).collect()
}

/// Notify overlooks case, spaces, hyphens and underscores in names.
pub(super) fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_read_as_notify_reads_them() {
        for (body, expected) in [
            ("((words))", vec!["words"]),
            ("Hill School: ((The Words))\n((the_words))", vec!["thewords"]),
            ("((words)) ((urgent??Ring us.))", vec!["urgent", "words"]),
            ("no brackets", vec![]),
            ("((open", vec![]),
        ] {
            let found: Vec<_> = placeholders(body).into_iter().collect();

            assert_eq!(found, expected, "{body}");
        }
    }
}
