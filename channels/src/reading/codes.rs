//! Status codes in the words of mail servers: `5.1.1` (RFC 3463) and `550` (RFC 5321 §4.2).

/// Enhanced status codes in order, each once. Versions and addresses of machines look alike and are left out.
pub(super) fn enhanced(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '.')) {
        let word = word.trim_end_matches('.');
        if is_enhanced(word) && !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
    }
    found
}

fn is_enhanced(word: &str) -> bool {
    let mut pieces = word.split('.');
    let class = pieces.next().is_some_and(|piece| matches!(piece, "2" | "4" | "5"));
    let mut number = || {
        pieces.next().is_some_and(|piece| {
            matches!(piece.len(), 1..=3) && piece.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    class && number() && number() && pieces.next().is_none()
}

/// Reply codes that refuse, in order, each once.
pub(super) fn replies(text: &str) -> Vec<u16> {
    let mut found = Vec::new();
    let mut before = ' ';
    let mut rest = text;
    while let Some(start) = rest.find(|sign: char| sign.is_ascii_digit()) {
        before = rest.get(..start).and_then(|head| head.chars().next_back()).unwrap_or(before);
        let from = rest.get(start..).unwrap_or_default();
        let end = from.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at_checked(end).unwrap_or((from, ""));
        let next = after.chars().next().unwrap_or(' ');
        let alone = !before.is_alphanumeric() && !matches!(before, '.' | '-' | '/' | '+' | '@' | '_');
        let stands = matches!(
            next,
            ' ' | '-' | '#' | '\r' | '\n' | '\t' | ',' | '.' | ')' | ';' | ':' | '\'' | '"' | ']'
        );
        let decimal = next == '.' && after.chars().nth(1).is_some_and(|sign| sign.is_ascii_digit());
        if let Ok(code) = digits.parse::<u16>()
            && alone
            && stands
            && !decimal
            && is_refusal(code)
            && !found.contains(&code)
        {
            found.push(code);
        }
        before = digits.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    found
}

fn is_refusal(code: u16) -> bool {
    matches!(code, 421 | 422 | 431 | 432 | 441 | 442 | 446 | 447 | 450..=455 | 458 | 459 | 471)
        || matches!(code, 500..=504 | 510..=513 | 515 | 517 | 521 | 523 | 530 | 533..=535 | 538 | 541 | 542 | 546 | 550..=559 | 571 | 577)
}
