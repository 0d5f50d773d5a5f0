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

-- A name as it is compared: small letters, without accents, with one kind of apostrophe. Kept beside the name, for no index
-- serves a search inside words and working it out anew for each costs more than the search.
create function liaison_plain(name text) returns text language sql immutable parallel safe
    as $$ select translate(regexp_replace(normalize(lower(name), NFKD), U&'[\0300-\036F]', '', 'g'), U&'\2019\2018', '''''') $$;

alter table pupil add column name_plain text generated always as
    (liaison_plain(coalesce(preferred_name, '') || ' ' || legal_forename || ' ' || legal_surname)) stored;
alter table carer add column name_plain text generated always as (liaison_plain(forename || ' ' || surname)) stored;

create function liaison_updates_with(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ select u.id
          from pupil_update u join pupil p on p.id = u.pupil_id
          where to_tsvector('simple', u.body) @@ (select liaison_words(typed))
            and ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
          order by u.queued_at desc, u.id limit 60 $$;

create function liaison_answers_with(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ select a.id
          from answer a join carer_case c on c.id = a.case_id join pupil p on p.id = coalesce(c.pupil_id, c.link_pupil)
          where a.words is not null and to_tsvector('simple', a.words) @@ (select liaison_words(typed))
            and ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
            and (c.visibility = 'ordinary' or (select liaison_is('dsl')))
          order by a.written_at desc, a.id limit 60 $$;

create function liaison_contacts_with(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ select k.id
          from contact k join pupil p on p.id = k.pupil_id left join carer_case c on c.id = k.case_id
          where to_tsvector('simple', k.facts || ' ' || coalesce(k.agreed, '')) @@ (select liaison_words(typed))
            and ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
            and (c.id is null or c.visibility = 'ordinary' or (select liaison_is('dsl')))
            and (not k.sensitive or (select liaison_is('slt')) or (select liaison_is('dsl'))
                 or (select liaison_me()) = any (k.colleagues) or k.recorded_by = (select liaison_me())::text)
          order by k.happened_at desc, k.id limit 60 $$;

create function liaison_cases_with(typed text) returns setof uuid language sql security definer stable rows 60
    set search_path from current
    as $$ select c.id
          from carer_case c join pupil p on p.id = coalesce(c.pupil_id, c.link_pupil)
          where to_tsvector('simple', c.subject) @@ (select liaison_words(typed))
            and ((select liaison_sees_school()) or p.class_id = any ((select liaison_my_classes())::uuid[]))
            and p.id <> all ((select liaison_own_family())::uuid[])
            and (c.visibility = 'ordinary' or (select liaison_is('dsl')))
          order by c.last_at desc, c.id limit 60 $$;

revoke execute on function liaison_updates_with, liaison_answers_with, liaison_contacts_with, liaison_cases_with from public;
grant execute on function liaison_updates_with, liaison_answers_with, liaison_contacts_with, liaison_cases_with to liaison_staff;
