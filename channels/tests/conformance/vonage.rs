//! The strict Vonage as a rig.

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Holder, Misbehaviour, Post, Rig, Taken, as_logins},
    fakes::stage::Stage,
    fakes::vonage::{Carriage, Deed, VonageFake},
    message::ChannelId,
    vonage::Vonage,
};
use tempfile::TempDir;

pub(crate) struct VonageRig {
    fake: VonageFake,
    sender: Vonage,
    carriage: Carriage,
    _secrets: TempDir,
}

impl VonageRig {
    /// With an account that calls us in this way; never in an address, as the kit forges bodies.
    pub(crate) fn start(carriage: Carriage) -> Self {
        let fake = VonageFake::start().expect("a port on loopback");
        let secrets = tempfile::tempdir().expect("a folder for the test");
        let mut config = fake.config(secrets.path()).expect("files for the secrets");
        (config.connect_timeout_secs, config.answer_timeout_secs) = (1, 1);
        let sender = Vonage::open(ChannelId::parse("texts").expect("good"), &config).expect("opens");
        Self { fake, sender, carriage, _secrets: secrets }
    }
}

/// The provider refuses with HTTP 200.
fn refuse(status: &str) -> Deed {
    Deed::Refuse { status: 200, code: status.to_owned() }
}

#[async_trait]
impl Rig for VonageRig {
    fn sender(&self) -> &dyn Sender {
        &self.sender
    }

    fn holder(&self) -> Option<&dyn Holder> {
        let stage: &Stage<_> = &self.fake;
        Some(stage)
    }

    fn secrets(&self) -> Vec<String> {
        as_logins(VonageFake::KEY, VonageFake::SECRET)
    }

    async fn taken(&self) -> Vec<Taken> {
        self.fake.messages().into_iter().map(|taken| Taken { to: taken.to, words: taken.body }).collect()
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        let deed = match how {
            Misbehaviour::Unavailable => Deed::Fail { status: 503, took: false },
            Misbehaviour::Throttles => refuse("1"),
            Misbehaviour::RefusesAddress => refuse("6"),
            Misbehaviour::RefusesContent => refuse("12"),
            Misbehaviour::CutBefore => Deed::Cut { took: false },
            Misbehaviour::CutAfter => Deed::Cut { took: true },
            Misbehaviour::SilentBefore => Deed::Hang { took: false },
            Misbehaviour::SilentAfter => Deed::Hang { took: true },
            Misbehaviour::Garbles => Deed::Garbled,
            Misbehaviour::RefusesSettings => {
                self.fake.refuse_logins(true);
                return true;
            }
        };
        self.fake.always(Some(deed));
        true
    }

    async fn behave(&self) {
        self.fake.always(None);
        self.fake.refuse_logins(false);
    }

    async fn arrives(&self, from: &str, words: &str) -> Option<Post> {
        let fields = self.fake.text_fields(from, words);
        let post = self.fake.signed(&self.sender.inbound_address()?, &fields, self.carriage);
        Some(Post { path_and_query: post.path_and_query, headers: post.headers, body: post.body })
    }

    fn unproved(&self, post: &Post) -> Post {
        // Under another name the signature is one more parameter.
        let body = String::from_utf8_lossy(&post.body).replace("sig=", "gis=").replace("\"sig\"", "\"gis\"");
        Post { body: body.into_bytes(), ..post.clone() }
    }
}
