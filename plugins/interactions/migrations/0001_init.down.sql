drop table "interactions__interactions";
