//! A token as a mail server takes it: SASL XOAUTH2.
//!
//! Source: developers.google.com/workspace/gmail/imap/xoauth2-protocol, and Microsoft's "Authenticate an IMAP, POP or SMTP
//! connection using OAuth", which is the same.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::zeroize::Zeroizing;

use super::Token;

/// The whole of what we say, in base64: the mailbox and the token.
pub(crate) fn initial_response(username: &str, token: &Token) -> Zeroizing<String> {
    let bare = Zeroizing::new(format!("user={username}\x01auth=Bearer {}\x01\x01", token.expose_secret()));
    Zeroizing::new(STANDARD.encode(&*bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailbox_and_token_are_written_as_the_providers_write_them() {
        for (username, token, written) in [
            // Microsoft's own example.
            (
                "test@contoso.onmicrosoft.com",
                "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA",
                "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ==",
            ),
            (
                "parents@school.example",
                "eyJ0eXAiOiJKV1QifQ.e30.sig",
                "dXNlcj1wYXJlbnRzQHNjaG9vbC5leGFtcGxlAWF1dGg9QmVhcmVyIGV5SjBlWEFpT2lKS1YxUWlmUS5lMzAuc2lnAQE=",
            ),
            // Google's own example, whose token ends in a line break.
            (
                "someuser@example.com",
                "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
                "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
            ),
        ] {
            assert_eq!(*initial_response(username, &Token::of(token)), written, "{username}");
        }
    }
}
