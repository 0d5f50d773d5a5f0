//! One function for each promise. Each takes a fresh rig.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use crate::{
    error::{Fault, SendError, Went},
    message::ProviderRef,
    sender::{Accepted, Found},
    wire_log::WireLog,
};

use super::{
    Broken, Misbehaviour, Rig, Verdict, hold,
    samples::Sample,
    secrets::{debug_is_clean, error_is_clean, log_is_clean},
};

pub use super::arrivals::{
    a_forged_post_is_not_believed, a_posted_text_is_kept_whole, receipts_are_of_what_was_handed_over,
    texts_that_arrived_are_listed,
};

pub(super) type Sent = Result<Accepted, SendError>;

/// What was given is what is there: to the right recipient, every word of it, once.
pub async fn each_message_is_handed_over_once_and_whole(rig: &dyn Rig) -> Verdict {
    for number in [0, 1] {
        let sample = Sample::new(rig, number)?;
        is_ok(&send(rig, &sample).await?)?;
        is_there_whole(rig, &sample).await?;
    }
    Ok(())
}

/// Messages sent together do not mix, and each has a reference of its own.
pub async fn messages_of_one_moment_are_kept_apart(rig: &dyn Rig) -> Verdict {
    let samples = samples(rig, 3 * rig.sender().limits().in_flight)?;

    let mut references = Vec::new();
    for sent in send_all(rig, &samples).await? {
        is_ok(&sent)?;
        references.extend(sent.map(|accepted| accepted.reference.0));
    }

    for sample in &samples {
        is_there_whole(rig, sample).await?;
    }
    references.sort_unstable();
    references.dedup();
    hold(references.len() == samples.len(), || "two messages were given the same reference".to_owned())
}

/// Mail given to a channel of texts, or the other way round, goes nowhere.
pub async fn a_message_of_the_wrong_kind_is_refused(rig: &dyn Rig) -> Verdict {
    let sample = Sample::of_the_wrong_kind(rig)?;

    let sent = send(rig, &sample).await?;

    let refused = matches!(&sent, Err(error) if error.fault == Fault::Refused && error.went == Went::No);
    hold(refused, || "a message of the wrong kind is not answered with Refused and Went::No".to_owned())?;
    hold(count(rig, &sample).await == 0, || "a message of the wrong kind was taken".to_owned())
}

/// `Ok` is given only when the other side has the message, `Went::No` only when it has not, and the fault says whose
/// turn it is. Whatever happens, `send` returns within the settings' deadlines.
pub async fn a_failure_tells_the_truth(rig: &dyn Rig) -> Verdict {
    for how in Misbehaviour::ALL {
        let Some((sample, sent)) = send_badly(rig, how).await? else { continue };
        let taken = count(rig, &sample).await;
        hold(taken <= 1, || format!("{how:?}: one send became {taken} messages"))?;
        match sent {
            Ok(_) => hold(taken == 1, || format!("{how:?}: Ok, but the other side has no message"))?,
            Err(error) => {
                let lie = error.went == Went::No && taken == 1;
                hold(!lie, || format!("{how:?}: Went::No, but the other side has the message"))?;
                hold(how.is_told_by(error.fault), || {
                    format!("{how:?}: the fault is said to be {}", error.fault)
                })?;
            }
        }
    }
    Ok(())
}

/// No failure leaves something broken behind: the very next message goes.
pub async fn the_channel_works_again_after_every_failure(rig: &dyn Rig) -> Verdict {
    for how in Misbehaviour::ALL {
        if send_badly(rig, how).await?.is_none() {
            continue;
        }
        let sample = Sample::new(rig, 1)?;
        let sent = send(rig, &sample).await?;
        is_ok(&sent).map_err(|Broken(why)| Broken(format!("after {how:?}: {why}")))?;
        is_there_whole(rig, &sample).await?;
    }
    Ok(())
}

/// Dropping a `send` at any moment neither repeats its message nor takes the place of a later one.
pub async fn a_cancelled_send_harms_no_later_one(rig: &dyn Rig) -> Verdict {
    let mut cancelled = samples(rig, 48)?;
    for (turns, sample) in cancelled.iter().enumerate() {
        tokio::select! {
            biased;
            _ = rig.sender().send(&sample.message) => {}
            () = turn(turns) => {}
        }
    }
    if rig.hold().await {
        let held = samples(rig, rig.sender().limits().in_flight)?;
        let all = join_all(held.iter().map(|sample| rig.sender().send(&sample.message)));
        tokio::select! {
            _ = all => {}
            waiting = within(rig, "the wait for held messages", rig.until_held(held.len())) => waiting?,
        }
        rig.release().await;
        cancelled.extend(held);
    }

    let later = samples(rig, 2 * rig.sender().limits().in_flight)?;
    for sent in send_all(rig, &later).await? {
        is_ok(&sent)?;
    }

    for sample in &later {
        is_there_whole(rig, sample).await?;
    }
    for sample in &cancelled {
        hold(count(rig, sample).await <= 1, || "a cancelled message was taken more than once".to_owned())?;
    }
    Ok(())
}

/// Under four times the load, the other side never sees more than `Limits::in_flight` at once, and all arrive.
pub async fn no_more_than_the_limit_are_on_the_wire(rig: &dyn Rig) -> Verdict {
    let limit = rig.sender().limits().in_flight;
    hold(limit > 0, || "Limits::in_flight is 0: nothing could ever leave".to_owned())?;
    let samples = samples(rig, 4 * limit)?;
    let holds = rig.hold().await;

    let (sent, released) = tokio::join!(send_all(rig, &samples), async {
        if holds {
            within(rig, "filling the wire", rig.until_held(limit)).await?;
            // Room for one too many to show itself.
            turn(200).await;
            rig.release().await;
        }
        Ok(())
    });

    released?;
    for sent in sent? {
        is_ok(&sent)?;
    }
    let most = rig.most_at_once();
    hold(most.is_none_or(|most| most <= limit), || {
        format!("{most:?} messages at once, but the limit is {limit}")
    })?;
    for sample in &samples {
        is_there_whole(rig, sample).await?;
    }
    Ok(())
}

/// `find` says `Yes` of what was taken, under the name that `send` gave it, and `No` of what never was.
pub async fn find_tells_the_truth(rig: &dyn Rig) -> Verdict {
    let since = a_moment_ago();
    let (sent, unsent) = (Sample::new(rig, 0)?, Sample::new(rig, 0)?);
    let accepted = accepted(send(rig, &sent).await?)?;

    let of_sent = find(rig, &sent, since, &[]).await?;
    let of_unsent = find(rig, &unsent, since, &[]).await?;

    is_yes_of(&of_sent, &accepted.reference)?;
    hold(!matches!(of_unsent, Found::Yes(_)), || "find says Yes of a message that was never sent".to_owned())
}

/// Two carers may share a number and be told the same words: each message is only itself.
pub async fn find_tells_twins_apart(rig: &dyn Rig) -> Verdict {
    let since = a_moment_ago();
    let first = Sample::new(rig, 0)?;
    let second = first.twin(rig, 0)?;
    let of_first = accepted(send(rig, &first).await?)?.reference;

    let unsent = find(rig, &second, since, std::slice::from_ref(&of_first)).await?;
    hold(!matches!(unsent, Found::Yes(_)), || {
        "find takes another delivery's message for this one".to_owned()
    })?;

    let of_second = accepted(send(rig, &second).await?)?.reference;
    hold(of_first != of_second, || "two deliveries of the same words share a reference".to_owned())?;
    is_yes_of(&find(rig, &second, since, std::slice::from_ref(&of_first)).await?, &of_second)?;
    is_yes_of(&find(rig, &first, since, std::slice::from_ref(&of_second)).await?, &of_first)
}

/// After a line that was cut or fell silent, `find` never says the opposite of what happened.
pub async fn find_tells_the_truth_after_a_cut_line(rig: &dyn Rig) -> Verdict {
    use Misbehaviour::{CutAfter, CutBefore, Garbles, SilentAfter, SilentBefore};
    for how in [CutAfter, SilentAfter, Garbles, CutBefore, SilentBefore] {
        let since = a_moment_ago();
        let Some((sample, _)) = send_badly(rig, how).await? else { continue };
        let taken = count(rig, &sample).await == 1;
        match find(rig, &sample, since, &[]).await? {
            Found::Yes(_) => {
                hold(taken, || format!("{how:?}: find says Yes of a message that was not taken"))?;
            }
            Found::No => hold(!taken, || format!("{how:?}: find says No of a message that was taken"))?,
            Found::NotYet | Found::CannotTell => {}
        }
    }
    Ok(())
}

/// `probe` writes to nobody, says in a sentence that all is well, and calls wrong settings wrong settings.
pub async fn a_probe_reaches_nobody_and_finds_what_is_wrong(rig: &dyn Rig) -> Verdict {
    let probe = || within(rig, "probe", rig.sender().probe());

    let good = probe().await?;
    let wrong = if rig.misbehave(Misbehaviour::RefusesSettings).await { Some(probe().await?) } else { None };
    rig.behave().await;
    let again = probe().await?;

    for told in [good, again] {
        let told = told.map_err(|error| Broken(format!("probe fails although all is well: {error}")))?;
        hold(!told.trim().is_empty(), || "probe says nothing".to_owned())?;
    }
    if let Some(wrong) = wrong {
        let told = matches!(&wrong, Err(error) if error.fault == Fault::Misconfigured);
        hold(told, || "probe does not call refused settings Misconfigured".to_owned())?;
    }
    hold(rig.taken().await.is_empty(), || "probe wrote to somebody".to_owned())
}

/// Nothing that is printed, of success or of failure, holds an address, a name or a word of the message.
pub async fn no_personal_data_is_printed(rig: &dyn Rig) -> Verdict {
    let sample = Sample::new(rig, 0)?;
    let accepted = accepted(send(rig, &sample).await?)?;
    debug_is_clean("Accepted", &accepted, &sample)?;
    debug_is_clean("Outgoing", &sample.message, &sample)?;
    let wrong = Sample::of_the_wrong_kind(rig)?;
    if let Err(error) = send(rig, &wrong).await? {
        error_is_clean(&error, &wrong)?;
    }
    for how in Misbehaviour::ALL {
        let Some((sample, Err(error))) = send_badly(rig, how).await? else { continue };
        error_is_clean(&error, &sample).map_err(|Broken(why)| Broken(format!("{how:?}: {why}")))?;
    }
    Ok(())
}

/// Every hand-over, good or bad, leaves a wire log that names what was answered, or how the line failed, and holds neither a
/// secret nor the address or a word of the message; and so does a question that was answered.
pub async fn what_was_said_is_kept_struck_out(rig: &dyn Rig) -> Verdict {
    let since = a_moment_ago();
    let sample = Sample::new(rig, 0)?;
    let sent = accepted(send(rig, &sample).await?)?;
    log_tells(rig, &sent.wire, "", &sample)?;
    let asked = within(rig, "find", rig.sender().find(&sample.lookup(since, &[]))).await?;
    let asked = asked.map_err(|error| Broken(format!("find fails although all is well: {error}")))?;
    log_is_clean(&asked.wire, &rig.secrets(), &sample)?;
    for how in Misbehaviour::ALL {
        let Some((sample, sent)) = send_badly(rig, how).await? else { continue };
        let (log, code) = match &sent {
            Ok(accepted) => (&accepted.wire, ""),
            Err(error) => (&error.wire, error.code.as_deref().unwrap_or_default()),
        };
        log_tells(rig, log, code, &sample).map_err(|Broken(why)| Broken(format!("{how:?}: {why}")))?;
    }
    Ok(())
}

fn log_tells(rig: &dyn Rig, log: &WireLog, code: &str, sample: &Sample) -> Verdict {
    let told =
        |marks: &[&str]| log.expose().iter().any(|line| marks.iter().any(|mark| line.starts_with(mark)));
    hold(told(&["> "]), || "the wire log does not tell what we said".to_owned())?;
    hold(told(&["< ", "! "]), || "the wire log tells neither an answer nor how the line failed".to_owned())?;
    let named = |word: &str| log.expose().iter().any(|line| line.starts_with("< ") && line.contains(word));
    hold(code.split_whitespace().all(named), || format!("the wire log does not name the answer {code}"))?;
    log_is_clean(log, &rig.secrets(), sample)
}

/// Sends one message under a misbehaviour, which is over when this returns. `None`: the provider cannot do it.
async fn send_badly(rig: &dyn Rig, how: Misbehaviour) -> Result<Option<(Sample, Sent)>, Broken> {
    if !rig.misbehave(how).await {
        return Ok(None);
    }
    let sample = Sample::new(rig, 0)?;
    let sent = send(rig, &sample).await;
    rig.behave().await;
    Ok(Some((sample, sent.map_err(|Broken(why)| Broken(format!("{how:?}: {why}")))?)))
}

pub(super) async fn send(rig: &dyn Rig, sample: &Sample) -> Result<Sent, Broken> {
    within(rig, "send", rig.sender().send(&sample.message)).await
}

async fn send_all(rig: &dyn Rig, samples: &[Sample]) -> Result<Vec<Sent>, Broken> {
    let all = samples.iter().map(|sample| rig.sender().send(&sample.message));
    // Together they may take as long as each in its turn.
    let turns = samples.len().div_ceil(rig.sender().limits().in_flight.max(1));
    let patience = rig.patience() * u32::try_from(turns).unwrap_or(u32::MAX);
    let late = |_| Broken(format!("{} sends did not return within {patience:?}", samples.len()));
    tokio::time::timeout(patience, join_all(all)).await.map_err(late)
}

async fn find(
    rig: &dyn Rig,
    sample: &Sample,
    since: Timestamp,
    known: &[ProviderRef],
) -> Result<Found, Broken> {
    let lookup = sample.lookup(since, known);
    let finding = within(rig, "find", rig.sender().find(&lookup)).await?;
    finding
        .map(|finding| finding.found)
        .map_err(|error| Broken(format!("find fails although all is well: {error}")))
}

pub(super) async fn within<T>(rig: &dyn Rig, what: &str, work: impl Future<Output = T>) -> Result<T, Broken> {
    let patience: Duration = rig.patience();
    tokio::time::timeout(patience, work)
        .await
        .map_err(|_| Broken(format!("{what} did not return within {patience:?}")))
}

/// Gives way this many times.
async fn turn(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

fn samples(rig: &dyn Rig, count: usize) -> Result<Vec<Sample>, Broken> {
    (0..count).map(|number| Sample::new(rig, u16::try_from(number % 1000).unwrap_or_default())).collect()
}

/// How many messages with this one's words the other side has.
async fn count(rig: &dyn Rig, sample: &Sample) -> usize {
    rig.taken().await.iter().filter(|taken| taken.words.contains(&sample.token)).count()
}

async fn is_there_whole(rig: &dyn Rig, sample: &Sample) -> Verdict {
    let taken = rig.taken().await;
    let mut ours = taken.iter().filter(|taken| taken.words.contains(&sample.token));
    let (Some(one), None) = (ours.next(), ours.next()) else {
        return Err(Broken(format!(
            "a message is on the other side {} times, not once",
            count(rig, sample).await
        )));
    };
    hold(one.to == sample.to, || "a message went to another recipient".to_owned())?;
    // Encodings may add a line break at the very end, and nothing else.
    let whole = one.words.trim_end_matches('\n') == sample.words.trim_end_matches('\n');
    hold(whole, || format!("the words changed on the way: {:?} became {:?}", sample.words, one.words))
}

fn is_ok(sent: &Sent) -> Verdict {
    match sent {
        Ok(accepted) => {
            hold(!accepted.reference.0.is_empty(), || "a taken message has no reference".to_owned())
        }
        Err(error) => Err(Broken(format!("a send failed although all is well: {error}"))),
    }
}

pub(super) fn accepted(sent: Sent) -> Result<Accepted, Broken> {
    is_ok(&sent)?;
    sent.map_err(|error| Broken(error.to_string()))
}

fn is_yes_of(found: &Found, reference: &ProviderRef) -> Verdict {
    let right = match found {
        Found::Yes(found) => found == reference,
        Found::No => false,
        Found::NotYet | Found::CannotTell => true,
    };
    hold(right, || format!("find says {found:?} of a message that was taken as {reference:?}"))
}

/// Providers tell whole seconds.
pub(super) fn a_moment_ago() -> Timestamp {
    Timestamp::now().saturating_sub(SignedDuration::from_secs(2)).unwrap_or(Timestamp::UNIX_EPOCH)
}
