//! What the school already has, as far as an import compares with it.

use std::collections::{HashMap, HashSet};

use liaison_channels::private::Private;

use super::roll::{CarerFields, LinkFields, PupilFields};
use crate::domain::{
    ids::{AddressId, CarerId, ClassId, LinkId, PupilId, RestrictionId, StaffId},
    people::{AddressKind, Purpose, Restriction, Route},
};

/// A pupil.
#[derive(Debug, Clone)]
pub struct StoredPupil {
    /// Its id.
    pub id: PupilId,
    /// What files own.
    pub fields: PupilFields,
}

/// A carer.
#[derive(Debug, Clone)]
pub struct StoredCarer {
    /// Its id.
    pub id: CarerId,
    /// What files own.
    pub fields: CarerFields,
}

/// A link.
#[derive(Debug, Clone)]
pub struct StoredLink {
    /// Its id.
    pub id: LinkId,
    /// What files own.
    pub fields: LinkFields,
    /// Whether it was not in the last import.
    pub missing: bool,
}

/// A restriction on a link.
#[derive(Debug, Clone)]
pub struct StoredRestriction {
    /// Its id.
    pub id: RestrictionId,
    /// What it forbids, and when.
    pub restriction: Restriction,
    /// Where the order is filed.
    pub note_ref: Option<String>,
    /// Whether an import recorded it; otherwise a person did.
    pub by_import: bool,
}

/// An address of a carer.
#[derive(Debug, Clone)]
pub struct StoredUse {
    /// The address.
    pub address: AddressId,
    /// What it is.
    pub kind: AddressKind,
    /// The address itself.
    pub value: Private<String>,
    /// 1: tried first of its kind.
    pub position: i16,
    /// Whether it is in use, and not only history.
    pub in_use: bool,
    /// Whether a colleague had the last word on it; then it is not the file's to add or take away.
    pub by_staff: bool,
}

/// A carer's preference for a purpose.
#[derive(Debug, Clone)]
pub struct StoredPreference {
    /// Routes, best first.
    pub routes: Vec<Route>,
    /// Whether a colleague set it; then it is not the file's to change.
    pub by_staff: bool,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// By `pupil_ref`.
    pub pupils: HashMap<String, StoredPupil>,
    /// By `contact_ref`.
    pub carers: HashMap<String, StoredCarer>,
    /// By pupil and carer.
    pub links: HashMap<(PupilId, CarerId), StoredLink>,
    /// By link.
    pub restrictions: HashMap<LinkId, Vec<StoredRestriction>>,
    /// Every address, by kind and value.
    pub addresses: HashMap<(AddressKind, Private<String>), AddressId>,
    /// By carer.
    pub uses: HashMap<CarerId, Vec<StoredUse>>,
    /// By carer and purpose.
    pub preferences: HashMap<(CarerId, Purpose), StoredPreference>,
    /// By name.
    pub classes: HashMap<String, ClassId>,
    /// By email in lower case.
    pub staff: HashMap<Private<String>, StaffId>,
    /// Who is in charge of which class.
    pub class_staff: HashSet<(ClassId, StaffId)>,
    /// Whom and which pupil an open task asks the DSL to review restrictions of.
    pub reviews: HashSet<(CarerId, PupilId)>,
}
