//! A family as it is made up: who they are to each other, how they want to be told, and what happens on the way.

use jiff::{ToSpan as _, civil::Date};
use proptest::{array::uniform2, collection::vec, option, prelude::*, sample::select};

use crate::{
    oracle::{Known, Said},
    support::people::{Roll, carer, pupil},
};

/// First and last day, counted from Monday 23 November; `None` is an open end.
type Order = (usize, Option<i64>, Option<i64>);

#[derive(Debug, Clone)]
struct Link {
    pub(super) responsibility: &'static str,
    pub(super) correspondence: bool,
    /// Orders as the first file, and each later one, has them.
    orders: [Option<Order>; 2],
}

#[derive(Debug, Clone)]
pub(super) struct Carer {
    links: [Option<Link>; 2],
    pub(super) email: bool,
    pub(super) mobile: bool,
    pub(super) post: bool,
    pub(super) wants: &'static str,
    pub(super) language: &'static str,
    pub(super) trouble: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    /// What links this carer and this pupil ends, so many days from Monday.
    Ends(usize, usize, i64),
    CarerDies(usize),
    PupilDies(usize),
    Agrees(usize, usize),
    Deliver,
    NextFile,
    Hours(u64),
    Resolve,
    RetryAll,
    LookAtTasks,
    Behave,
    AnotherDaemon,
    /// A carer mails the school; it answers by itself.
    Mails(usize),
    /// A carer texts: a question, or that they want no more texts.
    Texts(usize, bool),
    /// A colleague replies in every case that they can.
    Replies,
    /// Colleagues are mailed what waits for them.
    Notices,
}

#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) carers: Vec<Carer>,
    pub(super) leaves: [[Option<i64>; 2]; 2],
    /// How many days after Monday each pupil turns 18.
    pub(super) eighteen: [Option<i64>; 2],
    /// What the first pupil's update is marked as, from a file; and the second's, from a page.
    pub(super) said: [Said; 2],
    /// What is announced cannot wait.
    pub(super) urgent: bool,
    pub(super) deeds: Vec<Deed>,
}

fn order() -> impl Strategy<Value = Option<Order>> {
    option::weighted(0.4, (0..4usize, option::of(-1..4i64), option::of(-1..4i64)))
}

fn link() -> impl Strategy<Value = Option<Link>> {
    let link = (select(vec!["yes", "yes", "no", "unknown"]), any::<bool>(), uniform2(order()));
    option::weighted(
        0.8,
        link.prop_map(|(responsibility, correspondence, orders)| Link {
            responsibility,
            correspondence,
            orders,
        }),
    )
}

fn one_carer() -> impl Strategy<Value = Carer> {
    let ways =
        (any::<bool>(), any::<bool>(), any::<bool>(), select(vec!["", "email", "sms", "phone", "letter"]));
    (uniform2(link()), ways, select(vec!["en", "en", "en", "ur"]), 0..6usize).prop_map(
        |(links, (email, mobile, post, wants), language, trouble)| Carer {
            links,
            email,
            mobile,
            post,
            wants,
            language,
            trouble,
        },
    )
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => Just(Deed::Deliver),
        2 => Just(Deed::NextFile),
        3 => (1..20u64).prop_map(Deed::Hours),
        2 => Just(Deed::Resolve),
        2 => Just(Deed::RetryAll),
        2 => Just(Deed::LookAtTasks),
        1 => Just(Deed::Behave),
        1 => Just(Deed::AnotherDaemon),
        2 => (0..4usize).prop_map(Deed::Mails),
        2 => (0..4usize, any::<bool>()).prop_map(|(n, stop)| Deed::Texts(n, stop)),
        2 => Just(Deed::Replies),
        1 => Just(Deed::Notices),
        1 => (0..4usize, 0..2usize, -1..3i64).prop_map(|(n, p, last)| Deed::Ends(n, p, last)),
        1 => (0..4usize).prop_map(Deed::CarerDies),
        1 => (0..2usize).prop_map(Deed::PupilDies),
        1 => (0..4usize, 0..2usize).prop_map(|(n, p)| Deed::Agrees(n, p)),
    ]
}

pub(super) fn family() -> impl Strategy<Value = Family> {
    let leaves = uniform2(uniform2(option::weighted(0.15, 0..3i64)));
    let eighteen = uniform2(option::weighted(0.2, -1..3i64));
    (vec(one_carer(), 1..4), leaves, eighteen, (uniform2(said()), any::<bool>()), vec(deed(), 4..14))
        .prop_map(|(carers, leaves, eighteen, (said, urgent), deeds)| Family {
            carers,
            leaves,
            eighteen,
            said,
            urgent,
            deeds,
        })
}

fn said() -> impl Strategy<Value = Said> {
    let topic = option::of(select(vec!["attendance", "behaviour", "safeguarding"]));
    (topic, prop::bool::weighted(0.3), any::<bool>()).prop_map(|(topic, sensitive, allowed)| Said {
        topic,
        sensitive,
        allowed,
        urgent: false,
    })
}

pub(super) fn day(offset: i64) -> Date {
    jiff::civil::date(2026, 11, 23).checked_add(offset.days()).unwrap()
}

fn in_order((kind, first, last): Order) -> Order {
    match (first, last) {
        (Some(first), Some(last)) if first > last => (kind, Some(last), Some(first)),
        _ => (kind, first, last),
    }
}

impl Family {
    /// The files as they are at first (0) and later (1).
    pub(super) fn roll(&self, file: usize) -> Roll {
        let text = |offset: Option<i64>| offset.map(|offset| day(offset).to_string()).unwrap_or_default();
        let pupils = [0, 1].map(|p| {
            pupil(&format!("P{p}"), &format!("Pupil{p}q"), "Ash")
                .with("leaving_date", &text(self.leaves[p][file]))
                .with("date_of_birth", &self.born(p).map(|born| born.to_string()).unwrap_or_default())
        });
        let mut rows = vec![carer("P0", "C99", "Nobody", "Special").email("special@home.example")];
        rows.push(carer("P1", "C99", "Nobody", "Special").email("special@home.example"));
        for (n, one) in self.carers.iter().enumerate() {
            for (p, link) in one.links.iter().enumerate() {
                let Some(link) = link else { continue };
                let row = carer(&format!("P{p}"), &format!("C{n}"), "Ann", &format!("Carer{n}q"))
                    .with("parental_responsibility", link.responsibility)
                    .with("receives_correspondence", if link.correspondence { "yes" } else { "no" })
                    .with("language", one.language)
                    .wants(one.wants);
                let row = if one.email { row.email(&format!("carer{n}q@home.example")) } else { row };
                let row = if one.mobile { row.mobile(&format!("07700 90010{n}")) } else { row };
                let row = if one.post { row.lives_at(&format!("{n} Carer{n}q Lane")) } else { row };
                rows.push(match link.orders[file].map(in_order) {
                    None => row,
                    Some((kind, first, last)) => {
                        let kind = ["supervised", "see_dsl", "no_information", "no_contact"][kind];
                        row.restricted(kind, &text(first), &text(last))
                    }
                });
            }
        }
        Roll::new(&pupils, &rows)
    }

    fn born(&self, p: usize) -> Option<Date> {
        self.eighteen[p].map(|after| day(after).checked_sub(18.years()).unwrap())
    }

    /// What the oracle knows after files up to this one: an order that was once recorded stays.
    pub(super) fn known(&self, carer: usize, p: usize, file: usize) -> Option<Known> {
        let link = self.carers[carer].links[p].as_ref()?;
        let orders = link.orders[..=file].iter().flatten().copied().map(in_order);
        Some(Known {
            restrictions: orders.map(|(_, first, last)| (first.map(day), last.map(day))).collect(),
            leaves: self.leaves[p][file].map(day),
            born: self.born(p),
            responsibility: link.responsibility,
            correspondence: link.correspondence,
            ..Known::default()
        })
    }
}
