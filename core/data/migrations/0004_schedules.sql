-- What is to be told later, once or again and again. At its time a schedule becomes a fact like any other.
create table kernel.schedules (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  plugin text not null,
  event text not null,
  key text not null,
  payload jsonb not null default '{}',
  due timestamptz(3) not null,
  every text,
  tz text not null default 'UTC',
  -- Declared by a manifest and not by a call.
  declared boolean not null default false,
  primary key (tenant_id, id),
  unique (tenant_id, event, key)
);
create index schedules_due on kernel.schedules (due);
alter table kernel.schedules enable row level security;
alter table kernel.schedules force row level security;
create policy tenant_isolation on kernel.schedules using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));
