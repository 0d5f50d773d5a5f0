-- What a message may be, and the clocks that the law sets.

alter table carer_case drop constraint case_kind_known;
alter table carer_case add constraint case_kind_known check
    (kind in ('query', 'attendance', 'medical', 'concern', 'complaint', 'thanks', 'safeguarding', 'subject_access',
              'data_complaint'));

-- No holiday stops the last two, and no answer of another kind.
alter table clock drop constraint clock_kind_known;
alter table clock add constraint clock_kind_known check (kind in ('answer', 'promise', 'subject_access', 'data_complaint'));

-- What the rules make of its words; a colleague says yes or no.
alter table reading
    add column may_be     text,
    add column may_be_why text,          -- the rule's own words
    add column may_be_is  boolean,       -- what the colleague said; null: nobody has said
    add column may_be_by  text,
    add column may_be_at  timestamptz,
    add constraint reading_may_be_why check ((may_be is null) = (may_be_why is null)),
    add constraint reading_may_be_said_by check
        ((may_be_is is null) = (may_be_by is null) and (may_be_is is null) = (may_be_at is null));
create index reading_may_be on reading (read_at) where may_be is not null and may_be_is is null;
