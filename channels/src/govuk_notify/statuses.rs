//! How far a message has come by Notify's word for it, as tables: one for texts and emails, one for letters.
//!
//! A word that Notify has yet to invent moves nothing, and is kept. (Provider's documentation, "Text message status
//! descriptions", "Email status descriptions", "Letter status descriptions" and "Precompiled letter status descriptions", and
//! `app/constants.py` and `get_letter_status` of its server's `app/models.py`, as read in 2026-11.)

use crate::{
    receipt::{FailedAs, Progress},
    sender::Carries,
};

/// A letter that came back: no word of a list's, which goes on calling it `received`, but of the post that tells of it.
pub(super) const RETURNED: &str = "returned-letter";

/// Words for texts and emails.
const MESSAGES: &[(&str, Progress)] = &[
    // In Notify's own queue.
    ("created", Progress::Accepted),
    // With the network, which tries for up to 72 hours.
    ("sending", Progress::Sent),
    // The network has it and the handset has not answered yet.
    ("pending", Progress::Sent),
    // To a number abroad, of which nothing more will be told.
    ("sent", Progress::Sent),
    ("delivered", Progress::Delivered),
    // The number is wrong, or its network refused: "remove it".
    ("permanent-failure", Progress::Failed(FailedAs::BadAddress)),
    // The telephone is off, out of reach or full: "you can try again".
    ("temporary-failure", Progress::Failed(FailedAs::Temporary)),
    // Between Notify and the network; not sent, not charged: "try again".
    ("technical-failure", Progress::Failed(FailedAs::Temporary)),
];

/// Words for letters.
///
/// None of them fails as something to be tried again: what is tried again here is printed and posted twice if the first was
/// after all. A person is told, and decides.
const LETTERS: &[(&str, Progress)] = &[
    // The server's own words for what it shows as `accepted`.
    ("created", Progress::Accepted),
    ("sending", Progress::Accepted),
    // On its way to the printer, where it can still be cancelled until half past five.
    ("accepted", Progress::Accepted),
    // Of letters that are given as PDF, which ours are not.
    ("pending-virus-check", Progress::Accepted),
    // "The provider has printed and dispatched the letter": nothing more is ever told of one that arrives, so this is as far as
    // it goes, and a delivery that waited for more would wait for good. Only one that comes back is told of once more.
    ("received", Progress::Delivered),
    // The server's own word for what it shows as `received`; of a test key's letter at once, though nothing is printed.
    ("delivered", Progress::Delivered),
    (RETURNED, Progress::Failed(FailedAs::BadAddress)),
    // By a colleague, on Notify's pages.
    ("cancelled", Progress::Failed(FailedAs::Refused)),
    // "Do not try to send the letter again": Notify mends it, or tells the service.
    ("technical-failure", Progress::Failed(FailedAs::Refused)),
    // "The provider cannot print the letter."
    ("permanent-failure", Progress::Failed(FailedAs::Refused)),
    // Of a letter made from a template: it is longer than ten pages.
    ("validation-failed", Progress::Failed(FailedAs::Refused)),
    // Of letters that are given as PDF.
    ("virus-scan-failed", Progress::Failed(FailedAs::Refused)),
];

/// How far a status says that a message of this kind has come.
pub(super) fn progress(carries: Carries, status: &str) -> Progress {
    let table = match carries {
        Carries::Text | Carries::Mail => MESSAGES,
        Carries::Letter => LETTERS,
    };
    table.iter().find(|(word, _)| *word == status).map_or(Progress::Accepted, |(_, progress)| *progress)
}

/// Whether it has the form of a status: nothing else is kept beside a delivery.
pub(super) fn is_status(word: &str) -> bool {
    (1..=40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_in_a_table_twice_and_every_word_has_the_form_of_one() {
        for table in [MESSAGES, LETTERS] {
            let mut words: Vec<_> = table.iter().map(|(word, _)| *word).collect();
            assert!(words.iter().all(|word| is_status(word)));
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), table.len());
        }
    }

    #[test]
    fn a_letter_is_never_tried_again_by_what_its_status_says() {
        for (word, progress) in LETTERS {
            assert_ne!(*progress, Progress::Failed(FailedAs::Temporary), "{word}");
        }
    }

    #[test]
    fn a_word_of_tomorrow_moves_nothing_whatever_it_is_about() {
        for carries in [Carries::Text, Carries::Mail, Carries::Letter] {
            assert_eq!(progress(carries, "teleported"), Progress::Accepted);
        }
    }
}
