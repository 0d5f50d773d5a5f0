-- What arrives is kept as it came, before anything is decided, and never changed.

-- Where each mailbox, or provider's list of texts, has been read up to.
create table inbox (
    channel    text primary key,
    generation bigint not null,        -- UIDVALIDITY; 0 for a list of texts
    taken_to   bigint not null,        -- the last UID taken
    since      timestamptz not null,   -- the first connection: what was there before is not ours
    looked_at  timestamptz not null,   -- the last good look
    renumbered boolean not null default false   -- UIDVALIDITY has changed since the first connection
);

create table received (
    id          uuid primary key,
    channel     text not null,
    form        text not null,         -- how `raw` is to be read
    once        text not null,         -- the provider's id; for a mail the digest of its bytes
    raw         bytea not null,
    digest      bytea not null constraint received_digest_is_sha256 check (octet_length(digest) = 32),
    bytes       bigint not null,
    left_out    bigint not null default 0,   -- bytes beyond the largest mail that is taken
    generation  bigint,
    uid         bigint,
    received_at timestamptz not null,  -- when the school had it: the server's time, never later than our first sight
    kept_at     timestamptz not null,
    trouble     text,                  -- why it could not be taken as it is
    constraint received_once unique (channel, once)
);
-- Raw mails are stored as they are: compressing costs five times what storing costs.
alter table received alter column raw set storage external;
create trigger received_insert_only before update or delete or truncate on received
    for each statement execute function refuse_change();

-- What waits to be understood.
create table received_unread (
    received_id uuid primary key,      -- no foreign key: written beside its row, in the same transaction
    tries       smallint not null default 0
);

create function notify_received() returns trigger language plpgsql as $$
begin
    perform pg_notify('liaison_received', '');
    return null;
end $$;
create trigger received_waits after insert on received_unread for each statement execute function notify_received();

-- An inbound matter of one carer, never of a household. `case` is a word of SQL's own.
create table carer_case (
    id         uuid primary key,
    code       text not null constraint case_code_once unique,   -- for people, and in the subject of what we send
    carer_id   uuid not null references carer,
    pupil_id   uuid references pupil,  -- null: which child it is about is being asked
    link_pupil uuid not null,          -- the pupil on whose link the right to be answered rests
    update_id  uuid,                   -- the update it answers, if it is that
    kind       text not null constraint case_kind_known check (kind in ('query', 'thanks')),
    came_by    text not null constraint case_came_by_known check (came_by in ('email', 'text')),
    visibility text not null constraint case_visibility_known check (visibility in ('ordinary', 'restricted')),
    subject    text not null,
    role       text not null constraint case_role_known check (role in ('teacher', 'office', 'slt', 'dsl')),
    class_id   uuid references class,
    owner      text,                   -- a colleague it was given to by name
    state      text not null constraint case_state_known check (state in ('open', 'closed')),
    opened_at  timestamptz not null,
    last_at    timestamptz not null,
    closed_at  timestamptz,
    closed_by  text,
    outcome    text,
    constraint case_closed_when_not_open check ((state = 'closed') = (closed_at is not null)),
    constraint case_outcome_when_closed check (state = 'open' or (closed_by is not null and outcome is not null))
);
create index case_carer on carer_case (carer_id, last_at);
create index case_open on carer_case (last_at) where state = 'open';

-- A clock belongs to the message that started it, not to the thread.
create table clock (
    id          uuid primary key,
    case_id     uuid not null,
    received_id uuid not null,
    kind        text not null constraint clock_kind_known check (kind in ('answer', 'promise')),
    state       text not null constraint clock_state_known check
        (state in ('running', 'met', 'calendar_missing', 'closed')),
    started_at  timestamptz not null,
    due_at      timestamptz,
    due_day     date,
    days        smallint not null,
    words       text not null,         -- why it is due then
    calendar    text not null,         -- the version it was counted by
    rung        smallint not null default 0,   -- how far it has climbed: 0 class staff, 1 SLT
    met_at      timestamptz,
    met_by      uuid,                  -- the answer that stopped it
    ended_by    text,
    constraint clock_due_when_known check ((state = 'calendar_missing') = (due_at is null)),
    constraint clock_met_by_somebody check ((state in ('met', 'closed')) = (met_at is not null))
);
create unique index clock_promise_once on clock (case_id) where kind = 'promise' and state = 'running';
create index clock_case on clock (case_id);
create index clock_running on clock (due_at) where state = 'running';
create index clock_undated on clock (started_at) where state = 'calendar_missing';

-- What was made of it.
create table reading (
    received_id uuid primary key,
    kind        text not null constraint reading_kind_known check
        (kind in ('human', 'auto_reply', 'bounce', 'list', 'receipt', 'report', 'calendar', 'opt_out', 'opt_in', 'repeat',
                  'own', 'unreadable')),
    sender      text,
    subject     text,
    message_id  text,
    words       bytea,                 -- digest of the words: the same Message-ID with other words is another message
    carer_id    uuid,
    pupil_id    uuid,
    case_id     uuid,
    delivery_id uuid,                  -- the message of ours it is about or answers
    verdict     text not null,         -- what was made of it, one sentence
    answered    text not null,         -- whether it was acknowledged, or the rule by which it was not
    rules       text not null,         -- JSON of the rules that fired
    visibility  text not null constraint reading_visibility_known check (visibility in ('ordinary', 'restricted')),
    read_at     timestamptz not null
);
create index reading_message on reading (message_id) where message_id is not null;
create index reading_case on reading (case_id) where case_id is not null;
create index reading_read on reading (read_at);

-- What only a person can decide: who wrote, about which child.
create table question (
    id          uuid primary key,
    kind        text not null constraint question_kind_known check
        (kind in ('who_is_this', 'which_child', 'whose_reply', 'what_is_this')),
    received_id uuid not null,
    case_id     uuid,
    why         text not null,
    candidates  text not null,         -- JSON: carer, pupil, evidence
    role        text not null,
    visibility  text not null constraint question_visibility_known check (visibility in ('ordinary', 'restricted')),
    due         date not null,
    state       text not null constraint question_state_known check (state in ('open', 'answered', 'dismissed')),
    opened_at   timestamptz not null,
    closed_at   timestamptz,
    closed_by   text,
    outcome     text,
    constraint question_closed_when_not_open check ((state = 'open') = (closed_at is null)),
    constraint question_outcome_when_closed check (state = 'open' or (closed_by is not null and outcome is not null))
);
create index question_open on question (due, id) where state = 'open';
create index question_received on question (received_id);

alter table chronology_entry add column case_id uuid;
alter table chronology_entry add column received_id uuid;
create index entry_case on chronology_entry (case_id, id) where case_id is not null;

grant select, insert, update on inbox, carer_case, clock, reading, question to liaison_daemon;
grant select, insert on received to liaison_daemon;
grant select, insert, update, delete on received_unread to liaison_daemon;
