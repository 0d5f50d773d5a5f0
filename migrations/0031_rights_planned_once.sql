-- What decides who may see what is planned once a session. A colleague's transaction plans each page's queries anew, which
-- serves them; the functions of the policies, called for each row, cost ten times as much so, and most where an argument is
-- null: a plan for that null looks so cheap that Postgres makes it again at each call.
do $$
declare
    rights regprocedure;
begin
    for rights in
        select p.oid::regprocedure
        from pg_proc p
        join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
        where p.proname like 'liaison\_%' and p.prorettype <> 'trigger'::regtype
    loop
        execute format('alter function %s set plan_cache_mode = force_generic_plan', rights);
    end loop;
end $$;

-- Whose a case is, is asked only where somebody owns it, and once.
create or replace view open_case with (security_invoker = true) as
select c.id, c.code, c.carer_id, c.pupil_id, c.link_pupil, c.kind, c.came_by, c.visibility, c.subject, c.role, c.class_id,
       c.owner, c.opened_at, c.last_at, c.outcome, coalesce(d.due, 'infinity') as due,
       about.class_id = any ((select liaison_my_classes())::uuid[]) as my_class,
       case
           when o.id is not null then o.id = (select liaison_me()) or o.id = any ((select liaison_covers())::uuid[])
           when c.role = 'teacher' then about.class_id = any ((select liaison_my_classes())::uuid[])
           else c.role = any ((select array_remove(array[case when liaison_is('office') then 'office' end,
                                                         case when liaison_is('slt') then 'slt' end,
                                                         case when liaison_is('dsl') then 'dsl' end], null))::text[])
       end as mine
from carer_case c
join pupil about on about.id = coalesce(c.pupil_id, c.link_pupil)
left join lateral (select min(due_at) as due from clock where case_id = c.id and state = 'running') d on true
left join lateral (select case when c.owner is not null
                               then liaison_owner(c.owner, about.id, c.carer_id, about.class_id, c.visibility)
                          end as id
                   offset 0) o on true
where c.state = 'open';
