-- An announcement that never was queued can be dropped: nothing is made of it, and it stands on no list of what is to be done.

alter table announcement drop constraint announcement_cancelled_was_sent;
alter table announcement add constraint announcement_cancelled_was_sent_or_never_queued
    check (cancelled_at is null or sent_at is not null or send_at is null);
drop index announcement_asked;
create index announcement_asked on announcement (id) where asked_at is not null and decision is null and cancelled_at is null;
