drop table "clients";
