//! A new adapter, worked through: texts through a box with a SIM card on the school's own network.
//!
//! The box is made up, so that nothing distracts from the contract; `ADAPTERS.md` walks through the three files:
//!
//! * `adapter`: settings and [`Sender`](liaison_channels::Sender), as they would stand in `channels/src/sim_box.rs`;
//! * `stand_in`: a strict box on loopback, as it would stand in `channels/src/fakes/`;
//! * `kit`: the rig, and the one line that runs every promise over it.
//!
//! `cargo test -p liaison-channels --features fakes --example sim_box` runs them.

mod adapter;
mod stand_in;

#[cfg(test)]
mod kit;

use liaison_channels::{Sender as _, message::ChannelId};

/// Opens the adapter on a stand-in and asks it how it is.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?;
    let fake = stand_in::BoxFake::start().await?;
    let sender = adapter::SimBox::open(ChannelId::parse("texts")?, &fake.config(home.path())?)?;

    let told = sender.probe().await?;
    #[expect(clippy::print_stdout, reason = "an example shows what it did")]
    {
        println!("{told}; against its rules: {:?}", fake.complaints());
    }
    Ok(())
}
