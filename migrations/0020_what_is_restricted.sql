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
    and ((select liaison_is('dsl'))
         or (not exists (select from entry_hidden h where h.entry_id = chronology_entry.id)
             and ((num_nonnulls(case_id, received_id) = 0
                   and (update_id is not null or num_nonnulls(delivery_id, task_id) = 0))
                  or not liaison_is_dsls(case_id, received_id, delivery_id, task_id)))));
