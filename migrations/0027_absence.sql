-- Who is away, and who covers for them: meanwhile the cover has the absent colleague's classes, and what is theirs by name.

create table absence (
    id          uuid primary key,
    staff_id    uuid not null references staff,
    cover       uuid not null references staff,
    from_day    date not null,
    until_day   date not null,                 -- the last day
    state       text not null default 'planned'
        constraint absence_state_known check (state in ('planned', 'running', 'over')),
    recorded_by text not null,
    recorded_at timestamptz not null,
    constraint absence_days check (until_day >= from_day),
    constraint absence_cover_is_another check (cover <> staff_id)
);
create unique index absence_running on absence (staff_id) where state = 'running';
create index absence_open on absence (from_day) where state <> 'over';

alter table absence enable row level security;
create policy daemon on absence to liaison_daemon using (true) with check (true);
create policy staff on absence for select to liaison_staff using (
    liaison_me() in (staff_id, cover) or (select liaison_sees_school()));
grant select, insert, update on absence to liaison_daemon;
grant select on absence to liaison_staff;

-- The colleagues for whom this one covers now.
create function liaison_covers() returns uuid[]
language plpgsql stable security definer set search_path from current as $$
begin
    return (select coalesce(array_agg(a.staff_id), '{}')
            from absence a join staff s on s.id = a.cover and s.disabled_at is null
            where a.cover = liaison_me() and a.state = 'running');
end $$;

create or replace function liaison_my_classes() returns uuid[]
language plpgsql stable security definer set search_path from current as $$
begin
    return (select coalesce(array_agg(distinct c.class_id), '{}')
            from class_staff c
            join staff s on s.id = c.staff_id and s.disabled_at is null and 'teacher' = any(s.roles)
            where c.staff_id = liaison_me() or c.staff_id = any(liaison_covers()));
end $$;

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
left join lateral (select liaison_owner(c.owner, about.id, c.carer_id, about.class_id, c.visibility) as id
                   where c.owner is not null) o on true
where c.state = 'open';
