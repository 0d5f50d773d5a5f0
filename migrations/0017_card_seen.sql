-- A draft keeps which contact card its writer had before their eyes (R08): a digest of who may be told, how and in what
-- language. Null: none was shown, and then the draft is not queued.

alter table draft add column card_seen text;
