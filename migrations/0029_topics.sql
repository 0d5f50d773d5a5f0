-- What a message about a pupil is about, where its writer says so: what never goes by text is a setting. The SLT may let one item
-- go by text all the same, for a reason that is kept with it. And a notice that is urgent leaves at any hour, for a reason.

alter table draft add column topic text constraint draft_topic_known
    check (topic in ('attendance', 'behaviour', 'send', 'medical', 'safeguarding', 'wellbeing'));
alter table pupil_update add column topic text constraint pupil_update_topic_known
    check (topic in ('attendance', 'behaviour', 'send', 'medical', 'safeguarding', 'wellbeing'));
alter table answer add column topic text constraint answer_topic_known
    check (topic in ('attendance', 'behaviour', 'send', 'medical', 'safeguarding', 'wellbeing'));

alter table draft add column text_because text constraint draft_text_for_a_reason check (btrim(text_because) <> '');
alter table pupil_update add column text_because text
    constraint pupil_update_text_for_a_reason check (btrim(text_because) <> '');
alter table answer add column text_because text constraint answer_text_for_a_reason check (btrim(text_because) <> '');

alter table announcement drop constraint announcement_purpose_known;
alter table announcement add constraint announcement_purpose_known check (purpose in ('newsletter', 'notice', 'urgent'));
alter table announcement add column urgent_because text;
alter table announcement add constraint announcement_urgent_for_a_reason
    check ((purpose = 'urgent') = (urgent_because is not null and btrim(urgent_because) <> ''));
