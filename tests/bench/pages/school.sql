-- A school of a year's work: 1,000 pupils, 2,000 carers, 40 weekly updates each, 5,000 cases, 500,000 entries. Written past
-- the flows, so that it takes seconds: what is measured is reading. The digests are of the right size and prove nothing.

-- A UUIDv7 of this moment; `n` keeps those of one moment apart.
create function bench_id(at timestamptz, n bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid
    from (select md5(n::text) as h) x $$;
create function bench_day(n bigint) returns timestamptz language sql stable as $$
    select date_trunc('day', now()) - n * interval '1 day' + interval '9 hours' $$;

insert into class (id, name) select bench_id(bench_day(400), n), 'Class ' || lpad(n::text, 2, '0') from generate_series(1, 50) n;

insert into staff (id, name, email, roles)
select bench_id(bench_day(400), 1000 + n), 'Teacher ' || n, 'teacher' || n || '@northfield.example', array['teacher']
from generate_series(1, 50) n
union all
select bench_id(bench_day(400), 2000 + n), initcap(role) || ' Colleague', role || '@northfield.example', array[role]
from unnest(array['office', 'slt', 'dsl', 'governor', 'it']) with ordinality as r (role, n);
insert into class_staff (class_id, staff_id)
select bench_id(bench_day(400), n), bench_id(bench_day(400), 1000 + n) from generate_series(1, 50) n;

insert into pupil (id, pupil_ref, legal_surname, legal_forename, date_of_birth, year_group, class_id)
select bench_id(bench_day(399), n), 'P' || n, 'Surname' || n, 'Pupil' || n, date '2016-01-01' + n::int,
       (n % 7)::text, bench_id(bench_day(400), 1 + (n - 1) % 50)
from generate_series(1, 1000) n;

insert into carer (id, contact_ref, title, surname, forename, language)
select bench_id(bench_day(398), n), 'C' || n, 'Ms', 'Surname' || (n + 1) / 2, 'Carer' || n, case when n % 20 = 0 then 'ur' else 'en' end
from generate_series(1, 2000) n;
insert into link (id, carer_id, pupil_id, relationship, priority, parental_responsibility, receives_correspondence)
select bench_id(bench_day(397), n), bench_id(bench_day(398), n), bench_id(bench_day(399), (n + 1) / 2), 'parent', 1 + n % 2, 'yes', true
from generate_series(1, 2000) n;
insert into restriction (id, link_id, kind, recorded_at, recorded_by)
select bench_id(bench_day(390), n), bench_id(bench_day(397), n), 'no_contact', bench_day(390), 'import'
from generate_series(50, 2000, 50) n;

insert into address (id, kind, value)
select bench_id(bench_day(396), n), 'email', 'carer' || n || '@family.example' from generate_series(1, 2000) n
union all
select bench_id(bench_day(396), 10000 + n), 'mobile', '+4477009' || lpad(n::text, 5, '0') from generate_series(1, 2000) n
union all
select bench_id(bench_day(396), 20000 + n), 'postal', n || ' Elm Row' || chr(10) || 'Northfield' from generate_series(1, 2000) n;
insert into carer_address (carer_id, address_id, position, added_at)
select bench_id(bench_day(398), n), bench_id(bench_day(396), kind * 10000 + n), (kind + 1)::smallint, bench_day(396)
from generate_series(1, 2000) n, generate_series(0, 2) kind;
insert into preference (carer_id, purpose, routes, source, set_at)
select bench_id(bench_day(398), n), 'weekly_update', array[case when n % 3 = 0 then 'text' else 'email' end], 'import', bench_day(396)
from generate_series(1, 2000) n;

-- Forty weeks, each on its Friday, and this week's for half of the pupils.
create temp table week_of as
select w, (date_trunc('week', now()) - w * interval '7 days')::date as monday,
       date_trunc('week', now()) - w * interval '7 days' + interval '4 days 14 hours' as friday
from generate_series(1, 40) w;
insert into pupil_update (id, pupil_id, week, body, author, queued_at)
select bench_id(k.friday, n), bench_id(bench_day(399), n), k.monday,
       'Read two chapters aloud, measured the playground and helped a friend with long division. Word' || n || '.',
       bench_id(bench_day(400), 1000 + 1 + (n - 1) % 50)::text, k.friday
from week_of k, generate_series(1, 1000) n;
insert into draft (id, pupil_id, week, words, version, author, saved_at)
select bench_id(now(), n), bench_id(bench_day(399), n), date_trunc('week', now())::date, 'A good week so far.', 1,
       bench_id(bench_day(400), 1000 + 1 + (n - 1) % 50)::text, now()
from generate_series(1, 500) n;

create temp table sent as
select bench_id(k.friday + interval '1 second', 100000 * k.w + c) as id, bench_id(k.friday, (c + 1) / 2) as update_id, k.friday as at, c,
       k.w, bench_id(bench_day(398), c) as carer_id, bench_id(bench_day(399), (c + 1) / 2) as pupil_id,
       case when c % 3 = 0 then 'text' else 'email' end as route, (c + k.w) % 150 = 0 as failed
from week_of k, generate_series(1, 2000) c where c % 50 <> 0;
insert into delivery (id, update_id, pupil_id, carer_id, purpose, route, channel, state, not_before, tries, settled_at, provider_ref,
                      fault, reason, queued_at, address_id)
select id, update_id, pupil_id, carer_id, 'weekly_update', route, case route when 'text' then 'texts' else 'school-mail' end,
       case when failed then 'failed' when route = 'text' then 'delivered' else 'submitted' end, at, 1, at + interval '1 minute',
       case when not failed then 'ref' || c || '-' || w end, case when failed then 'bad_address' end,
       case when failed then 'no such address' end, at, bench_id(bench_day(396), case route when 'text' then 10000 else 0 end + c)
from sent;
insert into attempt (delivery_id, try_no, channel, started_at, ended_at, outcome, gate)
select id, 1, case route when 'text' then 'texts' else 'school-mail' end, at, at, case when failed then 'refused' else 'accepted' end, '[]'
from sent;
insert into choice (subject_id, rules) select id, '[]' from sent;

insert into task (id, kind, role, class_id, carer_id, pupil_id, update_id, why, due, state, created_at, closed_at, closed_by, outcome)
select bench_id(k.friday + interval '2 seconds', 100000 * k.w + c), case when c % 100 = 0 then 'letter' else 'call' end,
       case when c % 100 = 0 then 'office' else 'teacher' end, bench_id(bench_day(400), 1 + ((c + 1) / 2 - 1) % 50),
       bench_id(bench_day(398), c), bench_id(bench_day(399), (c + 1) / 2), bench_id(k.friday, (c + 1) / 2),
       'ring with the weekly update', k.monday + 6, case when k.w <= 4 then 'open' else 'done' end, k.friday,
       case when k.w > 4 then k.friday + interval '3 days' end, case when k.w > 4 then 'daemon' end,
       case when k.w > 4 then 'spoke' end
from week_of k, generate_series(10, 2000, 10) c where c % 50 <> 0 or c % 100 = 0;

-- What carers wrote: 5,000 cases, the newest 300 of them open, each with a message, a clock, an acknowledgement and a reply.
create temp table wrote as
select n, now() - n * interval '90 minutes' as at, 1 + (n * 7) % 2000 as c, n <= 300 as open, n % 250 = 0 as restricted
from generate_series(1, 5000) n;
insert into received (id, channel, form, once, raw, digest, bytes, received_at, kept_at)
select bench_id(at, 500000 + n), 'parents-inbox', 'mail', 'mail' || n,
       convert_to('From: carer' || c || '@family.example' || E'\r\nTo: parents@northfield.example\r\nSubject: Question ' || n ||
                  E'\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHas he got his coat?\r\n' || repeat('> Read two chapters aloud.' || E'\r\n', 40), 'UTF8'),
       sha256(n::text::bytea), 2000, at, at
from wrote;
insert into carer_case (id, code, carer_id, pupil_id, link_pupil, kind, came_by, visibility, subject, role, class_id, state, opened_at,
                        last_at, closed_at, closed_by, outcome)
select bench_id(at, 600000 + n), 'BN' || lpad(n::text, 6, '0'), bench_id(bench_day(398), c), bench_id(bench_day(399), (c + 1) / 2),
       bench_id(bench_day(399), (c + 1) / 2), case when restricted then 'safeguarding' else 'query' end, 'email',
       case when restricted then 'restricted' else 'ordinary' end, 'Question ' || n, case when restricted then 'dsl' else 'teacher' end,
       bench_id(bench_day(400), 1 + ((c + 1) / 2 - 1) % 50), case when open then 'open' else 'closed' end, at, at,
       case when not open then at + interval '1 day' end, case when not open then 'daemon' end, case when not open then 'answered' end
from wrote;
insert into reading (received_id, kind, sender, subject, message_id, carer_id, pupil_id, case_id, verdict, answered, rules, visibility, read_at)
select bench_id(at, 500000 + n), 'human', 'carer' || c || '@family.example', 'Question ' || n, '<q' || n || '@family.example>',
       bench_id(bench_day(398), c), bench_id(bench_day(399), (c + 1) / 2), bench_id(at, 600000 + n), 'a case was opened', 'acknowledged', '[]',
       case when restricted then 'restricted' else 'ordinary' end, at
from wrote;
insert into clock (id, case_id, received_id, kind, state, started_at, due_at, due_day, days, words, calendar, met_at)
select bench_id(at, 700000 + n), bench_id(at, 600000 + n), bench_id(at, 500000 + n), 'answer', case when open then 'running' else 'met' end,
       at, at + interval '4 days', (at + interval '4 days')::date, 4, 'received on a school day; due on the fourth school day after it',
       'bench', case when not open then at + interval '1 day' end
from wrote;
insert into answer (id, case_id, received_id, purpose, words, due_day, came_by, address_id, to_domain, author, written_at, full_answer)
select bench_id(at, 800000 + n), bench_id(at, 600000 + n), bench_id(at, 500000 + n), 'acknowledgement', null::text,
       (at + interval '4 days')::date, 'email', bench_id(bench_day(396), c), 'family.example', 'daemon', at, false
from wrote
union all
select bench_id(at, 900000 + n), bench_id(at, 600000 + n), bench_id(at, 500000 + n), 'reply', 'He has it in his bag.', null, 'email', null, null,
       bench_id(bench_day(400), 1001)::text, at + interval '1 day', true
from wrote where not open;

-- Messages that only a person can place.
create temp table strange as select n, now() - n * interval '3 hours' as at from generate_series(1, 60) n;
insert into received (id, channel, form, once, raw, digest, bytes, received_at, kept_at)
select bench_id(at, 1500000 + n), 'parents-inbox', 'mail', 'strange' || n,
       convert_to(E'From: new@elsewhere.example\r\nSubject: Hello\r\n\r\nIs he in today?\r\n', 'UTF8'), sha256(('s' || n)::bytea), 80, at, at
from strange;
insert into reading (received_id, kind, sender, subject, verdict, answered, rules, visibility, read_at)
select bench_id(at, 1500000 + n), 'human', 'new@elsewhere.example', 'Hello', 'no carer on record has the address', 'not acknowledged', '[]', 'ordinary', at
from strange;
insert into question (id, kind, received_id, why, candidates, role, visibility, due, state, opened_at)
select bench_id(at, 1600000 + n), 'who_is_this', bench_id(at, 1500000 + n), 'no carer on record has the address it came from', '[]', 'office',
       'ordinary', at::date + 3, 'open', at
from strange;

insert into contact (id, kind, direction, pupil_id, carer_id, happened_at, recorded_at, recorded_by, facts, praise)
select bench_id(bench_day(n % 280), 1700000 + n), 'call', 'out', bench_id(bench_day(399), 1 + n % 1000), bench_id(bench_day(398), 2 * (1 + n % 1000)),
       bench_day(n % 280 + 1), bench_day(n % 280 + 1), bench_id(bench_day(400), 1001)::text, 'Rang about the trip.', n % 4 = 0
from generate_series(1, 3000) n;

-- The chronology: what each of these would have told, and as many more as make 500,000.
insert into chronology_entry (id, happened_at, recorded_at, actor, kind, carer_id, pupil_id, update_id, delivery_id, visibility, sentence, body_digest, digest)
select bench_id(at + s * interval '1 second', (w * 100000 + c) * 10::bigint + s), at, at + s * interval '1 second', 'daemon',
       (array['queued', 'submitted', 'delivered', 'try_failed', 'operator'])[s], carer_id, pupil_id, update_id, id, 'ordinary',
       'weekly update queued by ' || route, case s when 2 then sha256(c::text::bytea) end, sha256((w * 100000 + c)::text::bytea)
from sent, generate_series(1, 5) s;
insert into chronology_entry (id, happened_at, recorded_at, actor, kind, carer_id, pupil_id, case_id, received_id, visibility, sentence, digest)
select bench_id(at + s * interval '1 second', (3000000 + n) * 40::bigint + s), at, at + s * interval '1 second', 'daemon',
       (array['received', 'case', 'clock', 'submitted', 'note', 'case_moved'])[1 + s % 6], bench_id(bench_day(398), c),
       bench_id(bench_day(399), (c + 1) / 2), bench_id(at, 600000 + n), bench_id(at, 500000 + n),
       case when restricted then 'restricted' else 'ordinary' end, 'a message arrived: a case was opened', sha256(n::text::bytea)
from wrote, generate_series(1, 22) s;
insert into chronology_body (entry_id, salt, body)
select id, '\x00', repeat('Read two chapters aloud, measured the playground. ', 12) from chronology_entry where body_digest is not null;
insert into chronology_seal (no, previous, entries, digests, root, sealed_at, hash)
select ntile, sha256(ntile::text::bytea), array_agg(id order by id), array_agg(digest order by id), sha256('r'), max(recorded_at), sha256((ntile + 1)::text::bytea)
from (select id, digest, recorded_at, ntile(1000) over (order by id) from chronology_entry) e group by ntile;

-- Whoever is to be rung in one class reads another language, so that the page to translate on is measured too.
update carer c set language = 'ur' from task t join class k on k.id = t.class_id
where t.carer_id = c.id and t.kind = 'call' and k.name = 'Class 05';

drop function bench_id(timestamptz, bigint), bench_day(bigint);
analyze;
