-- A matter that is handed on to the school's Complaints Procedure (R44): its stages, their dates, and who has it. The case
-- stays as it is; its clocks end as moved, never as answered.

create table complaint (
    id         uuid primary key,
    no         bigint not null constraint complaint_no_positive check (no > 0),
    of_the_dsl boolean not null,       -- opened in a restricted case: numbered apart, so that no gap tells of it
    case_id    uuid not null references carer_case,
    opened_at  timestamptz not null,
    opened_by  text not null,
    stage      smallint not null constraint complaint_stage_known check (stage between 1 and 3),
    owner      uuid not null references staff,
    began_at   timestamptz not null,   -- the present stage
    due_day    date,                   -- null: the calendar does not reach so far
    due_words  text not null,          -- why it is due then
    days       smallint not null,      -- school days that were counted
    calendar   text not null,          -- the version they were counted by
    answered_at timestamptz,           -- the present stage
    outcome    text constraint complaint_outcome_known check
        (outcome in ('upheld', 'partly_upheld', 'not_upheld', 'withdrawn')),
    closed_at  timestamptz,
    constraint complaint_no_once unique (of_the_dsl, no),
    constraint complaint_outcome_when_answered check
        ((outcome is null) = (answered_at is null and closed_at is null)),
    constraint complaint_withdrawn_when_closed check (outcome <> 'withdrawn' or closed_at is not null)
);
create unique index complaint_runs_once on complaint (case_id) where closed_at is null;
create index complaint_case on complaint (case_id);
create index complaint_open on complaint (coalesce(due_day, '1970-01-01'), id) where closed_at is null;
create index complaint_closed on complaint (closed_at desc, id desc) where closed_at is not null;

-- What was done with it. The words stand beside the entry, where they can be erased.
create table complaint_step (
    id           uuid primary key,     -- UUIDv7: the order of doing
    complaint_id uuid not null references complaint,
    stage        smallint not null,
    kind         text not null constraint step_kind_known check (kind in ('begun', 'given', 'answered', 'closed')),
    owner        uuid references staff,   -- who has the stage from then on
    outcome      text,
    at           timestamptz not null,
    by           text not null,
    entry_id     uuid not null,
    constraint step_owner_when_given check ((kind in ('begun', 'given')) = (owner is not null)),
    constraint step_outcome_when_answered check ((kind in ('answered', 'closed')) = (outcome is not null))
);
create index step_complaint on complaint_step (complaint_id, id);
create trigger step_insert_only before update or delete or truncate on complaint_step
    for each statement execute function refuse_change();

-- The complaint that runs in a case, as everybody who sees the case may know it: `C-7, stage 1`.
alter table carer_case add column complaint text;
-- Where a clock went that ended without an answer: `complaint C-7, stage 1`.
alter table clock add column moved_to text;
alter table clock add constraint clock_moved_is_closed check (moved_to is null or state = 'closed');

do $$
declare
    named text;
begin
    foreach named in array array['complaint', 'complaint_step'] loop
        execute format('alter table %I enable row level security', named);
        execute format('create policy daemon on %I to liaison_daemon using (true) with check (true)', named);
        execute format('grant select, insert on %I to liaison_daemon', named);
        execute format('grant select on %I to liaison_staff', named);
    end loop;
end $$;
grant update on complaint to liaison_daemon;

-- Its papers are for the SLT, the DSL and the colleague who has it, as far as they see the case.
create policy staff on complaint for select to liaison_staff using (
    ((select liaison_is('slt')) or (select liaison_is('dsl')) or owner = (select liaison_me()))
    and exists (select from carer_case c where c.id = case_id));
create policy staff on complaint_step for select to liaison_staff using (
    exists (select from complaint k where k.id = complaint_id));

-- Whether the words beside an entry about the complaint of a case are for this colleague.
create function liaison_reads_complaint(in_case uuid) returns boolean
language plpgsql stable security definer set search_path from current as $$
begin
    return liaison_is('slt') or liaison_is('dsl')
        or exists (select from complaint where case_id = in_case and owner = liaison_me());
end $$;
revoke execute on function liaison_reads_complaint(uuid) from public;
grant execute on function liaison_reads_complaint(uuid) to liaison_staff, liaison_daemon;

-- That there is a complaint, and its stage, is told to whoever sees the case; what was said in it is not.
alter policy staff on chronology_body using (
    exists (select from chronology_entry e
            where e.id = entry_id and (e.kind <> 'complaint' or liaison_reads_complaint(e.case_id))));
