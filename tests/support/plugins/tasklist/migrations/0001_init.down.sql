drop table "tasklist__tasklist";
