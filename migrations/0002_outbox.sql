-- What is to be said, to whom, by which route, and how far each message has come.

create table pupil_update (
    id        uuid primary key,
    pupil_id  uuid not null references pupil,
    week      date not null constraint update_week_is_monday check (extract(isodow from week) = 1),
    body      text not null constraint update_body_not_blank check (btrim(body) <> ''),
    sensitive boolean not null default false,
    author    text not null,
    queued_at timestamptz not null,
    constraint update_once unique (pupil_id, week)
);

-- One row is one message to one carer by one route. The row is the outbox: no job table beside it.
create table delivery (
    id           uuid primary key,
    update_id    uuid not null references pupil_update,
    pupil_id     uuid not null references pupil,
    carer_id     uuid not null references carer,
    purpose      text not null,
    route        text not null constraint delivery_route_sends check (route in ('email', 'text')),
    channel      text not null,
    state        text not null constraint delivery_state_known check
        (state in ('queued', 'submitting', 'submitted', 'delivered', 'failed', 'unknown', 'refused', 'cancelled')),
    not_before   timestamptz not null,
    tries        smallint not null default 0,
    holder       uuid,           -- the daemon that has claimed or submitted it; a lease, see daemon.seen_at
    wire_since   timestamptz,    -- on the wire, or in doubt, since
    wire_body    text,           -- the words of a text as they were submitted, to ask the provider about
    address_id   uuid,           -- no foreign key: chosen from the table in the transaction that writes it, thousands a second
    settled_at   timestamptz,
    provider_ref text,
    fault        text,
    reason       text,           -- one plain sentence: why refused, failed, cancelled or waiting
    maybe_twice  boolean not null default false,
    follows      uuid references delivery,
    queued_at    timestamptz not null,
    constraint delivery_once unique (update_id, carer_id, route),
    constraint delivery_wire_when_in_flight check ((state in ('submitting', 'unknown')) = (wire_since is not null)),
    constraint delivery_settled_when_final check
        ((state in ('submitted', 'delivered', 'failed', 'refused', 'cancelled')) = (settled_at is not null)),
    constraint delivery_counted_when_tried check (tries > 0 or state in ('queued', 'refused', 'cancelled')),
    constraint delivery_named_when_taken check (state not in ('submitted', 'delivered') or provider_ref is not null),
    constraint delivery_fault_when_failed check ((state = 'failed') = (fault is not null)),
    constraint delivery_reason_when_stopped check (state not in ('failed', 'refused', 'cancelled') or reason is not null)
) with (fillfactor = 50);   -- each row is rewritten three times on its way; room on its own page keeps that cheap

-- Why a route was chosen: JSON of the rules with their inputs, for a delivery or a task. Apart, so that the row that
-- moves stays small.
create table choice (
    subject_id uuid primary key,
    rules      text not null
);
create index delivery_due on delivery (channel, not_before, id) where state = 'queued';
create index delivery_in_flight on delivery (wire_since) where state in ('submitting', 'unknown');
create index delivery_provider_ref on delivery (provider_ref) where route = 'text' and provider_ref is not null;

-- No foreign key: written with the delivery's own row locked, and a check per row would cost more than the row.
create table attempt (
    delivery_id uuid not null,
    try_no      smallint not null,
    channel     text not null,
    started_at  timestamptz not null,
    ended_at    timestamptz not null,
    outcome     text not null constraint attempt_outcome_known check
        (outcome in ('accepted', 'not_sent', 'in_doubt', 'refused')),
    fault       text,
    code        text,
    said        text,            -- the provider's own words
    gate        text,            -- JSON: the rules that let or stopped it, with their inputs
    primary key (delivery_id, try_no)
);

-- What a provider told us later. Every status is kept, once; none swallows another.
create table receipt (
    channel      text not null,
    provider_ref text not null,
    status       text not null,
    code         text not null default '',
    delivery_id  uuid references delivery,
    received_at  timestamptz not null,
    moved        boolean not null,
    primary key (channel, provider_ref, status, code)
);

-- A daemon is alive while it says so. What a dead one claimed goes back; what it had on the wire is in doubt.
create table daemon (
    id         uuid primary key,
    started_at timestamptz not null,
    seen_at    timestamptz not null,
    stopped_at timestamptz
);

-- The server this database lives on. On another one it was restored or copied, and must not send by itself.
create table home (
    here   boolean primary key default true constraint home_is_one check (here),
    server text not null
);

-- Nothing leaves by a held scope: 'all', or one channel.
create table hold (
    scope  text primary key,
    reason text not null,
    set_by text not null,
    set_at timestamptz not null
);

-- One statement-level notice per insert wakes the outbox worker; polling stays as a net.
create function notify_outbox() returns trigger language plpgsql as $$
begin
    perform pg_notify('liaison_outbox', '');
    return null;
end $$;
create trigger delivery_queued after insert on delivery for each statement execute function notify_outbox();
create trigger hold_lifted after delete on hold for each statement execute function notify_outbox();
