-- What the school owes each pupil's carers besides the weekly update (R21): a report at Christmas and in summer, and the yearly
-- review meeting. A colleague records that it was given or held; a wrong one is taken back, and the row stays.

create table milestone (
    id           uuid primary key,
    pupil_id     uuid not null references pupil,
    kind         text not null constraint milestone_kind_known check (kind in ('christmas_report', 'summer_report', 'annual_review')),
    day          date not null,             -- on which it was given, or held
    recorded_at  timestamptz not null,
    recorded_by  text not null,
    withdrawn_at timestamptz,
    withdrawn_by text,
    constraint milestone_withdrawn_by_somebody check ((withdrawn_at is null) = (withdrawn_by is null))
);
create unique index milestone_once on milestone (pupil_id, kind, day) where withdrawn_at is null;

alter table milestone enable row level security;
create policy daemon on milestone to liaison_daemon using (true) with check (true);
grant select, insert, update (withdrawn_at, withdrawn_by) on milestone to liaison_daemon;
create policy staff on milestone for select to liaison_staff using (
    ((select liaison_sees_school()) or pupil_id = any((select liaison_my_pupils())::uuid[]))
    and pupil_id <> all((select liaison_own_family())::uuid[]));
grant select on milestone to liaison_staff;
