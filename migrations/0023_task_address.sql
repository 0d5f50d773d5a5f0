-- Which address a task is to look into: that of the message that failed, or of the letter that came back. Whoever says that
-- this very address is right, or takes it away, has done it.
alter table task add column address_id uuid;
update task t set address_id = d.address_id
from delivery d
where d.id = t.delivery_id and t.kind = 'check_address'
  and num_nonnulls(t.update_id, t.answer_id, t.announcement_id) = 0;
