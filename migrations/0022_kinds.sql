-- What a message may be, and the clocks that the law sets.

alter table carer_case drop constraint case_kind_known;
alter table carer_case add constraint case_kind_known check
    (kind in ('query', 'attendance', 'medical', 'concern', 'complaint', 'thanks', 'safeguarding', 'subject_access',
              'data_complaint'));

-- No holiday stops the last two, and no answer of another kind.
alter table clock drop constraint clock_kind_known;
alter table clock add constraint clock_kind_known check (kind in ('answer', 'promise', 'subject_access', 'data_complaint'));

-- What the rules make of its words, which a colleague says yes or no to, and what the law may ask besides.
alter table reading
    add column suggested     text,
    add column suggested_why text,          -- the rule's own words
    add column suggested_is  boolean,       -- what the colleague said; null: nobody has said
    add column suggested_by  text,
    add column suggested_at  timestamptz,
    add column law           text constraint reading_law_known check (law in ('subject_access', 'data_complaint')),
    add constraint reading_suggested_why check ((suggested is null) = (suggested_why is null)),
    add constraint reading_suggested_said_by check
        ((suggested_is is null) = (suggested_by is null) and (suggested_is is null) = (suggested_at is null));
create index reading_suggested on reading (read_at) where suggested is not null and suggested_is is null;
