-- What tells that a channel is well although nothing failed (R66): mailboxes counted with their server, a probe mail that comes
-- back, and an alarm when neither is so.

-- When, and up to which UID, what was taken was last compared with what lies in the mailbox; what was taken since; and what was
-- found to be passed over then, and is read again once.
alter table inbox add column compared_at timestamptz;
alter table inbox add column compared_to bigint not null default 0;
alter table inbox add column taken bigint[] not null default '{}';
alter table inbox add column passed_over bigint[] not null default '{}';
-- Why somebody was told that this mailbox is silent; none: it is well.
alter table inbox add column silent_since timestamptz;

create table probe (
    id         uuid primary key,
    channel    text not null,              -- the mailbox it is to prove
    day        date not null,              -- of the school
    first_at   timestamptz not null,       -- the first try of the day
    sent_at    timestamptz not null,
    went       text not null default 'no' constraint probe_went_known check (went in ('no', 'taken', 'refused')),
    came_at    timestamptz,
    came_by    text,                       -- the mailbox that brought it back
    alarmed_at timestamptz,
    constraint probe_once_a_day unique (channel, day)
);
create index probe_open on probe (sent_at) where came_at is null and alarmed_at is null;
grant select, insert, update on probe to liaison_daemon;

alter table staff_notice drop constraint notice_kind_known;
alter table staff_notice add constraint notice_kind_known check
    (kind in ('dsl_alert', 'breach', 'digest', 'sending_stopped', 'texts_stopped', 'mail_silent'));
