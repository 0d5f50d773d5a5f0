//! `liaison serve`: the daemon, until it is told to stop.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, anyhow};
use jiff::SignedDuration;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{open, settings::Settings};
use crate::{
    domain::time::school_date,
    flows::{complaint, current, gateway::Gateway, ladder, mailbox::Mailbox, operate, seal},
    store::{cluster::Cluster, explain, outbox},
    web, workers,
};

/// How long a soft stop may take before it is no longer soft.
const SOFT_STOP: Duration = Duration::from_secs(25);

/// Runs the daemon until SIGTERM or SIGINT.
pub(super) async fn run(settings: &Settings) -> Result<()> {
    let (switch, stop) = workers::Stop::switch();
    on_signal(switch)?;
    let database = open::database(settings).await?;
    if !wait_until_ready(&database, stop.clone()).await? {
        database.close().await;
        return Ok(());
    }
    let gateway = open::gateway(settings, &database.store)?;
    if database.is_private() {
        tokio::spawn(keep_private_postgres(settings.clone(), Arc::clone(&gateway), stop.clone()));
    }
    let mailboxes = open::mailboxes(settings, &gateway)?;
    let listener = listen(settings).await?;
    let served = serve(settings, &gateway, listener, mailboxes, stop).await;
    database.close().await;
    served
}

/// Takes the port that pages and webhooks are served on.
pub(super) async fn listen(settings: &Settings) -> Result<TcpListener> {
    TcpListener::bind(settings.listen).await.with_context(|| {
        format!("web.listen: port {} cannot be used; is another Liaison running?", settings.listen)
    })
}

/// Serves with an open gateway until told to stop.
pub(super) async fn serve(
    settings: &Settings,
    gateway: &Arc<Gateway>,
    listener: TcpListener,
    mailboxes: Vec<Mailbox>,
    stop: workers::Stop,
) -> Result<()> {
    if operate::hold_if_moved(gateway).await? {
        tracing::error!(
            "this database was restored or copied: nothing is sent until `liaison queue release all`"
        );
    }
    start_breaker(gateway).await?;
    current::refresh(gateway).await?;
    let address = listener.local_addr()?;
    let mut stopping = stop.clone();
    let pages = web::router(Arc::clone(gateway), settings.site.clone());
    let mut pages = tokio::spawn({
        let mut stop = stop.clone();
        let served =
            axum::serve(listener, pages.into_make_service_with_connect_info::<std::net::SocketAddr>())
                .with_graceful_shutdown(async move { stop.wait().await });
        async move { served.await }
    });
    look_at_calendar(gateway, open::hears(settings)).await?;
    let mut workers = workers::start(gateway, mailboxes, &stop).await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(%address, channels = gateway.senders.len(), "liaison is ready");
    if gateway.senders.is_empty() {
        tracing::warn!("no channel is set up: nothing can leave; add a [channels.…] section to the settings");
    }
    let ended = tokio::select! {
        () = stopping.wait() => None,
        ended = workers.join_next() => Some(format!("a worker ended by itself ({ended:?})")),
        ended = &mut pages => Some(format!("the web server ended by itself ({ended:?})")),
    };
    // One that was told to stop may have ended before we looked: that is a soft stop like any other.
    if let Some(ended) = ended.filter(|_| !stopping.is_now()) {
        return Err(anyhow!("{ended}; the daemon stops so that it is started anew"));
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping: no new messages are taken; those on the wire are finished");
    let finished =
        tokio::time::timeout(SOFT_STOP, async { while workers.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        tracing::warn!(
            "some messages were still on the wire; they are in doubt and will be cleared up at the next start"
        );
    }
    for sender in gateway.senders.values() {
        let _ = tokio::time::timeout(Duration::from_secs(2), sender.close()).await;
    }
    // What the lanes wrote last came after the sealer's last round. If this fails, the next start seals it.
    let _ = tokio::time::timeout(Duration::from_secs(2), seal_the_rest(gateway)).await;
    tracing::info!("stopped");
    Ok(())
}

/// Dates open clocks by the calendar as it is now, and says when it ends soon or is missing.
async fn look_at_calendar(gateway: &Gateway, hears: bool) -> Result<()> {
    let moved = ladder::redate(gateway).await? + complaint::redate(gateway).await?;
    if moved > 0 {
        tracing::warn!(moved, "the calendar changed: open clocks were dated anew");
    }
    let (policy, settings) = (gateway.policy(), gateway.current.settings());
    if settings.calendar.is_some() && settings.calendar != policy.calendar {
        tracing::info!("a calendar that was adopted on the page counts, not calendar.file");
    }
    if policy.calendar.is_none() {
        if hears {
            tracing::error!(
                "no calendar: no date can be named to a carer; add one on the page Admin, Calendar, or set calendar.file"
            );
        }
        return Ok(());
    }
    if let Some(left) = policy.calendar_ends(school_date(gateway.now())) {
        tracing::error!(
            days = left,
            "the calendar ends soon: add the next terms on the page Admin, Calendar, or to calendar.file"
        );
    }
    Ok(())
}

async fn seal_the_rest(gateway: &Gateway) {
    while seal::seal(gateway).await.is_ok_and(|sealed| sealed > 0) {}
}

/// Starts the private Postgres again when it has died under us. Ends with the process.
async fn keep_private_postgres(settings: Settings, gateway: Arc<Gateway>, mut stop: workers::Stop) {
    loop {
        stop.pause(Duration::from_secs(5)).await;
        if stop.is_now() {
            return;
        }
        if gateway.store.ready().await.is_ok() {
            continue;
        }
        // Attaches where the server only was slow to answer; our own share in it is untouched either way.
        match Cluster::start(&open::cluster_options(&settings)).await {
            Ok(_) => tracing::warn!("the private Postgres did not answer; it runs again"),
            Err(error) => tracing::error!("the private Postgres does not start: {error}"),
        }
    }
}

/// The breaker and the count for each address go on from what left in the last hour, so that a restart does not clear them.
async fn start_breaker(gateway: &Gateway) -> Result<()> {
    let now = gateway.now();
    let hour_ago = now.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(now);
    let sent = outbox::attempts_since(&mut *gateway.store.acquire().await?, hour_ago).await?;
    gateway.breaker.start_at(now, u32::try_from(sent).unwrap_or(u32::MAX));
    if gateway.policy().address_per_hour > 0 {
        let left = outbox::left_since(&mut *gateway.store.acquire().await?, hour_ago).await?;
        for (address, at) in left {
            gateway.lately.note(address, at);
        }
    }
    let counts = explain::counts(&mut *gateway.store.acquire().await?).await?;
    for (channel, state, count) in
        counts.iter().filter(|(_, state, _)| ["queued", "unknown"].contains(&state.as_str()))
    {
        tracing::info!(channel, state, count, "waiting");
    }
    Ok(())
}

/// Waits for an ordinary server that is away: it may be starting beside us. `false` when told to stop meanwhile.
async fn wait_until_ready(database: &open::Database, mut stop: workers::Stop) -> Result<bool> {
    let mut said = false;
    loop {
        match database.store.ready().await {
            Ok(()) => return Ok(true),
            Err(error) if error.is_away() => {
                if !said {
                    tracing::warn!("waiting for the database: {error}");
                    said = true;
                }
            }
            Err(error) => return Err(error.into()),
        }
        stop.pause(Duration::from_secs(1)).await;
        if stop.is_now() {
            return Ok(false);
        }
    }
}

/// Turns SIGTERM and SIGINT into a soft stop; a second one ends the process at once.
pub(super) fn on_signal(switch: watch::Sender<bool>) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if switch.send_replace(true) {
                std::process::exit(130);
            }
        }
    });
    Ok(())
}
