-- A colleague's words in another language, and a carer's in English (R47), with the person who answers for them. The newest of a
-- message and language counts; an older one stays, for it may have been sent.

create table translation (
    id              uuid primary key,
    update_id       uuid references pupil_update,
    answer_id       uuid references answer,
    announcement_id uuid references announcement,
    received_id     uuid references received,
    language        text not null,          -- in lower case, with its script where that was named: pl, pa-guru
    title           text,
    words           text not null,
    by_machine      boolean not null,
    checked_by      text not null constraint translation_checked_by_a_person check (btrim(checked_by) <> ''),
    entered_by      text not null,
    entered_at      timestamptz not null,
    constraint translation_of_one_thing check (num_nonnulls(update_id, answer_id, announcement_id, received_id) = 1),
    constraint translation_titled_as_announcement check ((title is not null) = (announcement_id is not null))
);
create index translation_update on translation (update_id) where update_id is not null;
create index translation_answer on translation (answer_id) where answer_id is not null;
create index translation_announcement on translation (announcement_id) where announcement_id is not null;
create index translation_received on translation (received_id) where received_id is not null;

alter table translation enable row level security;
create policy daemon on translation to liaison_daemon using (true) with check (true);
grant select, insert on translation to liaison_daemon;
-- Whoever may read a message may read it in English.
create policy staff on translation for select to liaison_staff using (
    exists (select from reading g where g.received_id = translation.received_id));
grant select on translation to liaison_staff;

-- A call that was withdrawn, as its message was translated and went in writing, may have to be made after all when that fails.
drop index task_once;
create unique index task_once on task (update_id, carer_id, kind) where update_id is not null and state <> 'withdrawn';
drop index task_answer_once;
create unique index task_answer_once on task (answer_id, carer_id, kind) where answer_id is not null and state <> 'withdrawn';
drop index task_announcement_once;
create unique index task_announcement_once on task (announcement_id, carer_id, kind)
    where announcement_id is not null and state <> 'withdrawn';
