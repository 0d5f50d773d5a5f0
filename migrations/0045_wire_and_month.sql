-- What was said on the wire stands with each attempt, secrets and bodies struck out (R50); and how many parts of texts each
-- channel has had in a month, so that a school's cap is kept by all daemons together.
alter table attempt add column wire text;

create table texts_of_month (
    channel   text not null,
    month     date not null constraint texts_of_month_first_day check (extract(day from month) = 1),
    parts     bigint not null default 0,
    -- a person let texts go on beyond the cap
    let_on_by text,
    primary key (channel, month)
);
grant select, insert, update on texts_of_month to liaison_daemon;
