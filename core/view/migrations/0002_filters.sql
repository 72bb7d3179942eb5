create index "views_created_by_51ba8d" on "views" (tenant_id, created_by) where deleted_at is null;
create index "views_updated_by_71aee3" on "views" (tenant_id, updated_by) where deleted_at is null;
create index "views_is_shared_caa5c7" on "views" (tenant_id, "is_shared") where deleted_at is null;
