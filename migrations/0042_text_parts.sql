-- Some providers post a long text part by part. Each part is kept as it came, and waits here until all are there, or until the
-- wait for the others is over; then they are one message for the reader.

create table text_part (
    received_id uuid primary key,       -- no foreign key: written beside its row, in the same statement
    part_of     text not null,          -- digest of channel, both numbers and the provider's mark: no number stands here
    number      smallint not null,
    total       smallint not null,
    kept_at     timestamptz not null
);
create index text_part_of on text_part (part_of);
create index text_part_waits on text_part (kept_at);
alter table text_part enable row level security;
create policy daemon on text_part to liaison_daemon using (true) with check (true);
grant select, insert, delete on text_part to liaison_daemon;
