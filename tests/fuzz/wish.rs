//! The wish to get no more texts: case, space and punctuation around it never change it.

use liaison::domain::opt_out::text_wish;

pub(crate) const WORDS: &[&str] = &[
    "STOP",
    "stop",
    "Ｓｔｏｐ",
    "START",
    "yes",
    "cancel",
    "opt out",
    "unsubscribe",
    ".",
    "!",
    "\n",
    " ",
    "\u{200b}",
    "\u{202e}",
    "👍",
    "st\u{ad}op",
    "please",
    "texting me",
    "him in wet clothes",
    "\0",
];

pub(crate) fn fuzz(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let wish = text_wish(&text);

    assert_eq!(wish, text_wish(&format!("  {text} !\n")), "what stands around it changes a wish");
    assert_eq!(wish, text_wish(&text.to_lowercase()), "its case changes a wish");
    // Nobody's letter is a wish: the longest is "stop" and two words.
    assert!(wish.is_none() || text.split_whitespace().count() <= 200, "a letter is taken for a wish");
}
