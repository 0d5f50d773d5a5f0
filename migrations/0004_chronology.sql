-- The chronology: insert-only, one entry per event, written in the transaction of the change it tells.

create table chronology_entry (
    id          uuid primary key,        -- UUIDv7: the order of recording
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    actor       text not null,
    kind        text not null,
    carer_id    uuid,
    pupil_id    uuid,
    update_id   uuid,
    delivery_id uuid,
    task_id     uuid,
    visibility  text not null constraint entry_visibility_known check (visibility in ('ordinary', 'restricted')),
    sentence    text not null,           -- neutral; names are joined when it is shown, so erasure can remove them
    body_digest bytea,
    digest      bytea not null           -- SHA-256 over all of the above
);
create index entry_pupil on chronology_entry (pupil_id, id) where pupil_id is not null;
create index entry_carer on chronology_entry (carer_id, id) where carer_id is not null;

-- The words themselves, apart, under a salted digest: a lawful erasure removes words and keeps the proof of them.
create table chronology_body (
    entry_id uuid primary key,   -- no foreign key: written beside its entry, in the same transaction
    salt     bytea not null,
    body     text not null
);
-- A message of two kilobytes stays in its row, uncompressed: compressing it costs more than storing it.
alter table chronology_body alter column body set storage external;
alter table chronology_body set (toast_tuple_target = 8160);

-- Entries that wait to be sealed. An entry that is neither here nor in a seal did not come from Liaison.
create table chronology_unsealed (
    entry_id uuid primary key
);

create table chronology_seal (
    no        bigint primary key constraint seal_number_positive check (no > 0),
    previous  bytea not null,            -- the hash of the seal before; 32 zero bytes for the first
    entries   uuid[] not null,
    digests   bytea[] not null,          -- the leaves, so that verify can name the entry and not only the seal
    root      bytea not null,            -- Merkle root over the leaves
    sealed_at timestamptz not null,
    hash      bytea not null,            -- over no, previous, root, count and time
    constraint seal_leaf_per_entry check (cardinality(entries) = cardinality(digests) and cardinality(entries) > 0)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the chronology is insert-only: % on % is refused; write a new entry that corrects it',
        lower(tg_op), tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger entry_insert_only before update or delete or truncate on chronology_entry
    for each statement execute function refuse_change();
create trigger body_insert_only before update or truncate on chronology_body
    for each statement execute function refuse_change();
create trigger seal_insert_only before update or delete or truncate on chronology_seal
    for each statement execute function refuse_change();
