-- What a person must do by a date. What is needed to do it is read afresh when it is opened, through the gate.

create table task (
    id          uuid primary key,
    kind        text not null constraint task_kind_known check
        (kind in ('call', 'letter', 'check_address', 'did_it_arrive', 'review_restriction')),
    role        text not null,    -- whose list it is on: teacher (of the class), office, dsl, it
    class_id    uuid references class,
    carer_id    uuid not null references carer,
    pupil_id    uuid not null references pupil,
    update_id   uuid references pupil_update,
    delivery_id uuid references delivery,
    why         text not null,    -- one neutral sentence, no names
    due         date not null,
    state       text not null constraint task_state_known check (state in ('open', 'done', 'given_up', 'withdrawn')),
    created_at  timestamptz not null,
    closed_at   timestamptz,
    closed_by   text,
    outcome     text,
    constraint task_closed_when_not_open check ((state = 'open') = (closed_at is null)),
    constraint task_outcome_when_closed check (state = 'open' or (closed_by is not null and outcome is not null))
);
-- One call and one letter per update and carer, however often the way there is tried.
create unique index task_once on task (update_id, carer_id, kind) where update_id is not null;
create index task_open on task (due, id) where state = 'open';
create index task_delivery on task (delivery_id) where delivery_id is not null;
