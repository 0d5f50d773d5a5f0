-- A letter can be handed to a provider that prints and posts it: then it is a delivery like any other, made from the office's task.
-- And a receipt that overtakes the answer to its message waits for it.

alter table delivery drop constraint delivery_route_sends;
alter table delivery add constraint delivery_route_sends check (route in ('email', 'text', 'letter'));
alter table delivery add column task_id uuid references task;   -- the letter that was handed over
alter table delivery add constraint delivery_letter_was_a_task check ((route = 'letter') = (task_id is not null));
create index delivery_task on delivery (task_id) where task_id is not null;

drop index delivery_provider_ref;
create index delivery_provider_ref on delivery (provider_ref) where route <> 'email' and provider_ref is not null;

-- How far the message had come, in our words; none: kept before receipts were read again.
alter table receipt add column progress text;
create index receipt_early on receipt (channel, provider_ref) where delivery_id is null;

alter table staff_notice drop constraint notice_kind_known;
alter table staff_notice add constraint notice_kind_known check
    (kind in ('dsl_alert', 'breach', 'digest', 'sending_stopped', 'texts_stopped', 'mail_silent', 'channel_held'));
