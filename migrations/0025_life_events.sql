-- What ends, or changes, what stands between a carer and a pupil: the last day of an arrangement, a death, and that a pupil of
-- 18 agrees that a carer goes on being told. Each with who recorded it and when; the chronology keeps what stood there before.

alter table link
    add column ends            date,          -- the last day on which it holds; may lie ahead
    add column ends_set_by     text,
    add column ends_set_at     timestamptz,
    add column adult_agreed_by text,
    add column adult_agreed_at timestamptz,
    add constraint link_end_set_by_somebody check (num_nonnulls(ends, ends_set_by, ends_set_at) in (0, 3)),
    add constraint link_agreement_by_somebody check (num_nonnulls(adult_agreed_by, adult_agreed_at) in (0, 2));

alter table pupil
    add column died_on       date,
    add column died_set_by   text,
    add column died_set_at   timestamptz,
    add constraint pupil_death_set_by_somebody check (num_nonnulls(died_on, died_set_by, died_set_at) in (0, 3));

alter table carer
    add column died_on       date,
    add column died_set_by   text,
    add column died_set_at   timestamptz,
    add constraint carer_death_set_by_somebody check (num_nonnulls(died_on, died_set_by, died_set_at) in (0, 3));

-- A pupil who turns 16 or 18 is asked whom the school may tell: once.
alter table task drop constraint task_kind_known;
alter table task add constraint task_kind_known check
    (kind in ('call', 'letter', 'check_address', 'did_it_arrive', 'review_restriction', 'follow_up', 'turns_16', 'turns_18'));
create unique index task_turns_once on task (pupil_id, kind) where kind in ('turns_16', 'turns_18');
create index pupil_born on pupil (date_of_birth) where date_of_birth is not null;

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
       a.statuses as address_statuses,
       p.date_of_birth,
       p.died_on as pupil_died_on,
       c.died_on as carer_died_on,
       l.ends as link_ends,
       l.adult_agreed_at is not null as adult_agreed
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
