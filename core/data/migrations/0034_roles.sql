-- Roles that a tenant defines beside the two of the kernel, and teams, whose members may meet each other's rows.

create table kernel.roles (
  tenant_id uuid not null references kernel.tenants,
  id uuid not null default gen_random_uuid(),
  name text not null,
  -- Permissions, row rules and field rights.
  grants jsonb not null,
  version integer not null default 1,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id)
);
create unique index roles_name on kernel.roles (tenant_id, lower(name));

create table kernel.teams (
  tenant_id uuid not null references kernel.tenants,
  id uuid not null default gen_random_uuid(),
  name text not null,
  -- Who has left the organisation may stand here still: the rows of that one stay the team's.
  members uuid[] not null default '{}',
  version integer not null default 1,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id)
);
create unique index teams_name on kernel.teams (tenant_id, lower(name));

-- Whoever has a role of the tenant's own is a member, with what that role gives.
alter table kernel.memberships add column role_id uuid, add check (role_id is null or role = 'member'),
  add foreign key (tenant_id, role_id) references kernel.roles;
create index memberships_role on kernel.memberships (tenant_id, role_id) where role_id is not null;
alter table kernel.account_tokens add column role_id uuid, add check (role_id is null or role = 'member'),
  add foreign key (tenant_id, role_id) references kernel.roles;

-- Every process reads a tenant's roles anew at once.
create function kernel.tell_rights() returns trigger language plpgsql as $$
begin
  perform pg_notify('weft_plugins', coalesce(new.tenant_id, old.tenant_id)::text);
  return null;
end $$;
create trigger tell_rights after insert or update or delete on kernel.roles for each row execute function kernel.tell_rights();
create trigger tell_rights after insert or update or delete on kernel.teams for each row execute function kernel.tell_rights();
