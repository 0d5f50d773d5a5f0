-- What an inbox, a coverage and an audit page stand on: lists by clock, since when a pupil is counted, and what was counted and
-- verified when, which is never changed afterwards.

-- From which day weekly updates about a pupil are due: that of the import which brought them. Null: always.
alter table pupil add column on_roll_from date;
update pupil set on_roll_from =
    (select (min(recorded_at) at time zone 'Europe/London')::date from chronology_entry);

-- When a case that others had seen became the DSL's. Figures as of an earlier moment still count it, so that counting them
-- again does not tell that it did.
alter table carer_case add column restricted_at timestamptz;

create index case_closed on carer_case (closed_at desc, id desc) where state = 'closed';
create index case_opened on carer_case (opened_at);
create index clock_started on clock (started_at);
create index contact_happened on contact (happened_at);
create index update_week on pupil_update (week);
create index delivery_failed on delivery (settled_at) where state = 'failed';
create index task_not_done on task (created_at) where update_id is not null and state in ('open', 'given_up');

-- The open cases that the reader may see, each with the moment by which a person must answer, and whether it is on the
-- reader's own list: given to them by name, or to nobody who could do it and their role has it, a teacher's for their classes.
create view open_case with (security_invoker = true) as
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
left join lateral (select s.id from staff s
                   where c.owner is not null and s.disabled_at is null and (s.id::text = c.owner or s.name = c.owner)
                   order by (s.id::text = c.owner) desc limit 1) o on true
where c.state = 'open';
grant select on open_case to liaison_staff;

-- The chronology, recomputed from a page.
create table verification (
    id          uuid primary key,
    at          timestamptz not null,
    by          text not null,
    took_ms     bigint not null,
    entries     bigint not null,
    sealed      bigint not null,
    waiting     bigint not null,
    seals       bigint not null,
    erased      bigint not null,
    newest_seal text,                  -- number:hash
    good        boolean not null,
    first_fault text,                  -- a sentence
    constraint verification_bad_says_why check (good = (first_fault is null))
);
create index verification_at on verification (at, id);

-- Figures over a period as of a moment, and a sample drawn by the pack's id.
create table audit_pack (
    id         uuid primary key,
    made_at    timestamptz not null,   -- the figures are as of then
    made_by    uuid not null references staff,
    from_day   date not null,
    until_day  date not null,
    sample     smallint not null constraint pack_sample_is_small check (sample between 0 and 50),
    figures    text not null,          -- JSON: counts and times, no names
    constraint pack_days_in_order check (from_day <= until_day)
);
create index audit_pack_made on audit_pack (made_at, id);

create table audit_sample (
    pack_id    uuid not null references audit_pack,
    line       smallint not null,
    about      text not null,          -- JSON: masked
    pupil_id   uuid not null,          -- for whom it must not be shown to; pages cannot read it
    carer_id   uuid,
    case_id    uuid,
    contact_id uuid,
    primary key (pack_id, line),
    constraint sample_is_of_one_thing check (num_nonnulls(case_id, contact_id) = 1)
);

create trigger verification_insert_only before update or delete or truncate on verification
    for each statement execute function refuse_change();
create trigger pack_insert_only before update or delete or truncate on audit_pack
    for each statement execute function refuse_change();
create trigger sample_insert_only before update or delete or truncate on audit_sample
    for each statement execute function refuse_change();

do $$
declare
    named text;
begin
    foreach named in array array['verification', 'audit_pack', 'audit_sample'] loop
        execute format('alter table %I enable row level security', named);
        execute format('create policy daemon on %I to liaison_daemon using (true) with check (true)', named);
        execute format('grant select, insert on %I to liaison_daemon', named);
    end loop;
end $$;
grant select on verification, audit_pack to liaison_staff;
grant select (pack_id, line, about) on audit_sample to liaison_staff;

create policy staff on verification for select to liaison_staff using (
    (select liaison_is('governor')) or (select liaison_is('slt')) or (select liaison_is('dsl')));
create policy staff on audit_pack for select to liaison_staff using (
    (select liaison_is('governor')) or (select liaison_is('slt')) or (select liaison_is('dsl')));
-- Nobody audits their own family.
create policy staff on audit_sample for select to liaison_staff using (
    exists (select from audit_pack k where k.id = pack_id)
    and pupil_id <> all ((select liaison_own_family())::uuid[])
    and (carer_id is null or carer_id <> all ((select liaison_own_carers())::uuid[])));
