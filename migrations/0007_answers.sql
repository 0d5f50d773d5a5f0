-- What is said in a case: an acknowledgement by Liaison or a reply by a colleague. Each leaves by a delivery of its own,
-- through the same outbox and the same gate as a pupil's update.

create table answer (
    id            uuid primary key,
    case_id       uuid not null,       -- carer_case; written in the same transaction
    received_id   uuid not null,       -- what it answers
    purpose       text not null constraint answer_purpose_known check (purpose in ('acknowledgement', 'reply')),
    words         text,                -- a reply's words; an acknowledgement's are made from the facts
    sensitive     boolean not null default false,
    due_day       date,                -- the day an acknowledgement names; none while the calendar has no such day
    holiday       boolean not null default false,
    came_by       text not null constraint answer_came_by_known check (came_by in ('email', 'text')),
    address_id    uuid,                -- an acknowledgement goes back to the very address that wrote
    to_domain     text,                -- of that address, for the caps
    in_reply_to   text,                -- Message-IDs for threading (RFC 5322 3.6.4)
    thread        text[] not null default '{}',
    author        text not null,
    written_at    timestamptz not null,
    constraint answer_reply_has_words check ((purpose = 'reply') = (words is not null))
);
create unique index answer_acknowledged_once on answer (received_id) where purpose = 'acknowledgement';
create index answer_case on answer (case_id);
create index answer_recent_acknowledgements on answer (written_at) where purpose = 'acknowledgement';

alter table delivery alter column update_id drop not null;
alter table delivery add column answer_id uuid;
alter table delivery add constraint delivery_carries_one_thing check (num_nonnulls(update_id, answer_id) = 1);
create unique index delivery_answer_once on delivery (answer_id, carer_id, route) where answer_id is not null;

alter table task add column answer_id uuid;
alter table task add column case_id uuid;
create unique index task_answer_once on task (answer_id, carer_id, kind) where answer_id is not null;

-- Marks a Reply-To so that an answer to it is known again. It only proposes whose mail it is, so it may live here.
create table reply_key (
    here boolean primary key default true constraint reply_key_is_one check (here),
    key  bytea not null constraint reply_key_long_enough check (octet_length(key) = 32)
);

grant select, insert on answer, reply_key to liaison_daemon;
