//! A few words around what was looked for, to show why something was found.

/// Characters shown before and after.
const AROUND: usize = 80;

/// A piece of a text with the place that was looked for. Personal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excerpt {
    /// What stands before it.
    pub before: String,
    /// What was looked for, as it stands there; empty where the words stand apart and the text begins as it begins.
    pub hit: String,
    /// What stands after it.
    pub after: String,
}

/// The excerpt of a text around the typed words, or around the first of them that stands in it.
pub fn excerpt(text: &str, typed: &str) -> Excerpt {
    let text: Vec<char> = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    let words = std::iter::once(typed).chain(typed.split(|c: char| !c.is_alphanumeric()));
    let found = words.filter(|word| !word.trim().is_empty()).find_map(|word| {
        let word: Vec<char> = word.trim().chars().collect();
        let at = text
            .windows(word.len())
            .position(|window| window.iter().zip(&word).all(|(a, b)| same(*a, *b)))?;
        Some((at, word.len()))
    });
    let (at, length) = found.unwrap_or((0, 0));
    let start = at.saturating_sub(AROUND);
    let piece = |from: usize, length: usize| text.iter().skip(from).take(length).collect::<String>();
    let mut before = piece(start, at - start);
    let mut after = piece(at + length, AROUND);
    if start > 0 {
        before.insert(0, '\u{2026}');
    }
    if at + length + AROUND < text.len() {
        after.push('\u{2026}');
    }
    Excerpt { before, hit: piece(at, length), after }
}

fn same(a: char, b: char) -> bool {
    a == b || a.to_lowercase().eq(b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_words_as_they_stand_and_says_where_more_stands() {
        let long = format!("{} Reading\nBook {}", "a ".repeat(60), "b ".repeat(60));

        let found = excerpt(&long, "reading book");

        assert_eq!(found.hit, "Reading Book");
        assert!(found.before.starts_with('\u{2026}') && found.before.ends_with("a a "), "{found:?}");
        assert!(found.after.starts_with(" b b") && found.after.ends_with('\u{2026}'), "{found:?}");
    }

    #[test]
    fn words_that_stand_apart_are_shown_by_the_first_of_them_and_nothing_is_cut_inside_a_letter() {
        let text = "\u{395}\u{3bb}\u{3ad}\u{3bd}\u{3b7} \u{1F600} read a book";

        assert_eq!(excerpt(text, "book, read").hit, "book");
        assert_eq!(excerpt(text, "nothing"), Excerpt { after: text.to_owned(), ..Excerpt::default() });
        assert_eq!(excerpt("", "x"), Excerpt::default());
    }
}
