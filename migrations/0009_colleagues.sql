-- Who may sign in, and what each colleague may see. Pages read as liaison_staff under row-level security keyed on the
-- signed-in colleague: a page that forgets a WHERE still shows nothing that it should not. All writing is liaison_daemon's.

alter table staff add column disabled_at timestamptz;

-- What proves who signs in. Pages never read it.
create table staff_account (
    staff_id          uuid primary key references staff,
    password          text,               -- argon2id, PHC string; null: no password is set yet
    password_set_at   timestamptz,
    must_change       boolean not null default false,   -- the password was made by somebody else
    totp_secret       bytea,              -- shared with the authenticator app
    totp_confirmed_at timestamptz,
    totp_last_step    bigint,             -- a code is good once
    constraint account_password_dated check ((password is null) = (password_set_at is null)),
    constraint account_totp_confirmed_has_secret check (totp_confirmed_at is null or totp_secret is not null)
);

create table recovery_code (
    staff_id uuid not null references staff,
    digest   bytea not null,
    used_at  timestamptz,
    primary key (staff_id, digest)
);

create table staff_session (
    digest        bytea primary key,      -- SHA-256 of the cookie's token; the token itself is kept nowhere
    staff_id      uuid not null references staff,
    form_key      bytea not null,         -- marks this session's forms
    second_factor boolean not null,       -- whether a second factor was given
    made_at       timestamptz not null,
    seen_at       timestamptz not null,
    ends_at       timestamptz not null
);
create index session_staff on staff_session (staff_id);

-- A form that was sent: pressing twice does it once.
create table form_sent (
    once     uuid primary key,
    staff_id uuid not null references staff,
    path     text not null,
    sent_at  timestamptz not null,
    answer   text                         -- where the browser was sent to; null while it is being done
);
create index form_sent_at on form_sent (sent_at);

-- A colleague's own family: hidden from them whatever their role.
create table conflict_of_interest (
    staff_id    uuid not null references staff,
    pupil_id    uuid not null references pupil,
    recorded_at timestamptz not null,
    recorded_by text not null,
    primary key (staff_id, pupil_id)
);

do $$
begin
    if not exists (select from pg_roles where rolname = 'liaison_staff') then
        create role liaison_staff nologin;
    end if;
exception when duplicate_object or unique_violation then null;   -- another database of this server made it just now
end $$;
do $$
begin
    execute format('grant liaison_staff to %I', current_user);
    execute format('grant usage on schema %I to liaison_staff', current_schema());
end $$;

grant select, insert, update on staff_account, recovery_code, staff_session, form_sent, conflict_of_interest
    to liaison_daemon;
grant delete on recovery_code, staff_session, form_sent, conflict_of_interest, class_staff to liaison_daemon;

-- The signed-in colleague; null when there is none, and then nothing is seen.
create function liaison_me() returns uuid language sql stable
    as $$ select nullif(current_setting('liaison.staff', true), '')::uuid $$;

create function liaison_is(wanted text) returns boolean language sql security definer stable
    set search_path from current
    as $$ select exists (select from staff
                         where id = liaison_me() and disabled_at is null and wanted = any(roles)) $$;

-- Whoever sees every class.
create function liaison_sees_school() returns boolean language sql security definer stable
    set search_path from current
    as $$ select exists (select from staff
                         where id = liaison_me() and disabled_at is null
                           and roles && array['office', 'slt', 'dsl']) $$;

-- A teacher's classes.
create function liaison_my_classes() returns uuid[] language sql security definer stable
    set search_path from current
    as $$ select coalesce(array_agg(c.class_id), '{}')
          from class_staff c
          join staff s on s.id = c.staff_id and s.disabled_at is null and 'teacher' = any(s.roles)
          where c.staff_id = liaison_me() $$;

-- The pupils of the colleague's own family: those named, and every child who shares a carer with one of them.
create function liaison_own_family() returns uuid[] language sql security definer stable
    set search_path from current
    as $$ select coalesce(array_agg(distinct sibling.pupil_id), '{}')
          from conflict_of_interest f
          join link own on own.pupil_id = f.pupil_id
          join link sibling on sibling.carer_id = own.carer_id or sibling.pupil_id = f.pupil_id
          where f.staff_id = liaison_me() $$;

create function liaison_own_carers() returns uuid[] language sql security definer stable
    set search_path from current
    as $$ select coalesce(array_agg(distinct carer_id), '{}') from link
          where pupil_id = any((select liaison_own_family())::uuid[]) $$;

-- The daemon sees all; a colleague what the policy named `staff` allows. A table without one shows a colleague nothing.
do $$
declare
    named text;
begin
    foreach named in array array[
        'class', 'staff', 'class_staff', 'pupil', 'carer', 'link', 'restriction', 'address', 'carer_address', 'preference',
        'pupil_update', 'delivery', 'choice', 'attempt', 'task', 'hold', 'daemon', 'inbox',
        'chronology_entry', 'chronology_body', 'chronology_seal', 'chronology_unsealed',
        'answer', 'carer_case', 'clock', 'reading', 'question']
    loop
        execute format('alter table %I enable row level security', named);
        execute format('create policy daemon on %I to liaison_daemon using (true) with check (true)', named);
    end loop;
end $$;

grant select on class, class_staff, pupil, carer, link, address, carer_address, preference, pupil_update, delivery,
    choice, attempt, task, hold, daemon, inbox, chronology_entry, chronology_body, chronology_seal, chronology_unsealed,
    answer, carer_case, clock, reading, question to liaison_staff;
grant select (id, name, email, roles, disabled_at) on staff to liaison_staff;
-- Not where an order is filed.
grant select (id, link_id, kind, starts, ends, recorded_at, recorded_by) on restriction to liaison_staff;

create policy staff on class for select to liaison_staff using ((select liaison_me()) is not null);
create policy staff on staff for select to liaison_staff using ((select liaison_me()) is not null);
create policy staff on class_staff for select to liaison_staff using ((select liaison_me()) is not null);
create policy staff on hold for select to liaison_staff using ((select liaison_me()) is not null);
create policy staff on daemon for select to liaison_staff using ((select liaison_me()) is not null);
create policy staff on inbox for select to liaison_staff using ((select liaison_me()) is not null);

create policy staff on pupil for select to liaison_staff using (
    ((select liaison_sees_school()) or class_id = any ((select liaison_my_classes())::uuid[]))
    and id <> all ((select liaison_own_family())::uuid[]));
create policy staff on link for select to liaison_staff using (
    exists (select from pupil p where p.id = pupil_id)
    and carer_id <> all ((select liaison_own_carers())::uuid[]));
create policy staff on carer for select to liaison_staff using (
    ((select liaison_sees_school()) or exists (select from link l where l.carer_id = carer.id))
    and id <> all ((select liaison_own_carers())::uuid[]));
create policy staff on restriction for select to liaison_staff using (
    exists (select from link l where l.id = link_id));
create policy staff on carer_address for select to liaison_staff using (
    exists (select from carer c where c.id = carer_id));
-- Where a family lives is for those who post letters. A number or mailbox of the class is for its teacher.
create policy staff on address for select to liaison_staff using (
    exists (select from carer_address ca where ca.address_id = address.id)
    and (kind <> 'postal' or (select liaison_sees_school())));
create policy staff on preference for select to liaison_staff using (
    exists (select from carer c where c.id = carer_id));
create policy staff on pupil_update for select to liaison_staff using (
    exists (select from pupil p where p.id = pupil_id));

create policy staff on carer_case for select to liaison_staff using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and exists (select from carer c where c.id = carer_id)
    and exists (select from pupil p where p.id = coalesce(pupil_id, link_pupil)));
create policy staff on clock for select to liaison_staff using (
    exists (select from carer_case c where c.id = case_id));
create policy staff on answer for select to liaison_staff using (
    exists (select from carer_case c where c.id = case_id));
-- What belongs to no case yet is the office's, and only a DSL's where it is restricted.
create policy staff on reading for select to liaison_staff using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and (carer_id is null or exists (select from carer c where c.id = carer_id))
    and (pupil_id is null or exists (select from pupil p where p.id = pupil_id))
    and ((select liaison_sees_school()) or exists (select from carer_case c where c.id = case_id)));
create policy staff on question for select to liaison_staff using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and (case_id is null or exists (select from carer_case c where c.id = case_id))
    and ((select liaison_sees_school()) or case_id is not null));

create policy staff on delivery for select to liaison_staff using (
    exists (select from pupil p where p.id = pupil_id)
    and exists (select from carer c where c.id = carer_id)
    and (answer_id is null or exists (select from answer a where a.id = answer_id)));
create policy staff on attempt for select to liaison_staff using (
    exists (select from delivery d where d.id = delivery_id));
create policy staff on task for select to liaison_staff using (
    (role <> 'dsl' or (select liaison_is('dsl')))
    and exists (select from pupil p where p.id = pupil_id)
    and exists (select from carer c where c.id = carer_id)
    and (case_id is null or exists (select from carer_case c where c.id = case_id)));
create policy staff on choice for select to liaison_staff using (
    exists (select from delivery d where d.id = subject_id) or exists (select from task t where t.id = subject_id));

create policy staff on chronology_entry for select to liaison_staff using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and (pupil_id is null or exists (select from pupil p where p.id = pupil_id))
    and (carer_id is null or exists (select from carer c where c.id = carer_id))
    and (pupil_id is not null or carer_id is not null or (select liaison_sees_school())));
create policy staff on chronology_body for select to liaison_staff using (
    exists (select from chronology_entry e where e.id = entry_id));
create policy staff on chronology_seal for select to liaison_staff using (
    (select liaison_is('governor')) or (select liaison_is('slt')) or (select liaison_is('dsl')));
create policy staff on chronology_unsealed for select to liaison_staff using (
    (select liaison_is('governor')) or (select liaison_is('slt')) or (select liaison_is('dsl')));

-- Raw mails are written by COPY, which Postgres refuses on a table with row-level security. So a colleague has no right to
-- that table and reads this view. The function runs as whoever asks, so what it finds is what that colleague may see.
create function liaison_sees_reading(wanted uuid) returns boolean language sql stable
    as $$ select exists (select from reading where received_id = wanted) $$;
create view received_seen with (security_barrier) as
select id, channel, form, raw, bytes, left_out, received_at, kept_at, trouble
from received
where liaison_sees_reading(id);
grant select on received_seen to liaison_staff;

-- The same facts for the gate and for a page: each reader by their own rights.
alter view link_facts set (security_invoker = true);
grant select on link_facts to liaison_staff;
grant select on received_seen to liaison_daemon;
