-- What an organisation lets a plugin do, where a later version asks for more than it was switched on with.
create table kernel.consents (
  tenant_id uuid not null references kernel.tenants,
  plugin text not null,
  -- Uses of other resources, hosts and secrets, as a manifest asks for them.
  asks jsonb not null,
  -- Who has said so; null for what it was switched on with.
  decided_by uuid references kernel.users on delete set null,
  decided_at timestamptz(3) not null default now(),
  primary key (tenant_id, plugin)
);
create trigger tell_rights after insert or update or delete on kernel.consents for each row execute function kernel.tell_rights();
