-- What is restricted, and what may be of a colleague's own family, is so wherever it is told. In the way of 0019: rights are
-- lists or answers found once a query, and a function's own queries are planned once a session.

-- The pupil by whom staff of a class see a case.
create function liaison_case_pupil(in_case uuid) returns uuid
language plpgsql stable security definer set search_path from current as $$
begin
    return (select coalesce(pupil_id, link_pupil) from carer_case where id = in_case);
end $$;
revoke execute on function liaison_case_pupil(uuid) from public;
grant execute on function liaison_case_pupil(uuid) to liaison_staff, liaison_daemon;

-- The carers who may have written a message: whoever has its address, and whoever is proposed. A colleague does not read what
-- may be their own family's before somebody else has said whose it is.
alter table reading add column may_be uuid[] not null default '{}';
alter table question add column may_be uuid[] not null default '{}';
update reading g set may_be = found.carers
from (select r.received_id, array_agg(distinct c.carer_id) as carers
      from reading r
      join (select q.received_id, (m ->> 'carer')::uuid as carer_id
            from question q cross join json_array_elements(q.candidates::json) m
            union all
            select s.received_id, ca.carer_id
            from reading s join address a on a.value = s.sender join carer_address ca on ca.address_id = a.id) c
        on c.received_id = r.received_id
      group by r.received_id) found
where found.received_id = g.received_id;
update question q set may_be = g.may_be from reading g where g.received_id = q.received_id;

-- Whether a message is, or may be, of the colleague's own family.
create function liaison_may_be_own(message uuid) returns boolean
language plpgsql stable security definer set search_path from current as $$
declare
    own uuid[] := liaison_own_carers();
begin
    return own <> '{}'
        and exists (select from reading
                    where received_id = message
                      and (carer_id = any(own) or (carer_id is null and may_be && own)));
end $$;
revoke execute on function liaison_may_be_own(uuid) from public;
grant execute on function liaison_may_be_own(uuid) to liaison_staff, liaison_daemon;

alter policy staff on reading using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and ((select liaison_sees_school())
         or (case_id is not null
             and (carer_id is null or carer_id = any((select liaison_my_carers())::uuid[]))
             and (pupil_id is null or pupil_id = any((select liaison_my_pupils())::uuid[]))))
    and (carer_id is null or carer_id <> all((select liaison_own_carers())::uuid[]))
    and (pupil_id is null or pupil_id <> all((select liaison_own_family())::uuid[]))
    and (carer_id is not null or not may_be && (select liaison_own_carers())::uuid[])
    and (case_id is null or exists (select from carer_case c where c.id = case_id)));

alter policy staff on question using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and ((select liaison_sees_school()) or case_id is not null)
    and not may_be && (select liaison_own_carers())::uuid[]
    and (case_id is null or exists (select from carer_case c where c.id = case_id))
    and ((select liaison_is('dsl')) or not liaison_is_dsls(null, received_id, null, null)));

-- What was written while nobody knew which child a case is about is for the class whose case it is by now.
alter policy staff on chronology_entry using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and ((select liaison_sees_school())
         or (case when pupil_id is not null then pupil_id = any((select liaison_my_pupils())::uuid[])
                  when carer_id is null then false
                  when case_id is null then true
                  else coalesce(liaison_case_pupil(case_id) = any((select liaison_my_pupils())::uuid[]), false) end
             and (carer_id is null or carer_id = any((select liaison_my_carers())::uuid[]))))
    and (pupil_id is null or pupil_id <> all((select liaison_own_family())::uuid[]))
    and (carer_id is null or carer_id <> all((select liaison_own_carers())::uuid[]))
    and (received_id is null or carer_id is not null or not liaison_may_be_own(received_id))
    and ((select liaison_is('dsl'))
         or (not exists (select from entry_hidden h where h.entry_id = chronology_entry.id)
             and ((num_nonnulls(case_id, received_id) = 0
                   and (update_id is not null or num_nonnulls(delivery_id, task_id) = 0))
                  or not liaison_is_dsls(case_id, received_id, delivery_id, task_id)))));

-- Of these entries those that are the DSL's: as they were written, by a divert, or by what they are about. All at once, for a
-- chronology that is printed holds hundreds. For nobody but the DSL, who alone reads any of them.
create function liaison_dsls_entries(entries uuid[]) returns setof uuid
language plpgsql stable security definer rows 50 set search_path from current as $$
begin
    if not liaison_is('dsl') then
        return;
    end if;
    return query
        select e.id
        from chronology_entry e
        left join entry_hidden h on h.entry_id = e.id
        left join task t on t.id = e.task_id
        where e.id = any(entries)
          and (e.visibility = 'restricted' or h.entry_id is not null
               -- What a diverted case still brings about is told as an ordinary event.
               or ((num_nonnulls(e.case_id, e.received_id) > 0 or e.update_id is null)
                   and (t.role = 'dsl' or t.only_for is not null
                        or exists (select from reading g where g.received_id = e.received_id and g.visibility = 'restricted')
                        or exists (
                            select from carer_case c
                            where c.visibility = 'restricted'
                              and c.id in (e.case_id, t.case_id,
                                           (select g.case_id from reading g where g.received_id = e.received_id),
                                           (select a.case_id from answer a
                                            where a.id = coalesce(t.answer_id, (select d.answer_id from delivery d
                                                                                where d.id = t.delivery_id))),
                                           (select a.case_id from answer a
                                            where a.id = (select d.answer_id from delivery d where d.id = e.delivery_id)))))));
end $$;
revoke execute on function liaison_dsls_entries(uuid[]) from public;
grant execute on function liaison_dsls_entries(uuid[]) to liaison_staff, liaison_daemon;

-- Whether an answer is of a restricted case: for lists and counts that are read as the daemon and shown to IT.
create function liaison_of_restricted(said uuid) returns boolean
language plpgsql stable security definer set search_path from current as $$
begin
    return said is not null
        and exists (select from answer a join carer_case c on c.id = a.case_id
                    where a.id = said and c.visibility = 'restricted');
end $$;
revoke execute on function liaison_of_restricted(uuid) from public;
grant execute on function liaison_of_restricted(uuid) to liaison_staff, liaison_daemon;

-- A follow-up of a sensitive contact is for the SLT, the DSL and those who were there. Null: for whoever sees the pupil.
alter table task add column only_for uuid[];

alter policy staff on task using (
    (role <> 'dsl' or (select liaison_is('dsl')))
    and ((select liaison_sees_school())
         or (carer_id = any((select liaison_my_carers())::uuid[]) and pupil_id = any((select liaison_my_pupils())::uuid[])))
    and carer_id <> all((select liaison_own_carers())::uuid[])
    and pupil_id <> all((select liaison_own_family())::uuid[])
    and (only_for is null or (select liaison_me()) = any(only_for)
         or (select liaison_is('slt')) or (select liaison_is('dsl')))
    and (case_id is null or exists (select from carer_case c where c.id = case_id))
    and ((select liaison_is('dsl')) or num_nonnulls(answer_id, delivery_id) = 0
         or not liaison_is_dsls(null, null, null, id)));

create or replace function liaison_is_dsls(in_case uuid, message uuid, sent uuid, asked uuid) returns boolean
language plpgsql stable security definer set search_path from current as $$
begin
    return exists (select from carer_case c where c.id = in_case and c.visibility = 'restricted')
        or exists (select from reading g left join carer_case c on c.id = g.case_id
                   where g.received_id = message and (g.visibility = 'restricted' or c.visibility = 'restricted'))
        or exists (select from delivery d join answer a on a.id = d.answer_id join carer_case c on c.id = a.case_id
                   where d.id = sent and c.visibility = 'restricted')
        or exists (select from task t
                   left join delivery d on d.id = t.delivery_id
                   left join answer a on a.id = coalesce(t.answer_id, d.answer_id)
                   left join carer_case c on c.id = coalesce(t.case_id, a.case_id)
                   where t.id = asked
                     and (t.role = 'dsl' or t.only_for is not null or c.visibility = 'restricted'));
end $$;

-- What was told of sensitive contacts and their follow-ups until now is hidden where it can be told apart: it had no words
-- of its own, only that and when there was one.
update task set only_for = k.colleagues || coalesce((select array[s.id] from staff s where s.id::text = k.recorded_by), '{}')
from contact k
where k.follow_up_task = task.id and k.sensitive;
insert into entry_hidden (entry_id, since, by, reason)
select e.id, now(), 'daemon', 'a sensitive contact'
from chronology_entry e
join contact k on k.sensitive and k.pupil_id = e.pupil_id and k.carer_id is not distinct from e.carer_id
              and k.happened_at = e.happened_at and k.recorded_at = e.recorded_at and k.recorded_by = e.actor
where e.kind in ('contact', 'contact_corrected') and e.visibility = 'ordinary'
on conflict do nothing;

-- The colleague whom a case's owner names, where they could see it: by their role and class, and not of their own family.
create function liaison_owner(named text, pupil uuid, carer uuid, class uuid, seen_by text) returns uuid
language plpgsql stable security definer set search_path from current as $$
begin
    return (
        select s.id
        from (select id, roles from staff
              where disabled_at is null and (id::text = named or name = named)
              order by (id::text = named) desc, id limit 1) s
        where ('dsl' = any(s.roles)
               or (seen_by = 'ordinary'
                   and (s.roles && array['office', 'slt']
                        or ('teacher' = any(s.roles)
                            and exists (select from class_staff k where k.staff_id = s.id and k.class_id = class)))))
          and not exists (
              select from (select f.pupil_id from conflict_of_interest f where f.staff_id = s.id
                           union
                           select sibling.pupil_id
                           from conflict_of_interest f
                           join link parent on parent.pupil_id = f.pupil_id
                           join link sibling on sibling.carer_id = parent.carer_id
                           where f.staff_id = s.id) family
              where family.pupil_id = pupil
                 or exists (select from link l where l.pupil_id = family.pupil_id and l.carer_id = carer)));
end $$;
revoke execute on function liaison_owner(text, uuid, uuid, uuid, text) from public;
grant execute on function liaison_owner(text, uuid, uuid, uuid, text) to liaison_staff, liaison_daemon;

create or replace view open_case with (security_invoker = true) as
select c.id, c.code, c.carer_id, c.pupil_id, c.link_pupil, c.kind, c.came_by, c.visibility, c.subject, c.role, c.class_id,
       c.owner, c.opened_at, c.last_at, c.outcome, coalesce(d.due, 'infinity') as due,
       about.class_id = any ((select liaison_my_classes())::uuid[]) as my_class,
       case
           when o.id is not null then o.id = (select liaison_me())
           when c.role = 'teacher' then about.class_id = any ((select liaison_my_classes())::uuid[])
           else c.role = any ((select array_remove(array[case when liaison_is('office') then 'office' end,
                                                         case when liaison_is('slt') then 'slt' end,
                                                         case when liaison_is('dsl') then 'dsl' end], null))::text[])
       end as mine
from carer_case c
join pupil about on about.id = coalesce(c.pupil_id, c.link_pupil)
left join lateral (select min(due_at) as due from clock where case_id = c.id and state = 'running') d on true
left join lateral (select liaison_owner(c.owner, about.id, c.carer_id, about.class_id, c.visibility) as id
                   where c.owner is not null) o on true
where c.state = 'open';
