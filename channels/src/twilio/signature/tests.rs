//! The provider's own signatures (made with its `twilio` package 9.13), and what must not be believed.

use super::*;

const TOKEN: &str = "12345678901234567890123456789012";
const URL: &str = "https://gateway.example.sch.uk/webhooks/twilio/sms";
const STATUS_URL: &str = "https://gateway.example.sch.uk/webhooks/twilio/status";
const JSON_URL: &str = "https://gateway.example.sch.uk/webhooks/twilio/sms?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const MESSAGE: &str = "SM0123456789abcdef0123456789abcdef";

const T1_SHA1: &str = "2m9oRicK/N5hcvgQIg9RAf8BEAg=";
const T1_SHA256: &str = "sxnFZPDg8pzg8cu/8QfwH+qCklBa3NnR5VToCxjKRKk=";

fn inbound() -> Vec<(&'static str, &'static str)> {
    vec![
        ("ToCountry", "GB"),
        ("SmsMessageSid", MESSAGE),
        ("NumMedia", "0"),
        ("SmsSid", MESSAGE),
        ("SmsStatus", "received"),
        ("FromCountry", "GB"),
        ("Body", "Thank you & see you at 9 = café €5"),
        ("To", "+447700900456"),
        ("NumSegments", "1"),
        ("MessageSid", MESSAGE),
        ("AccountSid", ACCOUNT),
        ("From", "+447700900123"),
        ("ApiVersion", "2010-04-01"),
    ]
}

fn status() -> Vec<(&'static str, &'static str)> {
    vec![
        ("AccountSid", ACCOUNT),
        ("ApiVersion", "2010-04-01"),
        ("ErrorCode", "30003"),
        ("From", "+447700900456"),
        ("MessageSid", MESSAGE),
        ("SmsSid", MESSAGE),
        ("MessageStatus", "undelivered"),
        ("SmsStatus", "undelivered"),
        ("To", "+447700900123"),
    ]
}

fn body(fields: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

fn keys() -> Keys {
    Keys::default().token(TOKEN.into()).shared("webhooks_sharedkey_1", TOKEN.into())
}

fn headers(signature: &str, settings: Option<&str>) -> Vec<(String, String)> {
    let mut headers = vec![(SIGNATURE.to_owned(), signature.to_owned())];
    headers.extend(settings.map(|settings| (SETTINGS.to_owned(), settings.to_owned())));
    headers
}

fn by_token(url: &str, body: &[u8], signature: &str) -> bool {
    verify(&keys(), url, &headers(signature, None), body).is_ok()
}

fn by_settings(settings: &str, signature: &str) -> bool {
    verify(&keys(), URL, &headers(signature, Some(settings)), &body(&inbound())).is_ok()
}

#[test]
fn every_signature_of_the_provider_is_believed() {
    let with_query = format!("{URL}?school=north&x=1");
    let cases: [(&str, &str, Vec<u8>, &str); 7] = [
        ("T1", URL, body(&inbound()), T1_SHA1),
        ("T2", &with_query, body(&inbound()), "dXtLGoK7DI4YVFXIbPct6sd7/Dk="),
        ("T3", URL, body(&inbound()), "5Rky0+2ywVkiM1QfvtzSFP/3RHo="),
        ("T4", STATUS_URL, body(&status()), "Ge+Ovl+mEfkWwlVc97nN/0Z/Low="),
        ("T5", JSON_URL, br#"{"a":1}"#.to_vec(), "H0h+bakXgM4Crtzuk55K8TDqnvE="),
        ("T6", URL, b"A=2&A=1&A=1&B=x".to_vec(), "rfbNJ/SLtUMdZGac8kgL03kOvlQ="),
        ("T7", URL, body(&[("Body", ""), ("From", "+447700900123")]), "y5+PmbqeNq7/0TNWKQw47QERiZ4="),
    ];

    for (name, url, body, signature) in cases {
        assert!(by_token(url, &body, signature), "{name}");
    }
}

#[test]
fn a_shared_key_signs_with_sha256() {
    assert!(by_settings("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", T1_SHA256));
    assert!(by_settings("algorithm=HMAC_SHA256, key=webhooks_sharedkey_1", T1_SHA256));
}

#[test]
fn settings_without_an_algorithm_mean_sha1() {
    assert!(by_settings("key=webhooks_sharedkey_1", T1_SHA1));
    assert!(by_settings("", T1_SHA1));
}

#[test]
fn an_unknown_algorithm_is_not_replaced_by_a_known_one() {
    for signature in [T1_SHA1, T1_SHA256] {
        assert!(!by_settings("key=webhooks_sharedkey_1,algorithm=HMAC_MD5", signature));
        assert!(!by_settings("algorithm=HMAC_MD5", signature));
        assert!(!by_settings("algorithm=", signature));
    }
}

#[test]
fn an_unknown_key_is_not_replaced_by_the_token() {
    assert!(!by_settings("key=webhooks_sharedkey_2", T1_SHA1));
    assert!(!by_settings("key=webhooks_sharedkey_2,algorithm=HMAC_SHA256", T1_SHA256));
}

#[test]
fn the_two_algorithms_are_not_mixed_up() {
    assert!(!by_token(URL, &body(&inbound()), T1_SHA256));
    assert!(!by_settings("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", T1_SHA1));
}

#[test]
fn one_changed_letter_in_the_body_is_noticed() {
    let whole = String::from_utf8(body(&inbound())).expect("ASCII");
    let changed = whole.replace("Thank+you", "Thank+yov");

    assert_ne!(whole, changed);
    assert!(!by_token(URL, changed.as_bytes(), T1_SHA1));
}

#[test]
fn each_missing_field_is_noticed() {
    for index in 0..inbound().len() {
        let mut fields = inbound();
        let (name, _) = fields.remove(index);

        assert!(!by_token(URL, &body(&fields), T1_SHA1), "{name}");
    }
}

#[test]
fn another_address_is_noticed() {
    for url in [
        &format!("{URL}?school=north&x=1"),
        STATUS_URL,
        "http://gateway.example.sch.uk/webhooks/twilio/sms",
        "https://gateway.example.sch.uk.evil.example/webhooks/twilio/sms",
    ] {
        assert!(!by_token(url, &body(&inbound()), T1_SHA1), "{url}");
    }
}

#[test]
fn a_json_body_that_does_not_match_its_digest_is_noticed() {
    assert!(!by_token(JSON_URL, br#"{"a":2}"#, "H0h+bakXgM4Crtzuk55K8TDqnvE="));
    assert!(!by_token(JSON_URL, b"", "H0h+bakXgM4Crtzuk55K8TDqnvE="));
}

#[test]
fn a_missing_or_mangled_or_double_signature_is_not_believed() {
    let body = body(&inbound());
    let mut twice = headers(T1_SHA1, None);
    twice.extend(headers(T1_SHA1, None));

    assert_eq!(verify(&keys(), URL, &[], &body), Err(MISSING));
    assert_eq!(verify(&keys(), URL, &twice, &body), Err(WRONG));
    for signature in ["", "=", "2m9oRicK/N5hcvgQIg9RAf8BEAg", "2m9oRicK/N5hcvgQIg9RAf8BEA==", "not base64 €"]
    {
        assert!(!by_token(URL, &body, signature), "{signature}");
    }
}

#[test]
fn nothing_is_believed_without_keys() {
    let keys = Keys::default();

    assert!(keys.is_empty());
    assert_eq!(verify(&keys, URL, &headers(T1_SHA1, None), &body(&inbound())), Err(WRONG));
}

#[test]
fn what_we_sign_ourselves_is_what_the_provider_signs() {
    let fields: Fields = inbound().iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();

    assert_eq!(sign(&TOKEN.into(), Algorithm::Sha1, URL, &fields), T1_SHA1);
    assert_eq!(sign(&TOKEN.into(), Algorithm::Sha256, URL, &fields), T1_SHA256);
}

#[test]
fn a_port_is_added_or_taken_away_where_it_stands() {
    for (url, with, without) in [
        ("https://a.test/p?x=1", "https://a.test:443/p?x=1", "https://a.test/p?x=1"),
        ("http://a.test/p", "http://a.test:80/p", "http://a.test/p"),
        ("https://a.test:8443/p:1", "https://a.test:8443/p:1", "https://a.test/p:1"),
        ("https://[2001:db8::1]/p", "https://[2001:db8::1]:443/p", "https://[2001:db8::1]/p"),
        ("https://[2001:db8::1]:8443/p", "https://[2001:db8::1]:8443/p", "https://[2001:db8::1]/p"),
        ("https://a.test?x=b:1", "https://a.test:443?x=b:1", "https://a.test?x=b:1"),
    ] {
        assert_eq!((with_port(url).as_ref(), without_port(url).as_ref()), (with, without), "{url}");
    }
}

#[test]
fn keys_do_not_print() {
    assert!(!format!("{:?}", keys()).contains("1234567890"));
}
