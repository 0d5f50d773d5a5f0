-- The words around what colleagues write, part by part and language by language. The shipped words stand in the program; here
-- are the school's own. Versions are only ever added; the newest of a part and language counts.

create table template_version (
    number   bigint generated always as identity primary key,
    part     text not null,
    language text not null,
    words    text,                  -- null: the shipped words again
    set_at   timestamptz not null,
    set_by   text not null,
    constraint template_says_something check (btrim(words) <> '')
);
create index template_newest on template_version (part, language, number desc);

-- That a named person reads a language and has checked words in it. It holds for those very words: others have another digest.
create table template_review (
    number      bigint generated always as identity primary key,
    part        text not null,
    language    text not null,
    digest      text not null,
    reviewed_by text not null constraint review_names_somebody check (btrim(reviewed_by) <> ''),
    reviewed_at timestamptz not null,
    recorded_by text not null
);

do $$
declare
    named text;
begin
    foreach named in array array['template_version', 'template_review'] loop
        execute format('create trigger %I before update or delete or truncate on %I
                        for each statement execute function refuse_change()', named || '_insert_only', named);
        execute format('alter table %I enable row level security', named);
        execute format('create policy daemon on %I to liaison_daemon using (true) with check (true)', named);
        execute format('grant select, insert on %I to liaison_daemon', named);
        execute format('create policy staff on %I for select to liaison_staff using ((select liaison_me()) is not null)', named);
        execute format('grant select on %I to liaison_staff', named);
    end loop;
end $$;
