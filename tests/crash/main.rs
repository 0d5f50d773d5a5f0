//! The promise that nothing is lost and no text goes twice, kept by the real program as processes of their own: killed,
//! frozen, cut off from Postgres, from the mail server and from the provider, at moments chosen by chance; and that what
//! arrives meanwhile is kept.
//!
//! The seed of the chance is printed with a failure; `LIAISON_SEED=<seed>` chooses the same moments again.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has found something")]

mod chance;
mod daemon;
mod everything;
mod intake;
mod kills;
mod ledger;
mod life;
mod mischief;
mod place;
mod postgres;
mod proxy;
mod school;
mod wires;
