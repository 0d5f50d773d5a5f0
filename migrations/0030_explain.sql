-- Why something is as it is: the settings that counted when it was decided, and who may read the rules that fired.

-- The settings, calendar and words that were in force, each version from when a program first worked by it. Decisions name
-- the digest. Rows are never changed; the same settings again are the same version.
create table policy_version (
    digest        text primary key,    -- the first 12 hexadecimal digits of SHA-256 over the settings
    settings      text not null,       -- JSON; addresses only as digests
    calendar      text not null,       -- the version that clocks name; `none` without a calendar
    first_used_at timestamptz not null
);

create trigger policy_version_insert_only before update or delete or truncate on policy_version
    for each statement execute function refuse_change();

alter table policy_version enable row level security;
create policy daemon on policy_version to liaison_daemon using (true) with check (true);
grant select, insert on policy_version to liaison_daemon;
create policy staff on policy_version for select to liaison_staff using ((select liaison_me()) is not null);
grant select (digest, calendar, first_used_at) on policy_version to liaison_staff;

-- By which settings a clock was last dated; null: before this was kept.
alter table clock add column settings text;

-- Who was left out, and why a clock climbed, is decided by rules too: they stand under the entry that tells it.
alter policy staff on choice using (
    exists (select from delivery d where d.id = subject_id) or exists (select from task t where t.id = subject_id)
    or exists (select from chronology_entry e where e.id = subject_id));

-- What a provider reported of a message is for those who may read of the message.
alter table receipt enable row level security;
create policy daemon on receipt to liaison_daemon using (true) with check (true);
create policy staff on receipt for select to liaison_staff using (
    exists (select from delivery d where d.id = delivery_id));
grant select on receipt to liaison_staff;
