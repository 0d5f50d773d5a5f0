-- How many messages reached nobody of late is on every colleague's first page. Few rows are in this index, and no message
-- that leaves well touches it.

create index delivery_not_reached on delivery (settled_at) where state in ('failed', 'refused');
