-- For how long a tenant keeps its records, and which of them are erased or deleted then.
create table kernel.retention_rules (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  resource text not null,
  filter jsonb not null,
  act text not null check (act in ('erase', 'delete')),
  enabled boolean not null default false,
  created_at timestamptz(3) not null default kernel.moment(kernel.claims()),
  created_by uuid default nullif((kernel.claims())[3], '')::uuid,
  updated_at timestamptz(3) not null default kernel.moment(kernel.claims()),
  updated_by uuid default nullif((kernel.claims())[3], '')::uuid,
  next_run_at timestamptz(3) not null default now(),
  last_run_at timestamptz(3),
  last_count integer,
  -- Why it was not applied the last time, or not to its end.
  last_reason text,
  primary key (tenant_id, id)
);
create index retention_rules_due on kernel.retention_rules (next_run_at) where enabled;
alter table kernel.retention_rules enable row level security;
alter table kernel.retention_rules force row level security;
create policy tenant_isolation on kernel.retention_rules using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));

-- Rules are the kernel's to write, and each change of one is told. A rule that is switched on, or becomes another one,
-- waits for an hour: time to think again.
create function kernel.keep_rule() returns trigger language plpgsql as $$
declare
  _claims text[] := kernel.assert_kernel();
  _rule kernel.retention_rules := case when tg_op = 'DELETE' then old else new end;
  _changed text[] := '{}';
begin
  if tg_op = 'UPDATE' then
    _changed := array_remove(array[case when new.filter is distinct from old.filter then 'filter' end,
      case when new.act is distinct from old.act then 'act' end,
      case when new.enabled is distinct from old.enabled then 'enabled' end], null);
    if _changed = '{}' then
      return new;
    end if;
    new.updated_at := kernel.moment(_claims);
    new.updated_by := nullif(_claims[3], '')::uuid;
    new.next_run_at := now() + interval '1 hour';
  end if;
  perform kernel.emit('retention.' || case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'updated' else 'deleted' end,
    jsonb_build_object('id', _rule.id, 'resource', _rule.resource, 'act', _rule.act, 'enabled', _rule.enabled,
      'changed', to_jsonb(_changed)));
  return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger rule_kept before insert or update or delete on kernel.retention_rules
  for each row execute function kernel.keep_rule();

-- For how many months the acting tenant keeps its history; null for all of it.
create function kernel.keep_history(months integer) returns void language plpgsql security definer
set search_path = pg_catalog as $$
declare
  _claims text[] := kernel.assert_kernel();
begin
  update kernel.tenants set history_months = months
    where id = _claims[1]::uuid and history_months is distinct from months;
  if found then
    perform kernel.emit('retention.history-changed', jsonb_build_object('months', months));
  end if;
end $$;
