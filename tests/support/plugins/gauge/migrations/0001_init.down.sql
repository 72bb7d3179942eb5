alter table "gauge__parts" drop constraint "gauge__parts_gauge_id_fk";
drop table "gauge__gauge";
drop table "gauge__parts";
