drop index "tasklist__tasklist_created_by_51ba8d";
drop index "tasklist__tasklist_updated_by_71aee3";
drop index "tasklist__tasklist_done_b061b8";
