-- What colleagues do with a case: its kind, its hand-off, the divert to the DSL, and who sees what of it afterwards.

alter table carer_case drop constraint case_kind_known;
alter table carer_case add constraint case_kind_known check
    (kind in ('query', 'attendance', 'medical', 'concern', 'complaint', 'thanks', 'safeguarding'));

-- Whether a reply is said to be all that was promised: only then does it stop the clock of a promise.
alter table answer add column full_answer boolean not null default false;
update answer set full_answer = true where purpose = 'reply' and due_day is null;

-- Entries that were for everybody when they were written, and are the DSL's since a divert. An entry is never changed, so
-- that it is hidden stands beside it.
create table entry_hidden (
    entry_id uuid primary key,
    since    timestamptz not null,
    by       text not null,
    reason   text not null
);
create trigger hidden_insert_only before update or delete or truncate on entry_hidden
    for each statement execute function refuse_change();

-- Where a restricted case went on: a reference in the school's safeguarding system, or why it needs none. The last row counts.
create table hand_off (
    id          uuid primary key,
    case_id     uuid not null references carer_case,
    system      text constraint hand_off_system_known check (system in ('CPOMS', 'Engage')),
    reference   text constraint hand_off_reference_not_blank check (btrim(reference) <> ''),
    not_needed  text constraint hand_off_reason_not_blank check (btrim(not_needed) <> ''),
    recorded_at timestamptz not null,
    recorded_by text not null,
    constraint hand_off_system_has_reference check ((system is null) = (reference is null)),
    constraint hand_off_one_or_the_other check (num_nonnulls(reference, not_needed) = 1)
);
create index hand_off_case on hand_off (case_id);
create trigger hand_off_insert_only before update or delete or truncate on hand_off
    for each statement execute function refuse_change();

alter table entry_hidden enable row level security;
create policy daemon on entry_hidden to liaison_daemon using (true) with check (true);
grant select, insert on entry_hidden to liaison_daemon;
-- Every reader must find that an entry is hidden, else it is not; why and by whom is nobody's but the daemon's to read.
create policy staff on entry_hidden for select to liaison_staff using (true);
grant select (entry_id) on entry_hidden to liaison_staff;

alter table hand_off enable row level security;
create policy daemon on hand_off to liaison_daemon using (true) with check (true);
grant select, insert on hand_off to liaison_daemon;
create policy staff on hand_off for select to liaison_staff using (
    (select liaison_is('dsl')) and exists (select from carer_case c where c.id = case_id));
grant select on hand_off to liaison_staff;

-- A colleague whose account is disabled is nobody.
create or replace function liaison_me() returns uuid language sql security definer stable
    set search_path from current
    as $$ select id from staff
          where id = nullif(current_setting('liaison.staff', true), '')::uuid and disabled_at is null $$;

-- A child without a recorded carer is its family's too.
create or replace function liaison_own_family() returns uuid[] language sql security definer stable
    set search_path from current
    as $$ select coalesce(array_agg(distinct own.pupil_id), '{}')
          from (select f.pupil_id from conflict_of_interest f where f.staff_id = liaison_me()
                union all
                select sibling.pupil_id
                from conflict_of_interest f
                join link parent on parent.pupil_id = f.pupil_id
                join link sibling on sibling.carer_id = parent.carer_id
                where f.staff_id = liaison_me()) own $$;

-- Whether something is the DSL's by what it is about, whatever it was when it was told: a case, a message, a delivery, a task.
-- One function and no policies within policies, which would be planned anew in each other many times over.
create function liaison_is_dsls(in_case uuid, message uuid, sent uuid, asked uuid) returns boolean
    language sql security definer stable set search_path from current
    as $$ select exists (select from carer_case c where c.id = in_case and c.visibility = 'restricted')
              or exists (select from reading g left join carer_case c on c.id = g.case_id
                         where g.received_id = message and (g.visibility = 'restricted' or c.visibility = 'restricted'))
              or exists (select from delivery d join answer a on a.id = d.answer_id join carer_case c on c.id = a.case_id
                         where d.id = sent and c.visibility = 'restricted')
              or exists (select from task t
                         left join delivery d on d.id = t.delivery_id
                         left join answer a on a.id = coalesce(t.answer_id, d.answer_id)
                         left join carer_case c on c.id = coalesce(t.case_id, a.case_id)
                         where t.id = asked and (t.role = 'dsl' or c.visibility = 'restricted')) $$;

-- A case that becomes restricted takes with it all that belongs to it.
drop policy staff on reading;
create policy staff on reading for select to liaison_staff using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and (carer_id is null or exists (select from carer c where c.id = carer_id))
    and (pupil_id is null or exists (select from pupil p where p.id = pupil_id))
    and (case_id is null or exists (select from carer_case c where c.id = case_id))
    and ((select liaison_sees_school()) or case_id is not null));
drop policy staff on question;
create policy staff on question for select to liaison_staff using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and (case_id is null or exists (select from carer_case c where c.id = case_id))
    and ((select liaison_is('dsl')) or not liaison_is_dsls(null, received_id, null, null))
    and ((select liaison_sees_school()) or case_id is not null));
drop policy staff on task;
create policy staff on task for select to liaison_staff using (
    (role <> 'dsl' or (select liaison_is('dsl')))
    and exists (select from pupil p where p.id = pupil_id)
    and exists (select from carer c where c.id = carer_id)
    and (case_id is null or exists (select from carer_case c where c.id = case_id))
    and ((select liaison_is('dsl')) or num_nonnulls(answer_id, delivery_id) = 0
         or not liaison_is_dsls(null, null, null, id)));
drop policy staff on chronology_entry;
create policy staff on chronology_entry for select to liaison_staff using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and (pupil_id is null or exists (select from pupil p where p.id = pupil_id))
    and (carer_id is null or exists (select from carer c where c.id = carer_id))
    and (pupil_id is not null or carer_id is not null or (select liaison_sees_school()))
    and ((select liaison_is('dsl'))
         or (not exists (select from entry_hidden h where h.entry_id = chronology_entry.id)
             -- What a diverted case still brings about is told as an ordinary event.
             and (num_nonnulls(case_id, received_id) = 0 and (update_id is not null or num_nonnulls(delivery_id, task_id) = 0)
                  or not liaison_is_dsls(case_id, received_id, delivery_id, task_id)))));
