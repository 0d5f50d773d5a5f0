//! The GSM 7-bit default alphabet and its extension (3GPP TS 23.038 §6.2.1).

/// How many septets a letter takes: 1, or 2 from the extension table; `None` when the alphabet has no such letter.
pub(super) const fn septets(c: char) -> Option<usize> {
    match c {
        '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' | '\u{c}' => Some(2),
        '\n' | '\r' | ' '..='Z' | '_' | 'a'..='z' => Some(1),
        _ if is_beyond_ascii(c) => Some(1),
        _ => None,
    }
}

/// Letters and signs of the default alphabet that are not in ASCII.
const fn is_beyond_ascii(c: char) -> bool {
    matches!(c, '£' | '¥' | 'è' | 'é' | 'ù' | 'ì' | 'ò' | 'Ç' | 'Ø' | 'ø' | 'Å' | 'å' | 'Æ' | 'æ' | 'ß' | 'É')
        || matches!(c, '¤' | '¡' | 'Ä' | 'Ö' | 'Ñ' | 'Ü' | '§' | '¿' | 'ä' | 'ö' | 'ñ' | 'ü' | 'à')
        || matches!(c, 'Δ' | 'Φ' | 'Γ' | 'Λ' | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ' | 'Ξ')
}
