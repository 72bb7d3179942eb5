create index "interactions__interactions_created_by_51ba8d" on "interactions__interactions" (tenant_id, created_by) where deleted_at is null;
create index "interactions__interactions_updated_by_71aee3" on "interactions__interactions" (tenant_id, updated_by) where deleted_at is null;
create index "interactions__interactions_type_148519" on "interactions__interactions" (tenant_id, "type") where deleted_at is null;
create index "interactions__interactions_pinned_e54e56" on "interactions__interactions" (tenant_id, "pinned") where deleted_at is null;
