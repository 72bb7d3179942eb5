-- Administrators act as members: what they see, and what a member was helped with. Who did so, and what was written meanwhile, stays known.

create table kernel.acting_sessions (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references kernel.tenants,
  user_id uuid not null references kernel.users on delete cascade,
  by_id uuid not null references kernel.users on delete cascade,
  began_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create index acting_sessions_tenant on kernel.acting_sessions (tenant_id, began_at desc);
-- Requests that wrote, by the ids that facts bear.
create table kernel.acting_requests (
  tenant_id uuid not null references kernel.tenants,
  request text not null,
  acting_id uuid not null references kernel.acting_sessions on delete cascade,
  primary key (tenant_id, request)
);

-- Such a session ends with the one that it was begun in.
alter table kernel.sessions add column acting_id uuid references kernel.acting_sessions on delete cascade, add column parent uuid,
  add check ((acting_id is null) = (parent is null));
