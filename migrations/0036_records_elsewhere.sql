-- Records elsewhere (R57): what is about safeguarding, SEND or behaviour needs a reference in the school's own recording
-- system, or a reason why it needs none. Until now that was asked of restricted cases only.

alter table carer_case drop constraint case_kind_known;
alter table carer_case add constraint case_kind_known check
    (kind in ('query', 'attendance', 'medical', 'concern', 'complaint', 'thanks', 'safeguarding', 'subject_access',
              'data_complaint', 'send', 'behaviour'));
-- Since when it is of its kind; null: since it was opened.
alter table carer_case add column kind_since timestamptz;

alter table contact add column topic text constraint contact_topic_known
    check (topic in ('attendance', 'behaviour', 'send', 'medical', 'safeguarding', 'wellbeing'));
-- What is about the safety of a child is for few eyes.
alter table contact add constraint contact_safeguarding_is_sensitive check (topic is distinct from 'safeguarding' or sensitive);

alter table hand_off alter column case_id drop not null;
alter table hand_off add column contact_id uuid references contact;
alter table hand_off add column update_id uuid references pupil_update;
alter table hand_off add constraint hand_off_of_one_item check (num_nonnulls(case_id, contact_id, update_id) = 1);
create index hand_off_contact on hand_off (contact_id) where contact_id is not null;
create index hand_off_update on hand_off (update_id) where update_id is not null;

-- Whoever sees the item sees where it went.
alter policy staff on hand_off using (
    (case_id is null or exists (select from carer_case c where c.id = case_id))
    and (contact_id is null or exists (select from contact k where k.id = contact_id))
    and (update_id is null or exists (select from pupil_update u where u.id = update_id)));

create index carer_case_key on carer_case (id) where visibility = 'restricted' or kind in ('safeguarding', 'send', 'behaviour');
create index answer_key on answer (case_id) where topic in ('safeguarding', 'send', 'behaviour');
create index contact_key on contact (recorded_at) where topic in ('safeguarding', 'send', 'behaviour');
create index pupil_update_key on pupil_update (queued_at) where topic in ('safeguarding', 'send', 'behaviour');

-- Every key item, settled or not, for whoever may see what it is about. A view and no list that somebody keeps: nothing can be
-- forgotten in it. What was recorded before an item became what it is (a case that was diverted, say) settles it no more.
create view key_item with (security_invoker = true) as
select c.id, 'case' as item, c.code as label, c.pupil_id, c.carer_id, k.topic, k.since, c.visibility = 'restricted' as restricted,
       false as sensitive,
       exists (select from hand_off h where h.case_id = c.id and h.recorded_at >= k.since) as settled
from (select id from carer_case where visibility = 'restricted' or kind in ('safeguarding', 'send', 'behaviour')
      union
      select case_id from answer where topic in ('safeguarding', 'send', 'behaviour')) key
join carer_case c on c.id = key.id
cross join lateral (
    select w.topic, w.since
    from (select 'safeguarding' as topic, coalesce(c.restricted_at, c.opened_at) as since where c.visibility = 'restricted'
          union all
          select c.kind, coalesce(c.kind_since, c.opened_at) where c.kind in ('safeguarding', 'send', 'behaviour')
          union all
          select a.topic, a.written_at from answer a
          where a.case_id = c.id and a.topic in ('safeguarding', 'send', 'behaviour')) w
    order by array_position(array['safeguarding', 'send', 'behaviour'], w.topic), w.since
    limit 1) k
union all
select k.id, 'contact', k.kind, k.pupil_id, k.carer_id, k.topic, k.recorded_at, coalesce(c.visibility = 'restricted', false),
       k.sensitive,
       exists (select from hand_off h where h.contact_id = k.id)
from contact k
left join carer_case c on c.id = k.case_id
where k.topic in ('safeguarding', 'send', 'behaviour') and not exists (select from contact n where n.corrects = k.id)
union all
select u.id, 'update', u.week::text, u.pupil_id, null, u.topic, u.queued_at, false, false,
       exists (select from hand_off h where h.update_id = u.id)
from pupil_update u
where u.topic in ('safeguarding', 'send', 'behaviour');
grant select on key_item to liaison_staff, liaison_daemon;

-- A sheet on its way to the folder from which the other system's people take it. It is made when it is written, from the
-- facts of then; the id names its files, so that a crash between writing and this row's end gives the same files again.
create table record_drop (
    id         uuid primary key,
    case_id    uuid references carer_case,
    contact_id uuid references contact,
    update_id  uuid references pupil_update,
    for_dsl    boolean not null,          -- a DSL asked for it: only then may it be what is the DSL's
    asked_by   text not null,
    asked_at   timestamptz not null,
    state      text not null default 'queued' constraint record_drop_state_known check
        (state in ('queued', 'written', 'cancelled')),
    not_before timestamptz not null,
    why        text,                      -- why it waits, or was not written
    settled_at timestamptz,
    constraint record_drop_of_one_item check (num_nonnulls(case_id, contact_id, update_id) = 1),
    constraint record_drop_settled_when_final check ((state = 'queued') = (settled_at is null))
);
create unique index record_drop_waits_once on record_drop (coalesce(case_id, contact_id, update_id)) where state = 'queued';
create index record_drop_item on record_drop (coalesce(case_id, contact_id, update_id));
create index record_drop_due on record_drop (not_before) where state = 'queued';

alter table record_drop enable row level security;
create policy daemon on record_drop to liaison_daemon using (true) with check (true);
grant select, insert, update on record_drop to liaison_daemon;
create policy staff on record_drop for select to liaison_staff using (
    (case_id is null or exists (select from carer_case c where c.id = case_id))
    and (contact_id is null or exists (select from contact k where k.id = contact_id))
    and (update_id is null or exists (select from pupil_update u where u.id = update_id)));
grant select on record_drop to liaison_staff;
