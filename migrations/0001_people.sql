-- Who is who. Rights sit on the link between a carer and a pupil, never on either of them alone.

create table class (
    id   uuid primary key,
    name text not null constraint class_name_once unique
);

create table staff (
    id     uuid primary key,
    name   text not null,
    email  text not null constraint staff_email_once unique,
    roles  text[] not null
        constraint staff_roles_known check (roles <@ array['teacher', 'office', 'slt', 'dsl', 'governor', 'it'])
);

create table class_staff (
    class_id uuid not null references class,
    staff_id uuid not null references staff,
    primary key (class_id, staff_id)
);

create table pupil (
    id             uuid primary key,
    pupil_ref      text not null constraint pupil_ref_once unique,   -- the school's own system's id
    upn            text,
    legal_surname  text not null,
    legal_forename text not null,
    preferred_name text,
    date_of_birth  date,
    year_group     text,
    class_id       uuid references class,
    home_language  text,
    leaving_date   date
);
create index pupil_class on pupil (class_id);

create table carer (
    id                   uuid primary key,
    contact_ref          text not null constraint contact_ref_once unique,
    title                text,
    surname              text not null,
    forename             text not null,
    language             text not null default 'en',
    format               text not null default 'standard'
        constraint carer_format_known check
            (format in ('standard', 'large_print', 'easy_read', 'audio', 'braille', 'bsl', 'other')),
    interpreter          text,
    best_times           text,
    address_confidential boolean not null default false,
    consent_note         text                       -- how and when the school was told that it may write
);

create table link (
    id                      uuid primary key,
    carer_id                uuid not null references carer,
    pupil_id                uuid not null references pupil,
    relationship            text not null,
    priority                smallint not null constraint link_priority_range check (priority between 1 and 99),
    parental_responsibility text not null
        constraint link_responsibility_known check (parental_responsibility in ('yes', 'no', 'unknown')),
    lives_with_pupil        boolean not null default false,
    receives_correspondence boolean not null default false,
    receives_reports        boolean not null default false,
    emergency_contact       boolean not null default false,
    missing_since           timestamptz,   -- not in the last import; a person decides what that means
    constraint link_once unique (pupil_id, carer_id)
);
create index link_carer on link (carer_id);

-- An import may add a restriction, never remove or weaken one, so rows are added and (later, by a person) ended.
create table restriction (
    id          uuid primary key,
    link_id     uuid not null references link,
    kind        text not null
        constraint restriction_kind_known check (kind in ('supervised', 'see_dsl', 'no_information', 'no_contact')),
    starts      date,           -- null: always was
    ends        date,           -- null: until lifted; the last day it holds
    note_ref    text,           -- where the order is filed; never its text
    recorded_at timestamptz not null,
    recorded_by text not null,
    constraint restriction_dates_in_order check (starts is null or ends is null or starts <= ends)
);
create index restriction_link on restriction (link_id);

-- One row per address, so that two carers sharing a phone or a mailbox is a fact, not a coincidence.
create table address (
    id           uuid primary key,
    kind         text not null constraint address_kind_known check (kind in ('email', 'mobile', 'landline', 'postal')),
    value        text not null,
    status       text not null default 'good'
        constraint address_status_known check (status in ('good', 'failing', 'stopped')),
    status_since timestamptz,
    status_why   text,
    constraint address_once unique (kind, value)
);

create table carer_address (
    carer_id   uuid not null references carer,
    address_id uuid not null references address,
    position   smallint not null,
    added_at   timestamptz not null,
    removed_at timestamptz,      -- history stays; only rows without it are in use
    primary key (carer_id, address_id)
);
create index carer_address_address on carer_address (address_id);

create table preference (
    carer_id uuid not null references carer,
    purpose  text not null,
    routes   text[] not null
        constraint preference_routes_known check (routes <@ array['email', 'text', 'call', 'letter']),
    source   text not null constraint preference_source_known check (source in ('import', 'staff')),
    set_at   timestamptz not null,
    primary key (carer_id, purpose)
);
