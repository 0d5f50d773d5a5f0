//! Rows of `contacts.csv`.

use liaison_channels::private::Private;

use super::{
    File,
    cell::{self, Cells},
    problem::Problems,
    roll::{CarerFields, ContactRow, LinkFields, POSTAL, WrittenAddress, WrittenRestriction},
    table::{Row, Table},
};
use crate::domain::people::{AddressKind, Format, Responsibility, Restriction, Route};

/// The good rows.
pub(super) fn read(table: &Table, problems: &mut Problems) -> Vec<ContactRow> {
    table.rows.iter().filter_map(|row| contact(row, problems)).collect()
}

fn contact(row: &Row, problems: &mut Problems) -> Option<ContactRow> {
    let before = problems.refused();
    let mut cells = Cells { file: File::Contacts, row, problems };
    let pupil_ref = cells.required("pupil_ref");
    let contact_ref = cells.required("contact_ref");
    let carer = carer(&mut cells);
    let addresses = addresses(&mut cells);
    let preferred = cells.read("preferred_channel", cell::channel);
    let link = link(&mut cells);
    let restriction = restriction(&mut cells);
    if let Some(route) = preferred {
        check_preferred(&mut cells, route, &addresses, restriction.is_some());
    }
    if problems.refused() > before {
        return None;
    }
    Some(ContactRow {
        line: row.line,
        pupil_ref,
        contact_ref,
        carer,
        addresses,
        preferred,
        link: link?,
        restriction,
    })
}

fn carer(cells: &mut Cells<'_>) -> CarerFields {
    CarerFields {
        title: cells.private("title"),
        surname: cells.required_private("surname"),
        forename: cells.required_private("forename"),
        language: cells.read("language", cell::language).unwrap_or_else(|| "en".to_owned()),
        format: cells.read("format", cell::format).unwrap_or(Format::Standard),
        // Some schools answer the question whether one is needed instead of naming it.
        interpreter: cells.private("interpreter").filter(|text| cell::yes_no(text.expose()) != Ok(false)),
        best_times: cells.private("best_times"),
        address_confidential: cells.read("address_confidential", cell::yes_no).unwrap_or(false),
        contact_consent_note: cells.private("contact_consent_note"),
    }
}

fn link(cells: &mut Cells<'_>) -> Option<LinkFields> {
    let relationship = cells.required("relationship");
    let priority = cells.must("priority", cell::priority);
    let responsibility = cells.must("parental_responsibility", cell::responsibility);
    let mut flag = |column| cells.read(column, cell::yes_no).unwrap_or(false);
    let flags = ["lives_with_pupil", "receives_correspondence", "receives_reports", "emergency_contact"]
        .map(&mut flag);
    let [lives_with_pupil, receives_correspondence, receives_reports, emergency_contact] = flags;
    if responsibility == Some(Responsibility::Unknown) {
        let sentence =
            "Whether this contact has parental responsibility is not known: find out and record it.";
        cells.warn("parental_responsibility", sentence);
    }
    Some(LinkFields {
        relationship,
        priority: priority?,
        parental_responsibility: responsibility?,
        lives_with_pupil,
        receives_correspondence,
        receives_reports,
        emergency_contact,
    })
}

fn restriction(cells: &mut Cells<'_>) -> Option<WrittenRestriction> {
    let kind = cells.must("legal_restriction", cell::restriction)?;
    let starts = cells.read("restriction_from", cell::date);
    let ends = cells.read("restriction_until", cell::date);
    let note_ref = cells.text("restriction_note_ref");
    let Some(kind) = kind else {
        if starts.is_some() || ends.is_some() {
            cells.refuse(
                "legal_restriction",
                "It says none, but the row has dates of a restriction: say which it is.",
            );
        } else if note_ref.is_some() {
            cells.warn(
                "legal_restriction",
                "It says none, but the row points to an order: check which is right.",
            );
        }
        return None;
    };
    if let (Some(starts), Some(ends)) = (starts, ends)
        && ends < starts
    {
        cells.refuse("restriction_until", "The restriction ends before it starts: correct the dates.");
    }
    Some(WrittenRestriction { restriction: Restriction { kind, starts, ends }, note_ref })
}

fn addresses(cells: &mut Cells<'_>) -> Vec<WrittenAddress> {
    let mut addresses = Vec::new();
    if let Some(email) = cells.read("email", cell::email) {
        addresses.push(written("email", AddressKind::Email, email.expose(), 1));
    }
    for (column, position) in [("mobile", 1), ("phone", 2)] {
        let Some((kind, value, not_textable)) = cells.read(column, cell::number) else { continue };
        if let Some(why) = not_textable.filter(|_| column == "mobile") {
            cells.warn(column, format!("This is {why}. It is kept as a number to ring."));
        }
        // The same number in both columns is one number.
        if !addresses.iter().any(|known| known.value == value) {
            addresses.push(WrittenAddress { column, kind, value, position });
        }
    }
    let lines: Vec<String> =
        POSTAL.iter().filter_map(|column| cells.text(column)).flat_map(|cell| lines(&cell)).collect();
    if !lines.is_empty() {
        addresses.push(written("address1", AddressKind::Postal, &lines.join("\n"), 1));
    }
    addresses
}

fn written(column: &'static str, kind: AddressKind, value: &str, position: i16) -> WrittenAddress {
    WrittenAddress { column, kind, value: Private::from(value), position }
}

/// Reads an address as a file's cell is read: what is meant, in its usual form. A number that cannot be texted is one to
/// ring, whatever it was called. `Err` is a sentence without the address.
pub fn read_address(kind: AddressKind, text: &str) -> Result<(AddressKind, Private<String>), String> {
    match kind {
        AddressKind::Email => cell::email(text.trim()).map(|email| (kind, Private::from(email.expose()))),
        AddressKind::Mobile | AddressKind::Landline => {
            cell::number(text.trim()).map(|(kind, value, _)| (kind, value))
        }
        AddressKind::Postal => match lines(text) {
            lines if lines.is_empty() => Err("Write where letters go.".to_owned()),
            lines => Ok((kind, Private::new(lines.join("\n")))),
        },
    }
}

fn lines(cell: &str) -> Vec<String> {
    cell.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// Warns when a wish cannot be met by what the row holds.
fn check_preferred(cells: &mut Cells<'_>, route: Route, addresses: &[WrittenAddress], restricted: bool) {
    if restricted {
        let sentence =
            "The contact is restricted: the wish is kept, but nothing will be sent about this pupil.";
        return cells.warn("preferred_channel", sentence);
    }
    let met = addresses.iter().any(|address| match route {
        Route::Email => address.kind == AddressKind::Email,
        Route::Text => address.kind == AddressKind::Mobile,
        Route::Call => matches!(address.kind, AddressKind::Mobile | AddressKind::Landline),
        Route::Letter => address.kind == AddressKind::Postal,
    });
    if !met {
        cells.warn(
            "preferred_channel",
            "The row has no address for the wished channel: the next one will be used.",
        );
    }
}

#[cfg(test)]
#[path = "contacts_tests.rs"]
mod tests;
