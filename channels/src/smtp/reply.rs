//! What a mail server answers: three digits, often an enhanced status (RFC 3463), and words.

/// The longest line we read, in bytes. RFC 5321 §4.5.3.1.5 asks for 512; real servers write more.
const LINE_MAX: usize = 4096;
/// The longest whole reply we read, in bytes.
const REPLY_MAX: usize = 64 * 1024;
/// How much of the words is kept with an attempt, in characters.
const SAID_MAX: usize = 500;

/// One complete reply.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The three digits, 200 to 599.
    pub(super) code: u16,
    /// The words of all lines, joined by `\n`, without the digits.
    text: String,
}

/// Bytes that are no SMTP reply: whatever follows cannot be told apart any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Garbled;

impl Reply {
    /// Reads the first whole reply and how many bytes it took; `None` while more bytes are needed.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, Garbled> {
        if bytes.len() > REPLY_MAX {
            return Err(Garbled);
        }
        let (mut reply, mut used) = (None::<Self>, 0);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if line.len() > LINE_MAX {
                return Err(Garbled);
            }
            let Some(whole) = line.strip_suffix(b"\n") else { return Ok(None) };
            used += line.len();
            let (code, last, words) = read_line(whole.strip_suffix(b"\r").unwrap_or(whole))?;
            let reply = match &mut reply {
                None => reply.insert(Self { code, text: words.into_owned() }),
                Some(reply) if reply.code == code => {
                    reply.text.push('\n');
                    reply.text.push_str(&words);
                    reply
                }
                Some(_) => return Err(Garbled),
            };
            if last {
                return Ok(Some((reply.clone(), used)));
            }
        }
        Ok(None)
    }

    /// 2xx: done.
    pub(super) const fn is_yes(&self) -> bool {
        self.code / 100 == 2
    }

    /// 4xx or 5xx: not done.
    pub(super) const fn is_no(&self) -> bool {
        matches!(self.code / 100, 4 | 5)
    }

    /// 421: the server is closing the connection (RFC 5321 §3.8).
    pub(super) const fn is_goodbye(&self) -> bool {
        self.code == 421
    }

    /// The lines without their digits: the capabilities of an `EHLO`.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split('\n')
    }

    /// The enhanced status, such as `5.1.1`.
    pub(super) fn status(&self) -> Option<&str> {
        let word = self.text.split([' ', '\n']).next()?;
        let mut parts = word.split('.');
        let numbers = parts.by_ref().take(3).filter(|part| is_number(part)).count();
        (numbers == 3 && parts.next().is_none()).then_some(word)
    }

    /// Digits and status as stored with the attempt: `550 5.1.1`.
    pub(super) fn label(&self) -> String {
        self.status().map_or_else(|| self.code.to_string(), |status| format!("{} {status}", self.code))
    }

    /// The whole reply on one line, cut to a length fit for a record.
    pub(super) fn said(&self) -> String {
        let words = self.text.chars().map(|c| if c.is_control() { ' ' } else { c });
        format!("{} ", self.code)
            .chars()
            .chain(words)
            .take(SAID_MAX)
            .collect::<String>()
            .trim_end()
            .to_owned()
    }
}

fn is_number(part: &str) -> bool {
    (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// One line without its end: digits, whether it is the last, and its words.
fn read_line(line: &[u8]) -> Result<(u16, bool, std::borrow::Cow<'_, str>), Garbled> {
    let (digits, rest) = line.split_at_checked(3).ok_or(Garbled)?;
    let code = std::str::from_utf8(digits).ok().filter(|d| is_number(d)).and_then(|d| d.parse().ok());
    let code = code.filter(|code| (200..600).contains(code)).ok_or(Garbled)?;
    match rest.split_first() {
        None => Ok((code, true, "".into())),
        Some((b' ', words)) => Ok((code, true, String::from_utf8_lossy(words))),
        Some((b'-', words)) => Ok((code, false, String::from_utf8_lossy(words))),
        Some(_) => Err(Garbled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<(Reply, usize)>, Garbled> {
        Reply::read(text.as_bytes())
    }

    #[test]
    fn a_reply_of_several_lines_is_one_reply_and_what_follows_is_left() {
        let text = "550-5.1.1 no such\r\n550 5.1.1 mailbox\r\n250 next\r\n";

        let (reply, used) = read(text).expect("well formed").expect("whole");

        assert_eq!((reply.code, reply.label().as_str(), used), (550, "550 5.1.1", 38));
        assert_eq!(reply.said(), "550 5.1.1 no such 5.1.1 mailbox");
    }

    #[test]
    fn half_a_reply_waits_for_the_rest() {
        for text in ["", "2", "250", "250-a\r\n", "250-a\r\n250 b", "250 ok\r"] {
            assert!(matches!(read(text), Ok(None)), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_reply_is_not_guessed_at() {
        for text in
            ["hello\r\n", "25\r\n", "250ok\r\n", "250-a\r\n251 b\r\n", "150 x\r\n", "999 x\r\n", "\r\n"]
        {
            assert!(matches!(read(text), Err(Garbled)), "{text:?}");
        }
        assert!(matches!(read(&"2".repeat(LINE_MAX + 1)), Err(Garbled)));
        assert!(matches!(read(&"250-a\r\n".repeat(REPLY_MAX / 7 + 1)), Err(Garbled)));
    }

    #[test]
    fn a_status_is_three_numbers_and_nothing_else() {
        let status = |text: &str| read(text).ok().flatten().and_then(|(r, _)| r.status().map(str::to_owned));

        assert_eq!(status("535 5.7.139 off\r\n").as_deref(), Some("5.7.139"));
        assert_eq!(status("250 2.0 ok\r\n"), None);
        assert_eq!(status("250 10.0.0.1 hello\r\n"), None);
        assert_eq!(status("250\r\n"), None);
    }
}
