//! What the provider posts: receipts of texts and emails, letters that came back, and texts from carers.

use serde_json::{Value, json};

use super::{GovukNotifyFake, Received, show};
use crate::fakes::post::Post;

impl GovukNotifyFake {
    /// Moves a text to a status, and makes the post that tells of it. `None` when the text is unknown.
    pub fn receipt(&self, id: &str, status: &str) -> Option<Post> {
        let taken = {
            let mut state = self.shared.lock();
            let taken = state.texts.iter_mut().find(|taken| taken.id == id)?;
            status.clone_into(&mut taken.status);
            taken.clone()
        };
        let date = show::date(taken.created);
        Some(Self::post(&json!({
            "id": taken.id, "reference": taken.reference, "to": taken.to, "status": status, "created_at": date,
            "completed_at": date, "sent_at": date, "notification_type": taken.kind,
            "template_id": Self::TEMPLATE, "template_version": 3,
        })))
    }

    /// A letter comes back, and this is the post that tells of it. `None` when the letter is unknown.
    pub fn returned(&self, id: &str) -> Option<Post> {
        if !self.set_status(id, "returned-letter") {
            return None;
        }
        let taken = self.texts().into_iter().find(|taken| taken.id == id && taken.kind == "letter")?;
        Some(Self::post(&json!({
            "notification_id": taken.id, "reference": taken.reference, "date_sent": show::date(taken.created),
            "sent_by": "API", "template_name": "Plain letter", "template_id": Self::TEMPLATE, "template_version": 3,
            "spreadsheet_file_name": null, "spreadsheet_row_number": null, "upload_letter_file_name": null,
        })))
    }

    /// The post that tells of a text from a carer. The same every time.
    pub fn text_post(received: &Received) -> Post {
        Self::post(&json!({
            "id": received.id, "source_number": received.from, "destination_number": Self::NUMBER,
            "message": received.words, "date_received": show::date(received.created),
        }))
    }

    /// A text arrives, and this is the post that tells of it.
    pub fn receive(&self, from: &str, words: &str) -> Post {
        Self::text_post(&self.arrive(from, words))
    }

    /// Anything, posted with the token that the school chose.
    pub fn post(body: &Value) -> Post {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Post {
            path_and_query: "/webhooks/texts/text".to_owned(),
            headers: vec![
                header("content-type", "application/json"),
                header("authorization", &format!("Bearer {}", Self::CALLBACK_TOKEN)),
            ],
            body: body.to_string().into_bytes(),
        }
    }
}
