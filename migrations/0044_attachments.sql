-- Files that came with carers' mails, apart from the mails (R23): what each is called stands with its message, its bytes once,
-- however many mails brought it. A file is given to nobody whom its message is hidden from, and to nobody at all once a virus
-- was found in it.
create table file (
    digest     bytea primary key constraint file_digest_is_sha256 check (octet_length(digest) = 32),
    bytes      bytea not null,
    kept_at    timestamptz not null,
    state      text not null default 'waiting' constraint file_state_known check
        (state in ('waiting', 'clean', 'infected', 'unscannable')),
    said       text,                       -- the scanner's words: the virus's name, or why it could not look
    scanned_at timestamptz,
    tries      smallint not null default 0,
    constraint file_scanned_when_not_waiting check ((state = 'waiting') = (scanned_at is null)),
    constraint file_infected_by_name check (state <> 'infected' or said is not null)
);
-- Pictures and documents are compressed already.
alter table file alter column bytes set storage external;
create index file_waiting on file (tries, digest) where state = 'waiting';

create table attachment (
    received_id uuid not null,
    position    smallint not null,
    name        text not null,
    declared    text not null,
    bytes       bigint not null,
    inline      boolean not null,
    digest      bytea references file (digest),   -- none: too large; it stands in the mail only
    primary key (received_id, position)
);
create index attachment_digest on attachment (digest);

-- Messages whose files are still to be put apart.
create table attachment_due (
    received_id uuid primary key,
    tries       smallint not null default 0,
    -- they could not be, or not all of them: the page says so
    given_up_at timestamptz
);
create index attachment_due_next on attachment_due (tries, received_id) where given_up_at is null;

grant select, insert, update on file to liaison_daemon;
grant select, insert on attachment to liaison_daemon;
grant select, insert, update, delete on attachment_due to liaison_daemon;
grant select on file, attachment, attachment_due to liaison_staff;

alter table file enable row level security;
alter table attachment enable row level security;
alter table attachment_due enable row level security;
create policy daemon on file to liaison_daemon using (true) with check (true);
create policy daemon on attachment to liaison_daemon using (true) with check (true);
create policy daemon on attachment_due to liaison_daemon using (true) with check (true);
create policy staff on attachment for select to liaison_staff using (liaison_sees_reading(received_id));
create policy staff on attachment_due for select to liaison_staff using (liaison_sees_reading(received_id));
create policy staff on file for select to liaison_staff using (
    exists (select from attachment a where a.digest = file.digest));
