//! Turns a decision about one carer into rows: a delivery or a task, and the entry that tells it.

use sqlx::PgConnection;

use super::{FlowError, announcing::link_for, gateway::Gateway};
use crate::{
    domain::{
        announcement::AudienceKind,
        chronology::{Entry, kind},
        delivery::Carried,
        ids::{AddressId, CarerId, CaseId, ClassId, DeliveryId, PupilId, StandardId, TaskId},
        people::{Purpose, Route},
        policy::Policy,
        rights::LinkFacts,
        route::{About, Fired, MessageFacts, Plan, Unusable, choose, reads_english, reads_print},
        standard::{Meanwhile, StandardFacts, StandardKind},
        time::{Timestamp, school_date},
        wording::{interpreter, may_tell_meanwhile},
    },
    store::{
        cases, chronology,
        doubt::InDoubt,
        facts, letters,
        outbox::{self, NewDelivery},
        standard::{self, NewStandard, StandardOf},
        tasks::{self, NewTask},
    },
};

/// What is to be written, gathered over many carers and written at once.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) deliveries: Vec<NewDelivery>,
    pub(super) tasks: Vec<NewTask>,
    pub(super) left_out: Vec<Entry>,
    /// That something waits to be read to them: with the task that it tells of, and the message.
    meanwhile: Vec<(NewStandard, NewDelivery)>,
    choices: Vec<(uuid::Uuid, String)>,
    left_out_by: Vec<(uuid::Uuid, String)>,
}

/// Who is told what, and why now.
pub(super) struct Telling<'a> {
    pub(super) carried: Carried,
    /// The case it is said in.
    pub(super) case: Option<CaseId>,
    pub(super) message: &'a MessageFacts,
    pub(super) link: &'a LinkFacts,
    /// Routes that were tried already.
    pub(super) tried: &'a [Route],
    /// The delivery whose failure leads to this.
    pub(super) follows: Option<DeliveryId>,
    pub(super) actor: &'a str,
    pub(super) now: Timestamp,
}

impl Planned {
    /// Plans one carer; returns the plan for the caller's report.
    pub(super) fn add(&mut self, gateway: &Gateway, telling: &Telling<'_>) -> Plan {
        let policy = gateway.policy();
        let (plan, fired) = choose(
            telling.link,
            telling.message,
            &policy.never_by_text,
            gateway.carriers.set_up(),
            telling.tried,
            telling.now,
        );
        let rules = as_json(&fired, &policy);
        match &plan {
            Plan::Send(route) => self.send(gateway, telling, *route, rules),
            Plan::Task(route) => self.task(task(&policy, telling, *route), rules),
            Plan::LeftOut(_, why) => {
                let entry = Entry::now(
                    telling.now,
                    kind::LEFT_OUT,
                    format!("{}: left out, {why}", telling.message.purpose.in_words()),
                );
                self.left_out_by.push((entry.id.0, rules));
                self.left_out.push(about(entry, telling));
            }
            Plan::NoWay => self.task(no_way(&policy, telling, &fired), rules),
        }
        if fired.iter().any(|one| one.saw == Unusable::Language.sentence()) {
            self.tell_meanwhile(gateway, &policy, telling);
        }
        plan
    }

    fn send(&mut self, gateway: &Gateway, telling: &Telling<'_>, route: Route, rules: String) {
        let Some(channel) = gateway.carriers.of(route) else { return };
        let id = DeliveryId::new();
        self.choices.push((id.0, rules));
        self.deliveries.push(NewDelivery {
            id,
            carried: telling.carried,
            pupil: telling.link.pupil,
            carer: telling.link.carer,
            purpose: telling.message.purpose,
            route,
            channel: channel.as_str().to_owned(),
            not_before: telling.now,
            follows: telling.follows,
            task: None,
        });
    }

    /// Tells a carer whom a colleague will ring, in their own language, that something waits (R47).
    fn tell_meanwhile(&mut self, gateway: &Gateway, policy: &Policy, telling: &Telling<'_>) {
        let Some(task) =
            self.tasks.last().filter(|task| task.carried == Some(telling.carried)).map(|task| task.id)
        else {
            return;
        };
        // Who wrote to us was acknowledged, and that a restricted case is answered stands nowhere but there.
        let is_answer = telling.carried.answer().is_some();
        if policy.meanwhile == Meanwhile::Nothing || telling.follows.is_some() || is_answer {
            return;
        }
        if !may_tell_meanwhile(policy, &telling.link.language) {
            return;
        }
        let notice =
            MessageFacts::notice(StandardFacts { kind: StandardKind::Meanwhile, only_to: None, over: false });
        let by_hand = [Route::Call, Route::Letter];
        let set_up = gateway.carriers.set_up();
        let (plan, fired) =
            choose(telling.link, &notice, &policy.never_by_text, set_up, &by_hand, telling.now);
        let Plan::Send(route) = plan else { return };
        let Some(channel) = gateway.carriers.of(route) else { return };
        let (id, carer) = (StandardId::new(), telling.link.carer);
        let delivery = NewDelivery {
            id: DeliveryId::new(),
            carried: Carried::Standard(id),
            pupil: telling.link.pupil,
            carer,
            purpose: notice.purpose,
            route,
            channel: channel.as_str().to_owned(),
            not_before: telling.now,
            follows: None,
            task: None,
        };
        self.choices.push((delivery.id.0, as_json(&fired, policy)));
        self.meanwhile.push((NewStandard { id, carer, about: StandardOf::Task(task) }, delivery));
    }

    fn task(&mut self, task: NewTask, rules: String) {
        self.choices.push((task.id.0, rules));
        self.tasks.push(task);
    }

    /// Writes all of it, each with its entry, in the caller's transaction.
    pub(super) async fn write(
        mut self,
        connection: &mut PgConnection,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        let queued = outbox::insert(connection, &self.deliveries, now).await?;
        let opened = tasks::insert(connection, &self.tasks, now).await?;
        let mut queued: std::collections::HashSet<_> = queued.into_iter().collect();
        let opened: std::collections::HashSet<_> = opened.into_iter().collect();
        let tells =
            |notice: &NewStandard| matches!(notice.about, StandardOf::Task(task) if opened.contains(&task));
        let (notices, deliveries): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.meanwhile).into_iter().filter(|(notice, _)| tells(notice)).unzip();
        if !notices.is_empty() {
            standard::insert(connection, &notices, now).await?;
            queued.extend(outbox::insert(connection, &deliveries, now).await?);
            self.deliveries.extend(deliveries);
        }
        let new = |id: &uuid::Uuid| queued.contains(&DeliveryId(*id)) || opened.contains(&TaskId(*id));
        let choices = self.choices.into_iter().filter(|(id, _)| new(id));
        let choices: Vec<_> = choices.chain(self.left_out_by).collect();
        outbox::keep_choices(connection, &choices).await?;
        let mut entries = self.left_out;
        entries.extend(self.deliveries.iter().filter(|d| queued.contains(&d.id)).map(|d| {
            let again = if d.follows.is_some() { ", after another route failed" } else { "" };
            Entry::now(now, kind::QUEUED, format!("{} queued by {}{again}", d.purpose.in_words(), d.route))
                .by(actor)
                .about(d.carer, d.pupil)
                .carrying(d.carried)
                .delivery(d.id)
        }));
        entries.extend(
            self.tasks.iter().filter(|t| opened.contains(&t.id)).map(|t| opened_entry(t, actor, now)),
        );
        chronology::append(connection, &entries).await?;
        Ok(())
    }
}

/// The entry of a task that was opened.
pub(super) fn opened_entry(task: &NewTask, actor: &str, now: Timestamp) -> Entry {
    let mut entry = Entry::now(now, kind::TASK_OPENED, task.why.clone())
        .by(actor)
        .about(task.carer, task.pupil)
        .task(task.id)
        .carrying_any(task.carried);
    entry.case = task.case;
    entry.delivery = task.delivery;
    entry
}

fn about(entry: Entry, telling: &Telling<'_>) -> Entry {
    entry.by(telling.actor).about(telling.link.carer, telling.link.pupil).carrying(telling.carried)
}

fn task(policy: &Policy, telling: &Telling<'_>, route: Route) -> NewTask {
    let after = if telling.follows.is_some() { ", as another route failed" } else { "" };
    let what = telling.message.purpose.in_words();
    let why = match (route, interpreter(telling.link)) {
        (Route::Letter, _) => format!("post the {what} as a letter{after}"),
        (_, Some(language)) => {
            let or = if reads_english(&telling.link.language) { "" } else { ", or have it translated" };
            format!("ring with the {what}, with an interpreter for {language}{or}{after}")
        }
        _ => format!("ring with the {what}{after}"),
    };
    let why = match telling.link.format {
        // Why they are rung and not written to, and what whoever rings may offer.
        format if !reads_print(format) => format!("{why}: {}", Unusable::Format(format).sentence()),
        _ => why,
    };
    let (kind, role) = match (route, &telling.message.about) {
        (Route::Letter, _) => ("letter", "office"),
        // What goes to more than a class is not the class teacher's to ring about.
        (_, About::Announcement(announced)) if announced.to != AudienceKind::Class => ("call", "office"),
        _ => ("call", "teacher"),
    };
    new_task(policy, telling, kind, role, why)
}

fn no_way(policy: &Policy, telling: &Telling<'_>, fired: &[Fired]) -> NewTask {
    let tried: Vec<_> = fired
        .iter()
        .filter(|f| f.verdict == "next route")
        .map(|f| format!("{}: {}", f.rule, f.saw))
        .collect();
    let why = format!(
        "find a way to reach this carer with the {} ({})",
        telling.message.purpose.in_words(),
        tried.join("; ")
    );
    new_task(policy, telling, "check_address", "office", why)
}

fn new_task(
    policy: &Policy,
    telling: &Telling<'_>,
    kind: &'static str,
    role: &'static str,
    why: String,
) -> NewTask {
    NewTask {
        id: TaskId::new(),
        kind,
        role,
        class: telling.link.class,
        carer: telling.link.carer,
        pupil: telling.link.pupil,
        carried: Some(telling.carried),
        case: telling.case,
        delivery: telling.follows,
        address: None,
        why,
        // What is urgent is told on the same day, by whichever way.
        due: if telling.message.purpose == Purpose::Urgent {
            school_date(telling.now)
        } else {
            policy.task_due(telling.now)
        },
    }
}

/// Rules as JSON, for `explain`, with the version of the settings by which they were asked.
pub(super) fn as_json(fired: &[Fired], policy: &Policy) -> String {
    with_version(fired, policy.version())
}

/// The same, where the version is known.
pub(super) fn with_version(fired: &[Fired], version: &str) -> String {
    let by = Fired::by_settings(version);
    let all: Vec<_> = fired.iter().chain([&by]).collect();
    serde_json::to_string(&all).unwrap_or_else(|_| "[]".to_owned())
}

/// The next route for a carer whose message will not arrive by one: the same day, never a silent drop.
pub(super) async fn next_route(
    connection: &mut PgConnection,
    gateway: &Gateway,
    failed: &InDoubt,
    now: Timestamp,
) -> Result<(), FlowError> {
    if let Some(letter) = letters::to_print_again(connection, failed.id).await? {
        let (whose, carried) = ((failed.carer, failed.pupil), Some(failed.carried));
        return print_here(connection, letter, failed.id, whose, carried, now).await;
    }
    let whose = Whose { carried: failed.carried, carer: failed.carer, pupil: failed.pupil };
    another_way(connection, gateway, whose, Some(failed.id), "daemon", now).await
}

/// A letter that was handed over and will not be printed is the office's again: the route is right, only the printer failed.
pub(super) async fn print_here(
    connection: &mut PgConnection,
    letter: TaskId,
    delivery: DeliveryId,
    (carer, pupil): (CarerId, PupilId),
    carried: Option<Carried>,
    now: Timestamp,
) -> Result<(), FlowError> {
    let why = "it was handed over and will not be posted there: print and post it here";
    if !tasks::reopen(connection, letter, why).await? {
        return Ok(());
    }
    let entry = Entry::now(now, kind::TASK_OPENED, format!("a letter is the office's again: {why}"))
        .about(carer, pupil)
        .task(letter)
        .carrying_any(carried)
        .delivery(delivery);
    Ok(chronology::append(connection, &[entry]).await?)
}

/// What is to be said to whom about which pupil.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose {
    pub(super) carried: Carried,
    pub(super) carer: CarerId,
    pub(super) pupil: PupilId,
}

/// The carer's next route after those that were tried, whatever they were; `follows` is the delivery that failed, where it
/// began with one.
pub(super) async fn another_way(
    connection: &mut PgConnection,
    gateway: &Gateway,
    whose: Whose,
    follows: Option<DeliveryId>,
    actor: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let Some(message) = facts::message(connection, whose.carried).await? else { return Ok(()) };
    // An acknowledgement goes back the way the message came, or not at all; the case and its clock stand without it. A notice
    // of ours stands for nothing else: the call is made, and the address asked about looked into.
    if message.purpose == Purpose::Acknowledgement || whose.carried.standard().is_some() {
        return Ok(());
    }
    let case = cases::answered_in(connection, whose.carried).await?;
    let today = school_date(now);
    let link = link_for(connection, whose.carried, whose.carer, whose.pupil, message.purpose, today).await?;
    let Some(link) = link else { return Ok(()) };
    let tried = outbox::routes_tried(connection, whose.carried, whose.carer).await?;
    let mut planned = Planned::default();
    planned.add(
        gateway,
        &Telling {
            carried: whose.carried,
            case,
            message: &message,
            link: &link,
            tried: &tried,
            follows,
            actor,
            now,
        },
    );
    planned.write(connection, actor, now).await
}

/// The task to look into an address at which a message failed.
pub(super) fn check_address(policy: &Policy, failed: &InDoubt, why: &str, now: Timestamp) -> NewTask {
    let task = check(policy, (failed.carer, failed.pupil), None, why, now);
    NewTask { delivery: Some(failed.id), ..task }
}

/// What a teacher is told once a carer wants no more texts (R35): nobody is to wonder why the next update went another way.
pub(super) fn opted_out(
    policy: &Policy,
    (carer, pupil): (CarerId, PupilId),
    class: Option<ClassId>,
    now: Timestamp,
) -> NewTask {
    NewTask {
        kind: "opted_out",
        role: "teacher",
        class,
        ..check(
            policy,
            (carer, pupil),
            None,
            "this carer wants no more texts: they are told another way from now on",
            now,
        )
    }
}

/// The task for the office to look into an address.
pub(super) fn check(
    policy: &Policy,
    (carer, pupil): (CarerId, PupilId),
    address: Option<AddressId>,
    why: &str,
    now: Timestamp,
) -> NewTask {
    NewTask {
        id: TaskId::new(),
        kind: "check_address",
        role: "office",
        class: None,
        carer,
        pupil,
        carried: None,
        case: None,
        delivery: None,
        address,
        why: why.to_owned(),
        due: policy.task_due(now),
    }
}
