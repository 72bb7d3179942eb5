-- Facts stand in a table a month, so that old ones go with their table and new ones have small indexes.

alter table kernel.facts rename to facts_whole;
create table kernel.facts (
  id bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  tenant_id uuid not null,
  -- When it happened. The kernel may enter what happened before.
  at timestamptz(3) not null,
  event text not null,
  resource text,
  row_id uuid,
  record_id uuid,
  changed text[] not null default '{}',
  before jsonb,
  after jsonb,
  payload jsonb,
  actor_kind text not null,
  actor uuid,
  plugin text,
  request text,
  origin text,
  task uuid,
  -- When it was written, by which it is kept and forgotten.
  written_at timestamptz(3) not null default now(),
  primary key (tenant_id, id, written_at)
) partition by range (written_at);

-- What no month takes, as when nobody has made the next ones in time: nothing is refused for it.
create table kernel.facts_default partition of kernel.facts default;
alter table kernel.facts_default enable row level security;
alter table kernel.facts_default force row level security;
create policy tenant_isolation on kernel.facts_default using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));

create index facts_in_order on kernel.facts (xid, id);
create index facts_of_record on kernel.facts (tenant_id, record_id, id desc);
create index facts_of_row on kernel.facts (tenant_id, row_id, id desc) where row_id <> record_id;
create index facts_of_tenant on kernel.facts (tenant_id, xid, id);
create index facts_of_task on kernel.facts (tenant_id, task, id) where task is not null;

-- Makes the months that are near and drops old ones that hold nothing. A month is made beside the table and then
-- attached: made in place it would wait for everybody who reads or writes facts, and hold up those who come after.
create function kernel.keep_fact_months() returns void language plpgsql security definer
set search_path = pg_catalog set lock_timeout = '500ms' as $$
declare
  today timestamp := now() at time zone 'UTC';
  month timestamp;
  part text;
begin
  for month in select generate_series(date_trunc('month', today), today + interval '2 months', interval '1 month') loop
    part := 'facts_' || to_char(month, 'YYYY_MM');
    continue when to_regclass('kernel.' || part) is not null;
    execute format('create table kernel.%I (like kernel.facts including defaults)', part);
    execute format('alter table kernel.%I enable row level security', part);
    execute format('alter table kernel.%I force row level security', part);
    execute format('create policy tenant_isolation on kernel.%I using (tenant_id = (select kernel.tenant())) '
      || 'with check (tenant_id = (select kernel.tenant()))', part);
    execute format('alter table kernel.facts attach partition kernel.%I for values from (%L) to (%L)', part,
      month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
  end loop;
  for part in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'kernel.facts'::regclass and c.relname ~ '^facts_\d{4}_\d{2}$'
      and c.relname < 'facts_' || to_char(today - interval '1 month', 'YYYY_MM')
      -- Row security hides every row from this function: the size tells what the rows would.
      and pg_relation_size(c.oid) = 0
  loop
    begin
      execute format('drop table kernel.%I', part);
    exception when lock_not_available then
      -- Next time.
    end;
  end loop;
end $$;
select kernel.keep_fact_months();

alter table kernel.facts_whole no force row level security;
insert into kernel.facts (id, xid, tenant_id, at, event, resource, row_id, record_id, changed, before, after, payload,
  actor_kind, actor, plugin, request, origin, task) overriding system value
select id, xid, tenant_id, at, event, resource, row_id, record_id, changed, before, after, payload, actor_kind, actor,
  plugin, request, origin, task from kernel.facts_whole;
drop table kernel.facts_whole;
select setval(pg_get_serial_sequence('kernel.facts', 'id'), coalesce(max(id), 0) + 1, false) from kernel.facts;

alter table kernel.facts enable row level security;
alter table kernel.facts force row level security;
create policy tenant_isolation on kernel.facts using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));

-- How many months of its history a tenant keeps; null for all of it.
alter table kernel.tenants add column history_months integer check (history_months >= 1);

-- Whether the kernel itself acts, and no plugin: what takes from the past is nobody else's.
create function kernel.assert_kernel() returns text[] language plpgsql stable as $$
declare
  claims text[] := kernel.claims();
begin
  if claims is null or coalesce(claims[4], '') <> '' then
    raise exception 'this is for the kernel alone' using errcode = '42501';
  end if;
  return claims;
end $$;

-- Forgets some of the facts of the acting tenant that are older than it keeps them, the oldest first.
create function kernel.forget_facts(amount integer) returns integer language plpgsql security definer
set search_path = pg_catalog as $$
declare
  _tenant uuid := (kernel.assert_kernel())[1]::uuid;
  _before timestamptz;
  _number integer;
begin
  select now() - make_interval(months => history_months) into _before from kernel.tenants where id = _tenant;
  delete from kernel.facts where tenant_id = _tenant and written_at < _before and id in (
    select id from kernel.facts where tenant_id = _tenant and written_at < _before
      and xid < (select xid from kernel.relay) order by id limit amount);
  get diagnostics _number = row_count;
  return _number;
end $$;
