-- A notice that Liaison words itself, to one carer, in their language where those words are checked: that a new address is to be
-- confirmed at it (R07), or that a message in English waits to be read to them (R47). It names no child.

create table standard_notice (
    id         uuid primary key,
    kind       text not null constraint standard_notice_kind_known check (kind in ('confirm_address', 'meanwhile')),
    carer_id   uuid not null references carer,
    address_id uuid references address,     -- the address to be confirmed
    task_id    uuid references task,        -- the call that is to be made
    made_at    timestamptz not null,
    constraint standard_notice_of_one_thing check (
        (kind = 'confirm_address') = (address_id is not null) and (kind = 'meanwhile') = (task_id is not null))
);
create unique index standard_notice_once on standard_notice (task_id) where task_id is not null;
alter table standard_notice enable row level security;
create policy daemon on standard_notice to liaison_daemon using (true) with check (true);
grant select, insert on standard_notice to liaison_daemon;

alter table delivery
    add column standard_id uuid references standard_notice,
    drop constraint delivery_carries_one_thing,
    add constraint delivery_carries_one_thing check (num_nonnulls(update_id, answer_id, announcement_id, standard_id) = 1);
create unique index delivery_standard_once on delivery (standard_id, route) where standard_id is not null;

-- What a colleague typed may be somebody else's. Nothing but the question goes there until it was answered with yes.
alter table address
    drop constraint address_status_known,
    add constraint address_status_known check (status in ('good', 'failing', 'stopped', 'unconfirmed'));

-- An answer to that question is no message to anybody.
alter table reading
    drop constraint reading_kind_known,
    add constraint reading_kind_known check
        (kind in ('human', 'auto_reply', 'bounce', 'list', 'receipt', 'report', 'calendar', 'opt_out', 'opt_in', 'repeat',
                  'own', 'unreadable', 'confirmed', 'declined'));
