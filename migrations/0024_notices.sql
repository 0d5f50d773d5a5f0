-- Notices to colleagues: that something waits, never what. The words are made from the counts when a notice leaves.

create table staff_notice (
    id         uuid primary key,
    staff_id   uuid references staff,          -- whom it is for,
    post       text,                           -- or the post above the SLT, whose address is in the settings
    kind       text not null
        constraint notice_kind_known check (kind in ('dsl_alert', 'breach', 'digest', 'sending_stopped')),
    counts     jsonb not null,                 -- numbers only
    once       text not null,                  -- one notice of this name to one person
    state      text not null default 'queued'
        constraint notice_state_known check (state in ('queued', 'submitting', 'sent', 'dropped', 'failed')),
    made_at    timestamptz not null,
    not_before timestamptz not null,
    tries      smallint not null default 0,
    tried_at   timestamptz,
    settled_at timestamptz,
    why        text,                           -- why it was dropped, or has failed
    constraint notice_for_one check ((staff_id is null) <> (post is null)),
    constraint notice_post_known check (post in ('head', 'chair')),
    constraint notice_settled check ((state in ('sent', 'dropped', 'failed')) = (settled_at is not null)),
    constraint notice_why check ((state in ('dropped', 'failed')) = (why is not null))
);
create unique index notice_once on staff_notice (coalesce(staff_id::text, post), once);
create index notice_due on staff_notice (not_before) where state in ('queued', 'submitting');

alter table staff_notice enable row level security;
create policy daemon on staff_notice to liaison_daemon using (true) with check (true);
grant select, insert, update on staff_notice to liaison_daemon;
-- That there is an alert tells that the DSL has something: no page reads this table, only whether notices fail is told.
create function liaison_notices_failed(since timestamptz) returns bigint language sql security definer stable
    set search_path from current
    as $$ select count(*) from staff_notice where state = 'failed' and settled_at >= since $$;

-- The ladder beyond the SLT: 2 the headteacher, 3 the regional director or chair of governors; and the days on which a
-- colleague was reminded of a message that nobody has answered yet.
alter table clock add column reminded smallint not null default 0;
create index clock_unanswered on clock (started_at) where state = 'running' and kind = 'answer' and reminded < 3;
