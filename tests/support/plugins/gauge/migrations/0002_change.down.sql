drop table "gauge__notes";
