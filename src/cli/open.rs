//! Wires everything: the database, the channels and the gateway that flows stand on.

use std::{
    collections::BTreeMap,
    str::FromStr as _,
    sync::{Arc, OnceLock},
};

use anyhow::{Context as _, Result, anyhow};
use liaison_channels::{
    ChannelConfig, kind::Filled, message::ChannelId, private::Private, record_folder::RecordFolder,
    scan::Scanner, sender::Carries,
};
use secrecy::ExposeSecret as _;
use sqlx::postgres::PgConnectOptions;

use super::settings::Settings;
use crate::{
    domain::lately::Lately,
    flows::{
        SystemClock,
        current::Current,
        gateway::{Breaker, Carriers, Gateway, ReadMailbox},
        mailbox::Mailbox,
        refused::Refused,
    },
    store::{
        self, Store,
        cluster::{Cluster, ClusterOptions, Durability},
    },
};

/// The database's name in the private cluster.
pub(super) const DATABASE: &str = "liaison";

/// An open database, private or not.
#[derive(Debug)]
pub(super) struct Database {
    /// As the daemon works with it.
    pub(super) store: Store,
    /// As its owner: for migrations.
    pub(super) owner: PgConnectOptions,
    cluster: Option<Cluster>,
}

impl Database {
    /// Whether Liaison runs the server itself.
    pub(super) const fn is_private(&self) -> bool {
        self.cluster.is_some()
    }

    /// Lets go of it; the last to do so stops a private server.
    pub(super) async fn close(self) {
        self.store.close().await;
        if let Some(cluster) = self.cluster
            && let Err(error) = cluster.release().await
        {
            tracing::warn!("the private Postgres was not stopped: {error}");
        }
    }
}

/// How to reach an ordinary server.
pub(super) fn server_options(url: &secrecy::SecretString) -> Result<PgConnectOptions> {
    let url = url.expose_secret();
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(anyhow!(
            "database.url is not a Postgres address: write it like postgres://user@host/liaison"
        ));
    }
    PgConnectOptions::from_str(url)
        .map(|options| options.application_name("liaison"))
        // The driver's words may repeat the address, and the address may hold a password.
        .map_err(|_| {
            anyhow!("database.url is not a Postgres address: write it like postgres://user@host/liaison")
        })
}

/// Opens the database. A private one is started, made and migrated as needed; an ordinary server is only connected to,
/// at first use.
pub(super) async fn database(settings: &Settings) -> Result<Database> {
    if let Some(url) = &settings.database_url {
        let owner = server_options(url)?;
        let store = Store::open(owner.clone(), settings.connections);
        return Ok(Database { store, owner, cluster: None });
    }
    let cluster = Cluster::start(&cluster_options(settings)).await.context("Start the private Postgres")?;
    cluster.ensure_database(DATABASE).await.context("Make the database")?;
    let owner = cluster.connect_options(DATABASE);
    store::migrate(&owner).await.context("Bring the database up to this program")?;
    let store = Store::open(owner.clone(), settings.connections);
    Ok(Database { store, owner, cluster: Some(cluster) })
}

/// Where the private cluster lives.
pub(super) fn cluster_options(settings: &Settings) -> ClusterOptions {
    ClusterOptions {
        dir: settings.data_dir.join("postgres"),
        bin_dir: settings.bin_dir.clone(),
        durability: Durability::Safe,
    }
}

/// The gateway with its channels open, for a daemon.
pub(super) fn gateway(settings: &Settings, store: &Store) -> Result<Arc<Gateway>> {
    let mut gateway = idle_gateway(settings, store)?;
    for (id, config) in settings.channels.iter().filter(|(_, config)| !config.is_inbox()) {
        let sender =
            liaison_channels::open(id.clone(), config).with_context(|| format!("Open channel {id}"))?;
        gateway.senders.insert(id.clone(), sender);
    }
    if let Some(path) = &settings.record_folder {
        gateway.sink = Some(Arc::new(RecordFolder::open(path).context("Open the folder of records")?));
    }
    if let Some(config) = &settings.scanning {
        gateway.scanner = Some(Scanner::open(config).context("Set up the virus scanner")?);
    }
    Ok(Arc::new(gateway))
}

/// Whether anything can arrive: only then does it matter by when somebody answers.
pub(super) fn hears(settings: &Settings) -> bool {
    settings.channels.values().any(ChannelConfig::hears)
}

/// The mailboxes that a daemon reads.
pub(super) fn mailboxes(settings: &Settings, gateway: &Arc<Gateway>) -> Result<Vec<Mailbox>> {
    let inboxes = settings.channels.iter().filter(|(_, config)| config.is_inbox());
    inboxes
        .map(|(id, config)| {
            let inbox = liaison_channels::open_inbox(id.clone(), config)
                .with_context(|| format!("Open mailbox {id}"))?;
            Ok(Mailbox::new(Arc::clone(gateway), inbox))
        })
        .collect()
}

/// The gateway without open channels, for commands that send nothing.
pub(super) fn idle_gateway(settings: &Settings, store: &Store) -> Result<Gateway> {
    Ok(Gateway {
        store: store.clone(),
        clock: Arc::new(SystemClock),
        current: Current::new(settings.policy.clone()),
        carriers: carriers(settings)?,
        senders: BTreeMap::new(),
        sink: None,
        reading: settings.reading,
        scanner: None,
        patience: settings.patience,
        breaker: Breaker::default(),
        lately: Lately::default(),
        key: OnceLock::new(),
        own: settings
            .channels
            .values()
            .flat_map(ChannelConfig::own_addresses)
            .map(|address| Private::new(address.expose().to_lowercase()))
            .collect(),
        mailboxes: read_mailboxes(settings),
        refused: Refused::default(),
    })
}

/// The mailboxes that mail servers fill. Of several folders of one account `INBOX` is proved, or the first, for there a mail to
/// their address arrives.
fn read_mailboxes(settings: &Settings) -> Vec<ReadMailbox> {
    let filled = settings.channels.iter().filter(|(_, config)| config.filled() != Filled::Otherwise);
    let mut mailboxes: Vec<(ReadMailbox, bool)> = filled
        .filter_map(|(id, config)| {
            let address = config.own_addresses().into_iter().next()?;
            let arrives = config.filled() == Filled::ByMail;
            Some((ReadMailbox { id: id.clone(), address, probed: false }, arrives))
        })
        .collect();
    mailboxes.sort_by_key(|(_, arrives)| !arrives);
    let mut proved = Vec::new();
    for (mailbox, _) in &mut mailboxes {
        mailbox.probed = !proved.contains(&mailbox.address);
        proved.push(mailbox.address.clone());
    }
    mailboxes.into_iter().map(|(mailbox, _)| mailbox).collect()
}

fn carriers(settings: &Settings) -> Result<Carriers> {
    Ok(Carriers {
        email: carrier(settings, Carries::Mail, settings.email_channel.as_ref(), "email_channel")?,
        text: carrier(settings, Carries::Text, settings.text_channel.as_ref(), "text_channel")?,
        letter: carrier(settings, Carries::Letter, settings.letter_channel.as_ref(), "letter_channel")?,
    })
}

/// The channel that is named, or the only one of its kind.
fn carrier(
    settings: &Settings,
    wanted: Carries,
    named: Option<&ChannelId>,
    setting: &str,
) -> Result<Option<ChannelId>> {
    let fitting: Vec<_> = settings
        .channels
        .iter()
        .filter(|(_, config)| config.carries() == Some(wanted))
        .map(|(id, _)| id)
        .collect();
    match (named, fitting.as_slice()) {
        (Some(named), _) if fitting.contains(&named) => Ok(Some(named.clone())),
        (Some(named), _) => {
            Err(anyhow!("sending.{setting} names {named}, which is a channel of another kind"))
        }
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some((*only).clone())),
        (None, [..]) => {
            Err(anyhow!("there are several channels that could do it: name one in sending.{setting}"))
        }
    }
}
