-- What colleagues do and write down: calls tried, letters posted, contacts logged, and what they change of a carer.

alter table task drop constraint task_kind_known;
alter table task add constraint task_kind_known check
    (kind in ('call', 'letter', 'check_address', 'did_it_arrive', 'review_restriction', 'follow_up'));

create table call_attempt (
    id          uuid primary key,
    task_id     uuid not null references task,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    by          text not null,
    outcome     text not null constraint call_outcome_known check
        (outcome in ('spoke', 'left_safe_message', 'no_answer', 'wrong_number')),
    address_id  uuid references address,   -- the number that was rung, where one was known
    words       text
);
create index call_attempt_task on call_attempt (task_id, happened_at);

create table posting (
    task_id     uuid primary key references task,
    posted_on   date not null,
    posted_by   text not null,
    recorded_at timestamptz not null,
    address_id  uuid references address    -- where it went, where that was known
);
create index posting_recorded on posting (recorded_at, task_id);

create table returned_letter (
    task_id     uuid primary key references task,
    returned_at timestamptz not null,
    recorded_by text not null,
    why         text not null
);

-- A contact is never changed: a correction is a further row that names the one it corrects.
create table contact (
    id                    uuid primary key,
    kind                  text not null constraint contact_kind_known check
        (kind in ('call', 'meeting', 'visit', 'letter', 'corridor', 'website', 'postcard')),
    direction             text not null constraint contact_direction_known check (direction in ('in', 'out')),
    pupil_id              uuid not null references pupil,
    carer_id              uuid references carer,
    case_id               uuid references carer_case,
    happened_at           timestamptz not null,
    recorded_at           timestamptz not null,
    recorded_by           text not null,
    place                 text,
    colleagues            uuid[] not null default '{}',
    facts                 text not null,
    agreed                text,
    sensitive             boolean not null default false,
    praise                boolean not null default false,
    follow_up_due         date,
    follow_up_task        uuid references task,
    one_colleague_because text,
    corrects              uuid references contact constraint contact_corrected_once unique,
    correction_why        text,
    constraint contact_not_from_the_future check (happened_at <= recorded_at),
    constraint contact_says_something check (praise or btrim(facts) <> ''),
    constraint contact_sensitive_has_two check
        (not sensitive or cardinality(colleagues) >= 2 or one_colleague_because is not null),
    constraint contact_correction_says_why check ((corrects is null) = (correction_why is null))
);
create index contact_pupil on contact (pupil_id, happened_at, id);
create index contact_carer on contact (carer_id, happened_at, id) where carer_id is not null;

-- Who changed what a carer wants, when, and on whose word.
alter table preference add column set_by text;
alter table preference add column on_whose_word text;
create table preference_history (
    id            bigint generated always as identity primary key,
    carer_id      uuid not null references carer,
    purpose       text not null,
    routes        text[] not null,
    source        text not null,
    set_by        text,
    on_whose_word text,
    set_at        timestamptz not null
);
create index preference_history_carer on preference_history (carer_id, purpose, id);
insert into preference_history (carer_id, purpose, routes, source, set_at)
select carer_id, purpose, routes, source, set_at from preference;

create function keep_preference() returns trigger language plpgsql as $$
begin
    insert into preference_history (carer_id, purpose, routes, source, set_by, on_whose_word, set_at)
    values (new.carer_id, new.purpose, new.routes, new.source, new.set_by, new.on_whose_word, new.set_at);
    return null;
end $$;
create trigger preference_kept after insert or update on preference for each row execute function keep_preference();

-- The colleague who had the last word on whether a carer uses an address; null: the school's own file had it.
alter table carer_address add column set_by text;

-- A restriction is ended, never removed. The reason stands in the chronology, for the DSL.
alter table restriction add column ended_at timestamptz;
alter table restriction add column ended_by text;
alter table restriction add column end_reason text;
alter table restriction add constraint restriction_ended_for_a_reason check
    ((ended_at is null) = (ended_by is null) and (ended_at is null) = (end_reason is null));

create or replace view link_facts with (security_invoker = true) as
select l.id as link_id,
       l.pupil_id,
       l.carer_id,
       coalesce(nullif(p.preferred_name, ''), p.legal_forename) as pupil_called,
       p.class_id,
       p.leaving_date,
       c.title, c.forename, c.surname, c.language, c.format, c.interpreter, c.best_times,
       l.parental_responsibility,
       l.receives_correspondence,
       r.kinds  as restriction_kinds,
       r.starts as restriction_starts,
       r.ends   as restriction_ends,
       a.ids      as address_ids,
       a.kinds    as address_kinds,
       a.values   as address_values,
       a.statuses as address_statuses
from link l
join pupil p on p.id = l.pupil_id
join carer c on c.id = l.carer_id
cross join lateral (
    select array_agg(kind) as kinds, array_agg(starts) as starts, array_agg(ends) as ends
    from restriction where link_id = l.id and ended_at is null) r
cross join lateral (
    select array_agg(a.id order by ca.position, a.id)     as ids,
           array_agg(a.kind order by ca.position, a.id)   as kinds,
           array_agg(a.value order by ca.position, a.id)  as values,
           array_agg(a.status order by ca.position, a.id) as statuses
    from carer_address ca
    join address a on a.id = ca.address_id
    where ca.carer_id = l.carer_id and ca.removed_at is null) a;

do $$
declare
    named text;
begin
    foreach named in array array['call_attempt', 'posting', 'returned_letter', 'contact', 'preference_history'] loop
        execute format('alter table %I enable row level security', named);
        execute format('create policy daemon on %I to liaison_daemon using (true) with check (true)', named);
        execute format('grant select, insert on %I to liaison_daemon', named);
        execute format('grant select on %I to liaison_staff', named);
    end loop;
end $$;

grant select (ended_at, ended_by) on restriction to liaison_staff;   -- why is for the DSL, in the chronology

create policy staff on call_attempt for select to liaison_staff using (
    exists (select from task t where t.id = task_id));
create policy staff on posting for select to liaison_staff using (
    exists (select from task t where t.id = task_id));
create policy staff on returned_letter for select to liaison_staff using (
    exists (select from task t where t.id = task_id));
create policy staff on preference_history for select to liaison_staff using (
    exists (select from carer c where c.id = carer_id));
-- A sensitive contact is for the SLT, the DSL, whoever wrote it and the colleagues who were there.
create policy staff on contact for select to liaison_staff using (
    exists (select from pupil p where p.id = pupil_id)
    and (carer_id is null or exists (select from carer c where c.id = carer_id))
    and (case_id is null or exists (select from carer_case c where c.id = case_id))
    and (not sensitive or (select liaison_is('slt')) or (select liaison_is('dsl'))
         or (select liaison_me()) = any (colleagues) or recorded_by = (select liaison_me())::text));
