-- What a colleague is writing about a pupil's week. One draft for a pupil and a week; every save is a new version, so that
-- an older tab is noticed and overwrites nothing. One that is queued waits until its time to be taken back is over, and only
-- then becomes an update with its messages.

create table draft (
    id        uuid primary key,
    pupil_id  uuid not null references pupil,
    week      date not null constraint draft_week_is_monday check (extract(isodow from week) = 1),
    words     text not null,               -- may be empty
    sensitive boolean not null default false,
    praise    boolean not null default false,
    version   bigint not null constraint draft_version_counts check (version >= 1),
    author    text not null,               -- who saved this version
    saved_at  timestamptz not null,
    send_at   timestamptz,                 -- queued: from then on it leaves
    sent_by   text,                        -- who queued it
    update_id uuid,                        -- what it became
    trouble   text,                        -- why it could not become one, as a sentence
    constraint draft_once unique (pupil_id, week),
    constraint draft_queued_by_somebody check ((send_at is null) = (sent_by is null)),
    constraint draft_sent_was_queued check (update_id is null or send_at is not null)
);
create index draft_waits on draft (send_at) where send_at is not null and update_id is null;

alter table pupil_update add column praise boolean not null default false;

alter table draft enable row level security;
create policy daemon on draft to liaison_daemon using (true) with check (true);
grant select, insert, update on draft to liaison_daemon;
create policy staff on draft for select to liaison_staff using (exists (select from pupil p where p.id = pupil_id));
grant select on draft to liaison_staff;
