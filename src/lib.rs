//! Liaison carries a school's contact with parents and carers, out and in, and keeps the one chronology of it.
//!
//! The house, from the inside out; arrows point one way and `tests/architecture.rs` holds them:
//!
//! * [`domain`]: what the school means. Pure types and decisions, no I/O, no clock of its own;
//! * [`store`]: the only place with SQL;
//! * [`flows`]: what Liaison does, one file per deed; each owns its transactions;
//! * [`workers`]: what runs by itself; they start flows and decide nothing;
//! * [`web`]: pages for colleagues, provider webhooks and health; reads by store, changes only by flows;
//! * [`cli`]: the operator's commands; the only place that wires everything.

pub mod cli;
pub mod domain;
pub mod flows;
pub mod store;
pub mod web;
pub mod workers;
