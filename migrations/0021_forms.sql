-- A form that is sent again with other words is told apart from a button that was pressed twice.

alter table form_sent add column fields bytea;   -- SHA-256 of what was filled in; null: sent before this was kept
