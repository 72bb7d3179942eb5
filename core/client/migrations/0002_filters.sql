create index "clients_created_by_51ba8d" on "clients" (tenant_id, created_by) where deleted_at is null;
create index "clients_updated_by_71aee3" on "clients" (tenant_id, updated_by) where deleted_at is null;
create index "clients_type_148519" on "clients" (tenant_id, "type") where deleted_at is null;
create index "clients_country_224b79" on "clients" (tenant_id, "country") where deleted_at is null;
create index "clients_source_349513" on "clients" (tenant_id, "source") where deleted_at is null;
create index "clients_status_c60d4c" on "clients" (tenant_id, "status") where deleted_at is null;
