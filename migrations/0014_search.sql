-- Search over what a colleague may see. Under row-level security an operator that is not leakproof, as that of word search is
-- not, cannot use an index. So these functions work as the owner and answer with ids of candidates, the newest first, left to
-- those of the colleague's own classes, family apart and restricted matters apart; the page joins them under the policies,
-- which decide. No index on what the sending of messages writes.

create index update_words on pupil_update using gin (to_tsvector('simple', body));
create index answer_words on answer using gin (to_tsvector('simple', words)) where words is not null;
create index contact_words on contact using gin (to_tsvector('simple', facts || ' ' || coalesce(agreed, '')));
create index case_words on carer_case using gin (to_tsvector('simple', subject));

-- All the words, of which the last may be only begun.
create function liaison_words(typed text) returns tsquery language sql immutable
    as $$ select case when numnode(plain) = 0 then plain else (plain::text || ':*')::tsquery end
          from (select plainto_tsquery('simple', typed) as plain) words $$;

-- A name as it is compared: small letters, without accents, with one kind of apostrophe. Kept beside the name, for working it
-- out anew for each costs more than the search.
create function liaison_plain(name text) returns text language sql immutable parallel safe
    as $$ select translate(regexp_replace(normalize(lower(name), NFKD), U&'[\0300-\036F]', '', 'g'), U&'\2019\2018', '''''') $$;

alter table pupil add column name_plain text generated always as
    (liaison_plain(coalesce(preferred_name, '') || ' ' || legal_forename || ' ' || legal_surname)) stored;
alter table carer add column name_plain text generated always as (liaison_plain(forename || ' ' || surname)) stored;

-- Of a word that stands nearly everywhere only the newest are looked at.
create function liaison_updates_with(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ with newest as materialized (
              select id, pupil_id, queued_at from pupil_update
              where to_tsvector('simple', body) @@ (select liaison_words(typed))
              order by queued_at desc limit 2000)
          select n.id
          from newest n join pupil p on p.id = n.pupil_id
          where ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
          order by n.queued_at desc limit 60 $$;

create function liaison_answers_with(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ with newest as materialized (
              select id, case_id, written_at from answer
              where words is not null and to_tsvector('simple', words) @@ (select liaison_words(typed))
              order by written_at desc limit 1000)
          select n.id
          from newest n join carer_case c on c.id = n.case_id join pupil p on p.id = coalesce(c.pupil_id, c.link_pupil)
          where ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
            and (c.visibility = 'ordinary' or (select liaison_is('dsl')))
          order by n.written_at desc limit 60 $$;

create function liaison_contacts_with(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ with newest as materialized (
              select id, pupil_id, case_id, happened_at, sensitive, colleagues, recorded_by from contact
              where to_tsvector('simple', facts || ' ' || coalesce(agreed, '')) @@ (select liaison_words(typed))
              order by happened_at desc limit 1000)
          select n.id
          from newest n join pupil p on p.id = n.pupil_id left join carer_case c on c.id = n.case_id
          where ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
            and (c.id is null or c.visibility = 'ordinary' or (select liaison_is('dsl')))
            and (not n.sensitive or (select liaison_is('slt')) or (select liaison_is('dsl'))
                 or (select liaison_me()) = any (n.colleagues) or n.recorded_by = (select liaison_me())::text)
          order by n.happened_at desc limit 60 $$;

create function liaison_cases_with(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ with newest as materialized (
              select id, coalesce(pupil_id, link_pupil) as pupil_id, visibility, last_at from carer_case
              where to_tsvector('simple', subject) @@ (select liaison_words(typed))
              order by last_at desc limit 1000)
          select n.id
          from newest n join pupil p on p.id = n.pupil_id
          where ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
            and (n.visibility = 'ordinary' or (select liaison_is('dsl')))
          order by n.last_at desc limit 60 $$;

-- Patterns that every typed word makes, for LIKE ALL on a plain name.
create function liaison_patterns(typed text) returns text[] language sql immutable
    as $$ select array_agg('%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%')
          from unnest(string_to_array(liaison_plain(typed), ' ')) as word $$;

create function liaison_pupils_named(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ select p.id from pupil p
          where (p.name_plain like all ((select liaison_patterns(typed))::text[]) or lower(p.pupil_ref) = lower(typed))
            and ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
          order by p.legal_surname, p.legal_forename, p.id limit 60 $$;

create function liaison_carers_named(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ select c.id from carer c
          where (c.name_plain like all ((select liaison_patterns(typed))::text[]) or lower(c.contact_ref) = lower(typed))
            and ((select liaison_sees_school())
                 or exists (select from link l join pupil p on p.id = l.pupil_id
                            where l.carer_id = c.id and p.class_id = any ((select liaison_my_classes())::uuid[])))
            and c.id <> all ((select liaison_own_carers())::uuid[])
          order by c.surname, c.forename, c.id limit 60 $$;

revoke execute on function liaison_updates_with, liaison_answers_with, liaison_contacts_with, liaison_cases_with,
    liaison_pupils_named, liaison_carers_named from public;
grant execute on function liaison_updates_with, liaison_answers_with, liaison_contacts_with, liaison_cases_with,
    liaison_pupils_named, liaison_carers_named to liaison_staff;
