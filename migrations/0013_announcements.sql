-- A notice or newsletter, the same for everybody: written by a colleague for a class, a year or the school, approved by a
-- second one where the school's rule says so (R17), and made into messages when the time to take it back is over. Each leaves
-- by a delivery or task of its own, through the same outbox and the same gate as everything else.

create table announcement (
    id           uuid primary key,
    purpose      text not null constraint announcement_purpose_known check (purpose in ('newsletter', 'notice')),
    title        text not null constraint announcement_title_not_blank check (btrim(title) <> ''),
    words        text not null constraint announcement_words_not_blank check (btrim(words) <> ''),
    audience     text not null constraint announcement_audience_known check (audience in ('class', 'year', 'school')),
    class_id     uuid references class,
    year_group   text,
    version      bigint not null default 1 constraint announcement_version_counts check (version >= 1),
    author       text not null,              -- who wrote it first
    writers      text[] not null,            -- everybody whose words it may hold: none of them can approve it
    written_at   timestamptz not null,
    saved_at     timestamptz not null,       -- when this version was saved
    asked_at     timestamptz,                -- sent for approval, at this version
    asked_by     text,
    decision     text constraint announcement_decision_known check (decision in ('approved', 'declined')),
    decided_at   timestamptz,
    decided_by   text,
    decided_why  text,
    send_at      timestamptz,                -- queued: from then on its messages are made
    queued_by    text,
    sent_at      timestamptz,                -- its messages are made
    cancelled_at timestamptz,                -- what still waited was taken back, and nothing more is made
    cancelled_by text,
    constraint announcement_class_named check ((audience = 'class') = (class_id is not null)),
    constraint announcement_year_named check ((audience = 'year') = (year_group is not null)),
    constraint announcement_author_is_a_writer check (author = any (writers)),
    constraint announcement_asked_by_somebody check ((asked_at is null) = (asked_by is null)),
    constraint announcement_decided_by_somebody check
        ((decision is null) = (decided_at is null) and (decision is null) = (decided_by is null)),
    constraint announcement_decided_when_asked check (decision is null or asked_at is not null),
    constraint announcement_second_person_approves check (decision is distinct from 'approved' or decided_by <> all (writers)),
    constraint announcement_declined_for_a_reason check (decision is distinct from 'declined' or decided_why is not null),
    constraint announcement_queued_by_somebody check ((send_at is null) = (queued_by is null)),
    constraint announcement_declined_waits check (decision is distinct from 'declined' or send_at is null),
    constraint announcement_sent_was_queued check (sent_at is null or send_at is not null),
    constraint announcement_cancelled_by_somebody check ((cancelled_at is null) = (cancelled_by is null)),
    constraint announcement_cancelled_was_sent check (cancelled_at is null or sent_at is not null)
);
create index announcement_asked on announcement (id) where asked_at is not null and decision is null;
create index announcement_waits on announcement (send_at) where send_at is not null and sent_at is null;

-- No foreign keys: the row is locked in the transaction that writes these, and a check per row would cost more than the row.
alter table delivery add column announcement_id uuid;
alter table delivery drop constraint delivery_carries_one_thing;
alter table delivery add constraint delivery_carries_one_thing check
    (num_nonnulls(update_id, answer_id, announcement_id) = 1);
-- One message to a carer, however many of the carer's children it is about.
create unique index delivery_announcement_once on delivery (announcement_id, carer_id, route)
    where announcement_id is not null;

alter table task add column announcement_id uuid;
create unique index task_announcement_once on task (announcement_id, carer_id, kind) where announcement_id is not null;

alter table chronology_entry add column announcement_id uuid;
create index entry_announcement on chronology_entry (announcement_id, id) where announcement_id is not null;

create index pupil_year on pupil (year_group);

alter table announcement enable row level security;
create policy daemon on announcement to liaison_daemon using (true) with check (true);
grant select, insert, update on announcement to liaison_daemon;
-- Whoever sees the school sees all of them; a teacher those for their own classes, and what they wrote.
create policy staff on announcement for select to liaison_staff using (
    (select liaison_sees_school())
    or class_id = any ((select liaison_my_classes())::uuid[])
    or author = (select liaison_me())::text);
grant select on announcement to liaison_staff;

-- Each step that was taken towards a carer; the last one, by id, is how far it is with that carer.
create view announcement_step with (security_invoker = true) as
select announcement_id, carer_id, id,
       case state when 'submitted' then 'sent'
                  when 'delivered' then 'arrived'
                  when 'failed' then 'not_reached'
                  when 'refused' then 'left_out'
                  when 'cancelled' then 'taken_back'
                  else 'waits' end as stage,
       reason as why
from delivery
union all
select announcement_id, carer_id, id,
       case when state = 'open' and kind = 'call' then 'to_ring'
            when state = 'open' and kind = 'letter' then 'to_post'
            when state = 'done' and kind in ('call', 'letter') then 'told'
            when state = 'withdrawn' then 'left_out'
            else 'not_reached' end,
       case when state = 'withdrawn' then outcome else why end
from task
where kind in ('call', 'letter', 'check_address')
union all
select announcement_id, carer_id, id, 'left_out', sentence
from chronology_entry
where kind = 'left_out' and carer_id is not null;
grant select on announcement_step to liaison_daemon, liaison_staff;
