-- Value lists as tenants have edited them. A tenant without a line has the values that the plugin's manifest gives.

create table kernel.tenant_lists (
  tenant_id uuid not null,
  -- `<plugin>.<list>`
  name text not null,
  version integer not null default 1,
  values jsonb not null,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, name)
);
alter table kernel.tenant_lists enable row level security;
alter table kernel.tenant_lists force row level security;
create policy tenant_isolation on kernel.tenant_lists using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));
create trigger kept_to_kernel before insert or update on kernel.tenant_lists
  for each row execute function kernel.keep_to_kernel();
create trigger tell_plugins after insert or update on kernel.tenant_lists
  for each row execute function kernel.tell_plugins();
