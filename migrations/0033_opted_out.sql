-- A teacher is told that a carer wants no more texts (R35).
alter table task drop constraint task_kind_known;
alter table task add constraint task_kind_known check
    (kind in ('call', 'letter', 'check_address', 'did_it_arrive', 'review_restriction', 'follow_up', 'turns_16', 'turns_18',
              'opted_out'));
