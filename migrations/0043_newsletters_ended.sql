-- A carer can end newsletters, and nothing else, with one press (RFC 8058), or by telling a colleague.
alter table carer add column newsletters_ended_at timestamptz;
comment on column carer.newsletters_ended_at is 'since when the carer wants no newsletters';

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
       l.adult_agreed_at is not null as adult_agreed,
       l.receives_reports,
       c.newsletters_ended_at is not null as no_newsletters
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
