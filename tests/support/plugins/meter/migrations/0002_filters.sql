create index "meter__drafts_created_by_51ba8d" on "meter__drafts" (tenant_id, created_by) where deleted_at is null;
create index "meter__drafts_updated_by_71aee3" on "meter__drafts" (tenant_id, updated_by) where deleted_at is null;
create index "meter__drafts_is_shared_caa5c7" on "meter__drafts" (tenant_id, "is_shared") where deleted_at is null;
create index "meter__meter_kind_685f61" on "meter__meter" (tenant_id, "kind") where deleted_at is null;
create index "meter__meter_watcher_id_2dbcfa" on "meter__meter" (tenant_id, "watcher_id") where deleted_at is null;
