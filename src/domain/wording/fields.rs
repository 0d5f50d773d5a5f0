//! What is filled into words, once a message.

use std::{collections::BTreeMap, sync::Arc};

use minijinja::{
    Value,
    value::{Enumerator, Object},
};

use super::{
    language::{Language, set_apart},
    part::Field,
};

/// The values of a message's fields. A field without a value is known to have none: the same as a value of nothing but space.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(BTreeMap<&'static str, Value>);

impl Fields {
    /// With this text as a field's value, in words of this language.
    pub(super) fn with(mut self, field: Field, text: &str, language: Language) -> Self {
        let text = text.trim();
        if !text.is_empty() {
            self.0.insert(field.as_str(), Value::from(set_apart(text, language)));
        }
        self
    }

    /// With an answer to a question.
    pub(super) fn with_yes(mut self, field: Field, yes: bool) -> Self {
        self.0.insert(field.as_str(), Value::from(yes));
        self
    }

    /// Whether a field has a value.
    pub(super) fn has(&self, field: Field) -> bool {
        field.is_question() || self.0.contains_key(field.as_str())
    }

    /// A field's text, as it is filled in.
    pub(super) fn text(&self, field: Field) -> Option<&str> {
        self.0.get(field.as_str()).and_then(|value| value.as_str())
    }
}

impl Object for Fields {
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match self.0.get(key) {
            Some(value) => Some(value.clone()),
            None => Field::parse(key).ok().map(|_| Value::from(())),
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}
