//! The files of a mail, as things.

use super::*;

fn raw(body: &str) -> Vec<u8> {
    format!("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n{body}")
        .replace('\n', "\r\n")
        .into_bytes()
}

fn found(body: &str, limits: &Limits) -> Vec<Attachment> {
    attachments(&raw(body), limits).collect()
}

fn hex(digest: [u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

const PHOTO: &str = "--b\n\nwords\n--b\nContent-Type: IMAGE/JPEG; name=\"=?utf-8?Q?=C5=BC.jpg?=\"\n\
                     Content-Transfer-Encoding: base64\n\nYWJj\n--b\nContent-Type: text/plain\n\
                     Content-Disposition: attachment; filename=\"../../a.txt\"\n\nline\nline\n--b--\n";

#[test]
fn a_file_is_told_with_its_name_type_size_digest_and_bytes() {
    let files = found(PHOTO, &Limits::default());

    let [photo, note] = files.as_slice() else { panic!("{} files", files.len()) };
    assert_eq!(
        (photo.name.expose().as_str(), photo.declared.as_str(), photo.size, photo.inline),
        ("ż.jpg", "image/jpeg", 3, false)
    );
    assert_eq!(photo.bytes, Some(Private::new(b"abc".to_vec())));
    // SHA-256 of "abc": FIPS 180-2, appendix B.1.
    assert_eq!(hex(photo.digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!((note.name.expose().as_str(), note.declared.as_str()), ("a.txt", "text/plain"));
    assert_eq!(note.bytes, Some(Private::new(b"line\r\nline".to_vec())));
}

#[test]
fn a_file_never_prints_its_name_or_its_bytes() {
    let said = format!("{:?}", found(PHOTO, &Limits::default()));

    assert!(!said.contains("jpg") && !said.contains("a.txt") && !said.contains("[97, 98, 99]"), "{said}");
}

#[test]
fn pictures_that_the_page_shows_are_inline_and_all_others_are_sent() {
    let body = "--b\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\
                Content-Transfer-Encoding: quoted-printable\n\n<p>hi<img src=3D\"cid:logo%40x\"><img src=3D'cid:note'>\n\
                --r\nContent-Type: image/png\nContent-ID: <logo@x>\nContent-Disposition: attachment; filename=logo.png\n\nx\n\
                --r\nContent-Type: image/png\nContent-ID: <unseen@x>\n\nx\n\
                --r\nContent-Type: application/pdf\nContent-ID: <note>\n\nx\n--r--\n\
                --b\nContent-Type: image/jpeg; name=IMG_1.jpg\nContent-Disposition: inline\n\nx\n--b--\n";

    let files = found(body, &Limits::default());

    let told: Vec<(&str, bool)> =
        files.iter().map(|file| (file.name.expose().as_str(), file.inline)).collect();
    assert_eq!(
        told,
        [("logo.png", true), ("attachment.png", false), ("attachment.pdf", false), ("IMG_1.jpg", false)]
    );
}

#[test]
fn a_file_beyond_the_limits_is_named_and_its_bytes_are_left() {
    let file = |size: usize| format!("--b\nContent-Type: image/png\n\n{}\n", "x".repeat(size));
    let body = [file(5), file(11), file(5), file(5), file(1)].concat() + "--b--\n";
    let limits = Limits { attachment_bytes: 10, attachments_bytes: 11, attachments: 5, ..Limits::default() };

    let files = found(&body, &limits);
    let fewer = found(&body, &Limits { attachments: 2, ..limits });
    let told = read_within(&raw(&body), &own(), &Limits { attachments: 2, ..limits });

    let told_files: Vec<(u64, bool)> = files.iter().map(|file| (file.size, file.bytes.is_some())).collect();
    assert_eq!(told_files, [(5, true), (11, false), (5, true), (5, false), (1, true)]);
    assert_eq!(fewer.len(), 2);
    assert_eq!((told.attachments, told.problems.len()), (5, 1));
}

#[test]
fn a_type_that_is_none_is_told_as_bytes() {
    for kind in ["x\"y/z", "image", "image/<b>", "a/b/c", "/", "image/żółw"] {
        let files = found(&format!("--b\nContent-Type: {kind}; name=x\n\nx\n--b--\n"), &Limits::default());

        let [file] = files.as_slice() else { panic!("{} files for {kind}", files.len()) };
        let plain = if kind == "image" { "text/plain" } else { "application/octet-stream" };
        assert_eq!(file.declared, plain, "{kind}");
    }
}

#[test]
fn a_card_or_a_table_without_a_name_is_a_file() {
    for kind in ["text/vcard", "text/csv", "text/rtf", "text/x-vcard"] {
        let body = format!("--b\n\nwords\n--b\nContent-Type: {kind}\n\nx\n--b--\n");

        let reading = read(&raw(&body), &own());

        assert_eq!(reading.attachments, 1, "{kind}");
        assert_eq!(found(&body, &Limits::default()).len(), 1, "{kind}");
    }
}

#[test]
fn archives_are_bytes_and_stay_closed() {
    // The beginning of a ZIP file that claims four gigabytes inside.
    let bomb = b"PK\x03\x04\x2d\0\0\0\x08\0\0\0!\0AAAA\x10\0\0\0\xff\xff\xff\xff\x01\0\0\0x";
    let mut mail =
        raw("--b\nContent-Type: application/zip; name=b.zip\nContent-Transfer-Encoding: binary\n\n");
    mail.extend_from_slice(bomb);
    mail.extend_from_slice(b"\r\n--b--\r\n");

    let files: Vec<Attachment> = attachments(&mail, &Limits::default()).collect();

    let [file] = files.as_slice() else { panic!("{} files", files.len()) };
    assert_eq!(file.bytes, Some(Private::new(bomb.to_vec())));
}
