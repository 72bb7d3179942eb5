create index "tasklist__tasklist_created_by_51ba8d" on "tasklist__tasklist" (tenant_id, created_by) where deleted_at is null;
create index "tasklist__tasklist_updated_by_71aee3" on "tasklist__tasklist" (tenant_id, updated_by) where deleted_at is null;
create index "tasklist__tasklist_done_b061b8" on "tasklist__tasklist" (tenant_id, "done") where deleted_at is null;
