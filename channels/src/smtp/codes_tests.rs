//! Every row of the table, by a reply such as servers really write.

use super::*;

fn fault(phase: Phase, line: &str) -> Fault {
    let bytes = format!("{line}\r\n");
    let (reply, _) = Reply::read(bytes.as_bytes()).expect("well formed").expect("whole");
    judge(phase, &reply).fault
}

#[test]
fn each_refusal_says_whose_turn_it_is() {
    use Fault::{BadAddress, Misconfigured, Refused, Temporary, Unreachable};
    let slower = Fault::Throttled { wait: None };
    let quota = Fault::Throttled { wait: Some(QUOTA_PAUSE) };
    let table = [
        (Greeting, "421 mail.example closing for maintenance", Unreachable),
        (Greeting, "421 4.7.0 too many connections from you", slower),
        (Greeting, "421 4.7.0 rate exceeded", slower),
        (Greeting, "450 busy", Unreachable),
        (Greeting, "554 no service for you", Misconfigured),
        (Greeting, "502 command not implemented", Misconfigured),
        (StartTls, "454 TLS not available for the moment", Unreachable),
        (StartTls, "502 no", Misconfigured),
        (Auth, "535 5.7.8 authentication failed", Misconfigured),
        (Auth, "534 5.7.9 too weak", Misconfigured),
        (Auth, "530 5.7.0 must issue STARTTLS first", Misconfigured),
        (Auth, "538 5.7.11 encryption required", Misconfigured),
        (Auth, "504 5.5.4 mechanism unknown", Misconfigured),
        (Auth, "550 5.7.30 basic authentication is not supported", Misconfigured),
        (Auth, "535 5.7.139 SmtpClientAuthentication is disabled for the tenant", Misconfigured),
        (Auth, "432 4.7.12 a password transition is needed", Misconfigured),
        (Auth, "454 4.7.0 temporary authentication failure", Unreachable),
        (Auth, "421 4.7.0 too many login attempts", slower),
        (Mail, "550 5.7.1 sender not allowed", Misconfigured),
        (Mail, "530 5.7.57 client not authenticated", Misconfigured),
        (Mail, "530 authentication required", Misconfigured),
        (Mail, "553 5.7.1 sender not owned by user", Misconfigured),
        (Mail, "452 4.3.1 out of storage", Temporary),
        (Mail, "451 4.3.0 try later", Temporary),
        (Mail, "450 4.7.1 rate limit", slower),
        (Mail, "432 4.3.2 concurrent connections limit exceeded", slower),
        (Mail, "421 4.4.2 timeout", slower),
        (Mail, "552 5.3.4 larger than the limit", Refused),
        (Mail, "503 5.5.1 sender already given", Temporary),
        (Mail, "550 5.4.5 daily sending quota exceeded", quota),
        (Rcpt, "550 5.1.1 no such user", BadAddress),
        (Rcpt, "550 no such user", BadAddress),
        (Rcpt, "551 user not local", BadAddress),
        (Rcpt, "553 5.1.3 bad address syntax", BadAddress),
        (Rcpt, "501 5.1.3 bad address syntax", BadAddress),
        (Rcpt, "550 5.2.1 mailbox disabled", BadAddress),
        (Rcpt, "550 5.4.1 recipient address rejected: access denied", BadAddress),
        (Rcpt, "552 5.2.2 mailbox full", Temporary),
        (Rcpt, "452 4.2.2 over quota", Temporary),
        (Rcpt, "552 exceeded storage allocation", Temporary),
        (Rcpt, "450 4.2.1 mailbox busy", Temporary),
        (Rcpt, "450 4.7.1 greylisted, come back in 5 minutes", Temporary),
        (Rcpt, "450 4.7.1 policy rejection", slower),
        (Rcpt, "452 4.5.3 too many recipients", slower),
        (Rcpt, "421 4.7.0 slow down", slower),
        (Rcpt, "550 5.7.1 blocked by policy", Refused),
        (Rcpt, "554 5.7.1 rejected", Refused),
        (Rcpt, "554 rejected", Refused),
        (Rcpt, "554 5.7.1 relay access denied", Misconfigured),
        (Rcpt, "550 5.7.54 unable to relay recipient in non-accepted domain", Misconfigured),
        (Rcpt, "550 5.1.8 bad outbound sender", Misconfigured),
        (Rcpt, "553 5.1.7 bad sender", Misconfigured),
        (Rcpt, "555 5.5.4 unknown parameter", Temporary),
        (Data, "421 4.3.2 shutting down", slower),
        (Data, "451 4.3.0 try later", Temporary),
        (Data, "503 5.5.1 need RCPT", Temporary),
        (Data, "554 5.5.1 no valid recipients", Refused),
        (Body, "554 5.7.1 looks like spam", Refused),
        (Body, "550 5.7.0 refused", Refused),
        (Body, "552 5.3.4 too big", Refused),
        (Body, "552 too big", Refused),
        (Body, "552 5.2.2 mailbox full", Temporary),
        (Body, "550 5.1.1 no such user", BadAddress),
        (Body, "554 5.2.252 SendAsDenied", Misconfigured),
        (Body, "550 5.7.60 client does not have permissions to send as this sender", Misconfigured),
        (Body, "554 5.2.0 SubmissionQuotaExceededException", quota),
        (Body, "451 4.7.1 rate limited", slower),
        (Body, "451 4.3.0 queue file write error", Temporary),
        (Body, "421 4.3.0 closing", slower),
    ];

    let wrong: Vec<_> = table
        .into_iter()
        .filter(|(phase, line, expected)| fault(*phase, line) != *expected)
        .map(|(phase, line, expected)| format!("{phase:?} {line}: not {expected}"))
        .collect();

    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_refusal_nobody_has_met_is_temporary() {
    for phase in MESSAGE {
        assert_eq!(fault(*phase, "499 hm"), Fault::Temporary, "{phase:?}");
    }
}

#[test]
fn a_refusal_before_a_message_is_spoken_of_uses_up_no_message_s_tries() {
    for phase in [Greeting, StartTls, Auth] {
        for code in 400..600 {
            let fault = fault(phase, &format!("{code} hm"));

            assert!(matches!(fault, Fault::Unreachable | Fault::Misconfigured), "{phase:?} {code}: {fault}");
        }
        assert_eq!(fault(phase, "499 hm"), Fault::Unreachable, "{phase:?}");
    }
}

#[test]
fn no_row_of_the_table_is_out_of_reach() {
    for (place, row) in ROWS.iter().enumerate() {
        let earlier = ROWS.iter().take(place);
        let hidden = earlier.filter(|one| {
            let covers =
                |a: &[&str], b: &[&str]| a.is_empty() || (!b.is_empty() && b.iter().all(|x| a.contains(x)));
            (one.phases.is_empty()
                || (!row.phases.is_empty() && row.phases.iter().all(|p| one.phases.contains(p))))
                && covers(one.codes, row.codes)
                && covers(one.statuses, row.statuses)
                && covers(one.words, row.words)
        });

        assert_eq!(hidden.count(), 0, "row {place}");
    }
}
