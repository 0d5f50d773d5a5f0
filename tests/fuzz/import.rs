//! The lists of pupils and contacts: both files stand in one seed, a line `----` between them.

use jiff::civil::date;
use liaison::domain::import::read;

pub(crate) const WORDS: &[&str] = &[
    ",",
    "\"",
    "\"\"",
    "\n",
    "\r",
    "\r\n",
    "----\n",
    "P1001",
    "C2001",
    "pupil_ref",
    "contact_ref",
    "yes",
    "no",
    "none",
    "email",
    "sms",
    "no_contact",
    "court_order",
    "2016-03-14",
    "2026-02-30",
    "07700 900101",
    "+447700900101",
    "laura@family.example",
    "@",
    "ZZ99 1AA",
    "\u{feff}",
    "\u{202e}",
    "\u{200b}",
    "\0",
    "=cmd()",
    "á",
    "ﬀ",
    "999999999999",
    "-1",
    " ",
];

pub(crate) fn fuzz(data: &[u8]) {
    let cut = data.windows(5).position(|window| window == b"----\n").unwrap_or(data.len());
    let (pupils, contacts) = data.split_at(cut);
    let contacts = contacts.strip_prefix(b"----\n").unwrap_or(contacts);
    let today = date(2026, 11, 30);

    let found = read(pupils, contacts, today);

    let again = read(pupils, contacts, today);
    assert_eq!(found.problems.len(), again.problems.len(), "read twice, it is not the same");
    assert_eq!(found.roll.contacts.len(), again.roll.contacts.len(), "read twice, it is not the same");
    // A row gives one pupil or one contact, or a reason why not.
    let lines = data.split(|byte| matches!(byte, b'\n' | b'\r')).count();
    assert!(found.roll.pupils.len() + found.roll.contacts.len() <= lines, "more rows than lines");
    let printed = format!("{:?}", found.roll);
    for contact in &found.roll.contacts {
        for address in &contact.addresses {
            let address = address.value.expose();
            assert!(address.len() < 6 || !printed.contains(address.as_str()), "an address is printed");
        }
    }
}
