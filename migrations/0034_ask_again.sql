-- Once a year somebody asks a carer whether how they are reached and want to be told is still right (R07): when that was last
-- answered with yes, and who heard it. Whatever is set or added answers it as well.
alter table carer add column checked_at timestamptz;
alter table carer add column checked_by text;
alter table carer add constraint carer_checked_by_somebody check ((checked_at is null) = (checked_by is null));

-- The links by which somebody may be asked: the pupil is on roll, and nothing forbids contact about them.
create function link_to_ask_of(today date) returns table (carer_id uuid) language sql stable as $$
    select l.carer_id
    from link l join pupil p on p.id = l.pupil_id
    where (l.ends is null or l.ends >= today) and (p.leaving_date is null or p.leaving_date >= today) and p.died_on is null
      and not exists (select from restriction r
                      where r.link_id = l.id and r.ended_at is null and (r.starts is null or r.starts <= today)
                        and (r.ends is null or r.ends >= today)) $$;
revoke execute on function link_to_ask_of(date) from public;
grant execute on function link_to_ask_of(date) to liaison_staff, liaison_daemon;
