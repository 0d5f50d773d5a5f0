//! What a school sets about costs reaches the gateway, whichever provider it uses.

use liaison_channels::{
    ChannelConfig,
    cost::{Cost, CostConfig},
    fakes::{govuk_notify::GovukNotifyFake, sinch::SinchFake, twilio::TwilioFake, vonage::VonageFake},
    message::ChannelId,
    open,
};

const SET: CostConfig = CostConfig { pence_per_part: Some(4.5), parts_per_month: Some(5_000) };
const UNFIT: CostConfig = CostConfig { pence_per_part: Some(-1.0), parts_per_month: None };

#[test]
fn the_price_and_the_months_cap_are_told_and_checked_by_every_channel_of_texts() {
    let home = tempfile::tempdir().expect("a folder for the test");
    let (twilio, notify, vonage, sinch) = (
        TwilioFake::start().expect("a port"),
        GovukNotifyFake::start().expect("a port"),
        VonageFake::start().expect("a port"),
        SinchFake::start().expect("a port"),
    );
    let channels = |cost: CostConfig| {
        let (mut one, mut two, mut three, mut four) = (
            twilio.config(home.path()).expect("files"),
            notify.config(home.path()).expect("files"),
            vonage.config(home.path()).expect("files"),
            sinch.config(home.path()).expect("files"),
        );
        (one.cost, two.cost, three.cost, four.cost) = (cost.clone(), cost.clone(), cost.clone(), cost);
        [
            ChannelConfig::new(one),
            ChannelConfig::new(two),
            ChannelConfig::new(three),
            ChannelConfig::new(four),
        ]
    };
    let id = ChannelId::parse("texts").expect("good");

    for channel in channels(SET) {
        let cost = open(id.clone(), &channel).expect("opens").limits().cost;

        assert_eq!(cost, Cost { millipence_per_part: Some(4_500), parts_per_month: Some(5_000) });
    }
    for channel in channels(UNFIT) {
        let why = open(id.clone(), &channel).err().map(|why| why.to_string()).unwrap_or_default();

        assert!(why.starts_with("channel texts: cost.pence_per_part must be"), "{why}");
    }
}
