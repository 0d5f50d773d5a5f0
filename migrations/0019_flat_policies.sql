-- The same rights, asked of a row's own columns. A policy that asks another table brings that table's policy along, and so
-- on down to the pupil: planning a page's query took longer than running it. Here each right is a list or an answer that is
-- found once a query. In PL/pgSQL, which plans a function's own query once a session and not at each call.

create or replace function liaison_me() returns uuid language plpgsql stable security definer set search_path from current as $$
begin
    return (select id from staff
            where id = nullif(current_setting('liaison.staff', true), '')::uuid and disabled_at is null);
end $$;

create or replace function liaison_is(wanted text) returns boolean
language plpgsql stable security definer set search_path from current as $$
begin
    return exists (select from staff where id = liaison_me() and wanted = any(roles));
end $$;

create or replace function liaison_sees_school() returns boolean
language plpgsql stable security definer set search_path from current as $$
begin
    return exists (select from staff where id = liaison_me() and roles && array['office', 'slt', 'dsl']);
end $$;

create or replace function liaison_my_classes() returns uuid[]
language plpgsql stable security definer set search_path from current as $$
begin
    return (select coalesce(array_agg(c.class_id), '{}')
            from class_staff c
            join staff s on s.id = c.staff_id and s.disabled_at is null and 'teacher' = any(s.roles)
            where c.staff_id = liaison_me());
end $$;

create or replace function liaison_own_family() returns uuid[]
language plpgsql stable security definer set search_path from current as $$
begin
    return (select coalesce(array_agg(distinct own.pupil_id), '{}')
            from (select f.pupil_id from conflict_of_interest f where f.staff_id = liaison_me()
                  union all
                  select sibling.pupil_id
                  from conflict_of_interest f
                  join link parent on parent.pupil_id = f.pupil_id
                  join link sibling on sibling.carer_id = parent.carer_id
                  where f.staff_id = liaison_me()) own);
end $$;

create or replace function liaison_own_carers() returns uuid[]
language plpgsql stable security definer set search_path from current as $$
begin
    return (select coalesce(array_agg(distinct carer_id), '{}') from link where pupil_id = any(liaison_own_family()));
end $$;

-- The pupils in the classes that a teacher has, without those of their own family.
create function liaison_my_pupils() returns uuid[]
language plpgsql stable security definer set search_path from current as $$
declare
    own uuid[] := liaison_own_family();
begin
    return (select coalesce(array_agg(id), '{}') from pupil
            where class_id = any(liaison_my_classes()) and id <> all(own));
end $$;

-- Their carers, without a colleague's own.
create function liaison_my_carers() returns uuid[]
language plpgsql stable security definer set search_path from current as $$
declare
    own uuid[] := liaison_own_carers();
begin
    return (select coalesce(array_agg(distinct carer_id), '{}') from link
            where pupil_id = any(liaison_my_pupils()) and carer_id <> all(own));
end $$;

revoke execute on function liaison_my_pupils(), liaison_my_carers() from public;
grant execute on function liaison_my_pupils(), liaison_my_carers() to liaison_staff, liaison_daemon;

alter policy staff on link using (
    ((select liaison_sees_school()) or pupil_id = any((select liaison_my_pupils())::uuid[]))
    and pupil_id <> all((select liaison_own_family())::uuid[])
    and carer_id <> all((select liaison_own_carers())::uuid[]));

alter policy staff on carer using (
    ((select liaison_sees_school()) or id = any((select liaison_my_carers())::uuid[]))
    and id <> all((select liaison_own_carers())::uuid[]));

alter policy staff on carer_address using (
    ((select liaison_sees_school()) or carer_id = any((select liaison_my_carers())::uuid[]))
    and carer_id <> all((select liaison_own_carers())::uuid[]));

alter policy staff on preference using (
    ((select liaison_sees_school()) or carer_id = any((select liaison_my_carers())::uuid[]))
    and carer_id <> all((select liaison_own_carers())::uuid[]));

alter policy staff on preference_history using (
    ((select liaison_sees_school()) or carer_id = any((select liaison_my_carers())::uuid[]))
    and carer_id <> all((select liaison_own_carers())::uuid[]));

alter policy staff on pupil_update using (
    ((select liaison_sees_school()) or pupil_id = any((select liaison_my_pupils())::uuid[]))
    and pupil_id <> all((select liaison_own_family())::uuid[]));

alter policy staff on draft using (
    ((select liaison_sees_school()) or pupil_id = any((select liaison_my_pupils())::uuid[]))
    and pupil_id <> all((select liaison_own_family())::uuid[]));

alter policy staff on carer_case using (
    (visibility = 'ordinary' or (select liaison_is('dsl')))
    and ((select liaison_sees_school())
         or (carer_id = any((select liaison_my_carers())::uuid[])
             and coalesce(pupil_id, link_pupil) = any((select liaison_my_pupils())::uuid[])))
    and carer_id <> all((select liaison_own_carers())::uuid[])
    and coalesce(pupil_id, link_pupil) <> all((select liaison_own_family())::uuid[]));

alter policy staff on delivery using (
    ((select liaison_sees_school())
     or (carer_id = any((select liaison_my_carers())::uuid[]) and pupil_id = any((select liaison_my_pupils())::uuid[])))
    and carer_id <> all((select liaison_own_carers())::uuid[])
    and pupil_id <> all((select liaison_own_family())::uuid[])
    and (answer_id is null or exists (select from answer a where a.id = answer_id)));

alter policy staff on contact using (
    ((select liaison_sees_school())
     or (pupil_id = any((select liaison_my_pupils())::uuid[])
         and (carer_id is null or carer_id = any((select liaison_my_carers())::uuid[]))))
    and pupil_id <> all((select liaison_own_family())::uuid[])
    and (carer_id is null or carer_id <> all((select liaison_own_carers())::uuid[]))
    and (case_id is null or exists (select from carer_case c where c.id = case_id))
    and (not sensitive or (select liaison_is('slt')) or (select liaison_is('dsl'))
         or (select liaison_me()) = any(colleagues) or recorded_by = (select liaison_me())::text));
