drop table "meter__drafts";
drop table "meter__meter";
