-- What the host keeps of plugins: how they were when they were last migrated, why they are left out, what was done to them.

-- Written by migrate alone. It stays when a plugin's folder goes, so that its rows are still understood.
create table kernel.schemas (
  plugin text primary key,
  version text,
  name jsonb,
  -- Resources and extensions with their schemas, and the events that it handles; null where it has never been migrated whole.
  description jsonb,
  -- Why its migration was rolled back the last time.
  refused text,
  migrated_at timestamptz(3) not null default now(),
  detached_at timestamptz(3)
);

-- Plugins that brought a process down again and again. Without an end it holds until a person lifts it.
create table kernel.quarantine (
  plugin text primary key,
  reason text not null,
  since timestamptz(3) not null default now(),
  until timestamptz(3)
);

-- Acts on the installation that no tenant did: who took a plugin's data away, and how much.
create table kernel.operations (
  id bigint generated always as identity primary key,
  at timestamptz(3) not null default now(),
  operation text not null,
  plugin text not null,
  details jsonb not null
);

-- A held delivery waits for a plugin that is left out; nobody looks at it until the plugin is back.
alter table kernel.deliveries drop constraint deliveries_state_check,
  add constraint deliveries_state_check check (state in ('waiting', 'queued', 'held', 'done', 'dead'));
create index deliveries_held on kernel.deliveries (split_part(handler, '.', 1)) where state = 'held';
