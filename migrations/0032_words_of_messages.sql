-- What carers wrote can be searched, as what is written to them can. Kept beside what was made of a message, in the way of
-- `0014_search.sql`; what arrived before is taken from the chronology.
alter table reading add column said text constraint reading_said_is_searchable check (octet_length(said) <= 65536);
update reading g set said = left(b.body, 16384)
from chronology_entry e join chronology_body b on b.entry_id = e.id
where e.received_id = g.received_id and e.kind = 'received' and g.kind in ('human', 'opt_out', 'opt_in');
create index reading_said on reading using gin (to_tsvector('simple', said)) where said is not null;

create function liaison_messages_with(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ with newest as materialized (
              select received_id, case_id, visibility, read_at from reading
              where said is not null and to_tsvector('simple', said) @@ (select liaison_words(typed)) and case_id is not null
              order by read_at desc limit 1000)
          select n.received_id
          from newest n join carer_case c on c.id = n.case_id join pupil p on p.id = coalesce(c.pupil_id, c.link_pupil)
          where ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
            and ((n.visibility = 'ordinary' and c.visibility = 'ordinary') or (select liaison_is('dsl')))
          order by n.read_at desc limit 60 $$;
revoke execute on function liaison_messages_with from public;
grant execute on function liaison_messages_with to liaison_staff;
