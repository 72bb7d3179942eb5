drop table "views";
