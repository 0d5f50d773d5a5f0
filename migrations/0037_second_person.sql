-- An update that a second person must approve waits for them in its queue (R17): why it waits, and who approved it. Both are
-- of the version that was queued: taking it back, or changing it, makes them void.

alter table draft
    add column second_for text constraint draft_second_known check (second_for in ('sensitive', 'restricted_family')),
    add column approved_by text,
    add column approved_at timestamptz,
    add constraint draft_approved_by_somebody check ((approved_by is null) = (approved_at is null)),
    add constraint draft_second_is_queued check (send_at is not null or num_nonnulls(second_for, approved_by) = 0),
    add constraint draft_second_is_another check (approved_by not in (author, sent_by));

-- What leaves is what waits for nobody.
drop index draft_waits;
create index draft_waits on draft (send_at)
    where send_at is not null and update_id is null and (second_for is null or approved_by is not null);
create index draft_to_approve on draft (send_at)
    where update_id is null and second_for is not null and approved_by is null;
