-- The daemon works as liaison_daemon, which may neither change nor delete what the chronology holds.

do $$
begin
    if not exists (select from pg_roles where rolname = 'liaison_daemon') then
        create role liaison_daemon nologin;
    end if;
exception when duplicate_object or unique_violation then null;   -- another database of this server made it just now
end $$;
do $$
begin
    execute format('grant liaison_daemon to %I', current_user);
    execute format('grant usage on schema %I to liaison_daemon', current_schema());
end $$;

grant select, insert, update on
    class, staff, class_staff, pupil, carer, link, restriction, address, carer_address, preference,
    pupil_update, delivery, choice, attempt, receipt, daemon, home, hold, task
    to liaison_daemon;
grant delete on hold, class_staff, chronology_unsealed to liaison_daemon;
grant update on chronology_unsealed to liaison_daemon;
grant select, insert on chronology_entry, chronology_body, chronology_unsealed, chronology_seal to liaison_daemon;

-- The daemon may see how far the schema is, without reading the migrations table itself.
create function liaison_schema_version() returns bigint language sql security definer stable
    set search_path from current as
    $$ select max(version) from _sqlx_migrations where success $$;
