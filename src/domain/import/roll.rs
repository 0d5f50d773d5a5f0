//! What the two files say: pupils, contacts, and the links between them.

use liaison_channels::{address::EmailAddress, private::Private};

use super::columns::Given;
use crate::domain::{
    people::{AddressKind, Format, Responsibility, Restriction, Route},
    time::Date,
};

/// Fields that a file owns, named as its columns are.
macro_rules! owned {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $type,)+
        }

        impl $name {
            /// The columns in which the two differ.
            pub fn differing(&self, other: &Self) -> Vec<&'static str> {
                let mut columns = Vec::new();
                $(if self.$field != other.$field {
                    columns.push(stringify!($field));
                })+
                columns
            }

            /// Takes over the fields that the file has a column for; returns the ones that changed.
            pub fn adopt(&mut self, file: &Self, given: &Given) -> Vec<&'static str> {
                let mut changed = Vec::new();
                $(if given.has(stringify!($field)) && self.$field != file.$field {
                    self.$field.clone_from(&file.$field);
                    changed.push(stringify!($field));
                })+
                changed
            }
        }
    };
}

owned! {
    /// What the file says about a pupil.
    PupilFields {
        /// Unique pupil number.
        upn: Option<Private<String>>,
        /// Family name in law.
        legal_surname: Private<String>,
        /// Given names in law.
        legal_forename: Private<String>,
        /// What the pupil is called.
        preferred_name: Option<Private<String>>,
        /// Date of birth.
        date_of_birth: Option<Date>,
        /// Year group, as the school writes it.
        year_group: Option<String>,
        /// The class, by name.
        class: Option<String>,
        /// BCP 47.
        home_language: Option<String>,
        /// Last day on roll.
        leaving_date: Option<Date>,
    }
}

owned! {
    /// What the file says about a carer.
    CarerFields {
        /// `Mrs`, `Dr`.
        title: Option<Private<String>>,
        /// Family name.
        surname: Private<String>,
        /// Given name.
        forename: Private<String>,
        /// BCP 47; `en` where the file says nothing.
        language: String,
        /// How the carer reads.
        format: Format,
        /// Which interpreter is needed.
        interpreter: Option<Private<String>>,
        /// When to ring.
        best_times: Option<Private<String>>,
        /// Whether the address must not be seen by others of the family.
        address_confidential: bool,
        /// How and when the school was told that it may write.
        contact_consent_note: Option<Private<String>>,
    }
}

owned! {
    /// What the file says about the link between a carer and a pupil.
    LinkFields {
        /// What the carer is to the pupil, as the school writes it.
        relationship: String,
        /// Whom to try first: 1 to 99.
        priority: i16,
        /// Parental responsibility.
        parental_responsibility: Responsibility,
        /// Whether they live together.
        lives_with_pupil: bool,
        /// Whether the carer gets the school's letters.
        receives_correspondence: bool,
        /// Whether the carer gets reports.
        receives_reports: bool,
        /// Whether to ring in an emergency.
        emergency_contact: bool,
    }
}

/// One row of `pupils.csv`.
#[derive(Debug, Clone)]
pub struct PupilRow {
    /// Its row.
    pub line: u64,
    /// The school's own system's id.
    pub pupil_ref: String,
    /// What the file owns.
    pub fields: PupilFields,
    /// The colleague whose class it is; lower case.
    pub key_colleague: Option<EmailAddress>,
}

/// One address of a carer, in the form in which it is stored and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenAddress {
    /// The column it came from; `address1` for all five of the postal address.
    pub column: &'static str,
    /// What it is.
    pub kind: AddressKind,
    /// Lower-case email, E.164 number, or the lines of a postal address joined by `\n`.
    pub value: Private<String>,
    /// 1: tried first of its kind.
    pub position: i16,
}

/// A restriction in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenRestriction {
    /// What it forbids, and when.
    pub restriction: Restriction,
    /// Where the order is filed.
    pub note_ref: Option<String>,
}

/// One row of `contacts.csv`: a carer, a pupil, and the link between them.
#[derive(Debug, Clone)]
pub struct ContactRow {
    /// Its row.
    pub line: u64,
    /// The pupil.
    pub pupil_ref: String,
    /// The carer: the school's own system's id.
    pub contact_ref: String,
    /// About the carer.
    pub carer: CarerFields,
    /// Where the carer can be reached.
    pub addresses: Vec<WrittenAddress>,
    /// The route the carer asked for.
    pub preferred: Option<Route>,
    /// About the link.
    pub link: LinkFields,
    /// What an order forbids on the link.
    pub restriction: Option<WrittenRestriction>,
}

/// Both files.
#[derive(Debug, Clone, Default)]
pub struct Roll {
    /// The pupils, in the file's order, each once.
    pub pupils: Vec<PupilRow>,
    /// The contacts, in the file's order, each pair of carer and pupil once.
    pub contacts: Vec<ContactRow>,
    /// The columns of `pupils.csv`.
    pub pupil_columns: Given,
    /// The columns of `contacts.csv`.
    pub contact_columns: Given,
}

/// The columns of a postal address, in order.
pub(super) const POSTAL: [&str; 5] = ["address1", "address2", "address3", "address4", "postcode"];

/// The routes in the order a preferred one puts them: it first, then email, text, call, letter.
pub fn routes(preferred: Option<Route>) -> Vec<Route> {
    let rest = Route::ALL.iter().copied().filter(|route| Some(*route) != preferred);
    preferred.into_iter().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(priority: i16, lives_with_pupil: bool) -> LinkFields {
        LinkFields {
            relationship: "mother".to_owned(),
            priority,
            parental_responsibility: Responsibility::Yes,
            lives_with_pupil,
            receives_correspondence: true,
            receives_reports: true,
            emergency_contact: true,
        }
    }

    #[test]
    fn a_field_is_taken_over_only_from_a_column_that_is_there() {
        let mut stored = link(1, true);

        let changed = stored.adopt(&link(2, false), &Given(["priority"].into()));

        assert_eq!(changed, ["priority"]);
        assert_eq!(stored, link(2, true));
        assert_eq!(stored.differing(&link(1, false)), ["priority", "lives_with_pupil"]);
    }

    #[test]
    fn the_preferred_route_comes_first_and_the_rest_keep_their_order() {
        assert_eq!(routes(None), [Route::Email, Route::Text, Route::Call, Route::Letter]);
        assert_eq!(routes(Some(Route::Call)), [Route::Call, Route::Email, Route::Text, Route::Letter]);
    }
}
