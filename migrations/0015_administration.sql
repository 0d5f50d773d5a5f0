-- What the school's own people look after on pages: accounts, imports that wait for approval, the calendar and the school's
-- own words. Versions are only ever added; the newest counts.

-- Of an account what those who manage accounts may know, and nobody else; never what proves who signs in.
create function liaison_accounts()
    returns table (staff_id uuid, can_sign_in boolean, second_factor boolean, own_family bigint)
    language sql security definer stable
    set search_path from current
    as $$ select s.id, coalesce(a.password is not null, false), coalesce(a.totp_confirmed_at is not null, false),
                 (select count(*) from conflict_of_interest f where f.staff_id = s.id)
          from staff s left join staff_account a on a.staff_id = s.id
          where liaison_is('it') or liaison_is('slt') or liaison_is('dsl') $$;

-- Cases that were given to one colleague, so that a leaver's are found.
create index case_owner on carer_case (owner) where owner is not null;

-- What came to grief is listed newest first, without a look at all that arrived.
create index delivery_stopped on delivery (id) where state in ('failed', 'refused');

-- Two files that wait for a colleague's approval. Their bytes are personal and go when they have done their work.
create table import_proposal (
    id              uuid primary key,
    pupils          bytea,                 -- pupils.csv, until it is written or withdrawn
    contacts        bytea,                 -- contacts.csv
    pupils_sha256   text not null,
    contacts_sha256 text not null,
    diff            text not null,         -- the changes that were shown, as JSON: refs, columns and counts; no name,
                                           -- number or address
    state           text not null constraint import_state_known check (state in ('proposed', 'done', 'withdrawn')),
    proposed_by     text not null,
    proposed_at     timestamptz not null,
    decided_by      text,
    decided_at      timestamptz,
    constraint import_bytes_go_when_decided check
        ((pupils is null) = (state <> 'proposed') and (contacts is null) = (pupils is null)),
    constraint import_decided_by_somebody check
        ((decided_by is null) = (state = 'proposed') and (decided_by is null) = (decided_at is null))
);
create index import_proposal_newest on import_proposal (proposed_at, id);
-- One at a time, so that what is approved is what was shown.
create unique index import_one_waits on import_proposal ((true)) where state = 'proposed';

create table calendar_version (
    number     bigint generated always as identity primary key,
    csv        text not null,
    digest     text not null,              -- of what the calendar says: the version that clocks name
    adopted_at timestamptz not null,
    adopted_by text not null,
    why        text not null constraint calendar_says_why check (btrim(why) <> '')
);

create table wording_version (
    number  bigint generated always as identity primary key,
    urgent  text not null,                 -- where to turn if it cannot wait; empty: the usual sentence
    more    text not null,                 -- what every acknowledgement says besides; may be empty
    set_at  timestamptz not null,
    set_by  text not null
);

do $$
declare
    named text;
begin
    foreach named in array array['import_proposal', 'calendar_version', 'wording_version'] loop
        execute format('alter table %I enable row level security', named);
        execute format('create policy daemon on %I to liaison_daemon using (true) with check (true)', named);
        execute format('grant select, insert on %I to liaison_daemon', named);
    end loop;
end $$;
grant update on import_proposal to liaison_daemon;
grant select on calendar_version, wording_version to liaison_staff;
-- Not the files themselves: no page shows them.
grant select (id, diff, state, proposed_by, proposed_at, decided_by, decided_at) on import_proposal to liaison_staff;

-- A file holds everybody's contact data: for those who see the whole school's.
create policy staff on import_proposal for select to liaison_staff using (
    (select liaison_is('office')) or (select liaison_is('slt')));
create policy staff on calendar_version for select to liaison_staff using ((select liaison_me()) is not null);
create policy staff on wording_version for select to liaison_staff using ((select liaison_me()) is not null);
