//! What an import would write.

use liaison_channels::private::Private;

use super::roll::{CarerFields, LinkFields, PupilFields, WrittenRestriction};
use crate::domain::{
    ids::{AddressId, CarerId, ClassId, LinkId, PupilId, RestrictionId, StaffId, TaskId},
    people::{AddressKind, Purpose, RestrictionKind, Route},
};

/// A class to add.
#[derive(Debug, Clone)]
pub struct NewClass {
    /// Its id.
    pub id: ClassId,
    /// Its name.
    pub name: String,
}

/// A colleague to add, as teacher.
#[derive(Debug, Clone)]
pub struct NewStaff {
    /// Its id.
    pub id: StaffId,
    /// The email's local part, until somebody writes the name.
    pub name: Private<String>,
    /// Lower case.
    pub email: Private<String>,
}

/// A pupil to add, or to change as a whole.
#[derive(Debug, Clone)]
pub struct PupilWrite {
    /// New or known.
    pub id: PupilId,
    /// The school's own system's id.
    pub pupil_ref: String,
    /// What it shall be.
    pub fields: PupilFields,
    /// The class of that name.
    pub class: Option<ClassId>,
}

/// A carer to add, or to change as a whole.
#[derive(Debug, Clone)]
pub struct CarerWrite {
    /// New or known.
    pub id: CarerId,
    /// The school's own system's id.
    pub contact_ref: String,
    /// What it shall be.
    pub fields: CarerFields,
}

/// A link to add, or to change as a whole; no longer missing.
#[derive(Debug, Clone)]
pub struct LinkWrite {
    /// New or known.
    pub id: LinkId,
    /// The carer.
    pub carer: CarerId,
    /// The pupil.
    pub pupil: PupilId,
    /// What it shall be.
    pub fields: LinkFields,
}

/// A restriction to add.
#[derive(Debug, Clone)]
pub struct NewRestriction {
    /// Its id.
    pub id: RestrictionId,
    /// The link.
    pub link: LinkId,
    /// The carer of the link.
    pub carer: CarerId,
    /// The pupil of the link.
    pub pupil: PupilId,
    /// What the file says.
    pub written: WrittenRestriction,
}

/// A question for the DSL: the file would loosen a restriction.
#[derive(Debug, Clone)]
pub struct Review {
    /// The task to open.
    pub task: TaskId,
    /// The carer.
    pub carer: CarerId,
    /// The pupil.
    pub pupil: PupilId,
    /// The strictest restriction that is kept.
    pub kind: RestrictionKind,
}

/// An address to add.
#[derive(Debug, Clone)]
pub struct NewAddress {
    /// Its id.
    pub id: AddressId,
    /// What it is.
    pub kind: AddressKind,
    /// The address itself.
    pub value: Private<String>,
}

/// An address that a carer shall have in use.
#[derive(Debug, Clone, Copy)]
pub struct AddressUse {
    /// The carer.
    pub carer: CarerId,
    /// The address.
    pub address: AddressId,
    /// 1: tried first of its kind.
    pub position: i16,
}

/// A preference to set, unless a colleague has set one.
#[derive(Debug, Clone)]
pub struct PreferenceWrite {
    /// The carer.
    pub carer: CarerId,
    /// What for.
    pub purpose: Purpose,
    /// Routes, best first.
    pub routes: Vec<Route>,
}

/// All of it. Written in this order, later parts may name what earlier ones add.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Classes to add.
    pub classes: Vec<NewClass>,
    /// Colleagues to add.
    pub staff: Vec<NewStaff>,
    /// Colleagues to put in charge of a class.
    pub class_staff: Vec<(ClassId, StaffId)>,
    /// Pupils to add or change.
    pub pupils: Vec<PupilWrite>,
    /// Carers to add or change.
    pub carers: Vec<CarerWrite>,
    /// Links to add or change.
    pub links: Vec<LinkWrite>,
    /// Links to mark as missing.
    pub missing: Vec<LinkId>,
    /// Restrictions to add.
    pub restrictions: Vec<NewRestriction>,
    /// Where orders are filed now.
    pub note_refs: Vec<(RestrictionId, String)>,
    /// Questions for the DSL.
    pub reviews: Vec<Review>,
    /// Addresses to add.
    pub addresses: Vec<NewAddress>,
    /// Addresses that carers shall have in use.
    pub uses: Vec<AddressUse>,
    /// Addresses that carers no longer have in use.
    pub unused: Vec<(CarerId, AddressId)>,
    /// Preferences to set.
    pub preferences: Vec<PreferenceWrite>,
}

impl Changes {
    /// Whether there is nothing to write.
    pub const fn is_empty(&self) -> bool {
        self.classes.is_empty()
            && self.staff.is_empty()
            && self.class_staff.is_empty()
            && self.pupils.is_empty()
            && self.carers.is_empty()
            && self.links.is_empty()
            && self.missing.is_empty()
            && self.restrictions.is_empty()
            && self.note_refs.is_empty()
            && self.reviews.is_empty()
            && self.addresses.is_empty()
            && self.uses.is_empty()
            && self.unused.is_empty()
            && self.preferences.is_empty()
    }
}
