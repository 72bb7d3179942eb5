-- Logs and scratch rows: no records, without facts, and kept for some days only.

-- How each table that holds no records is kept. Written by each migrate, and kept for a plugin that is gone: its rows are
-- still there, and still grow old.
create table kernel.kept_tables (
  "table" text primary key,
  resource text not null unique,
  keep text not null check (keep in ('log', 'scratch')),
  days integer not null check (days >= 1)
);

-- Sweeps away some rows of the acting tenant that are older than their tables keep them. How old that is nobody says but
-- migrate.
create function kernel.sweep_rows(amount integer) returns integer language plpgsql security definer
set search_path = public, pg_catalog as $$
declare
  _tenant uuid := (kernel.assert_kernel())[1]::uuid;
  _kept record;
  _number integer;
  _total integer := 0;
begin
  for _kept in select "table", days from kernel.kept_tables
    where to_regclass(format('public.%I', "table")) is not null order by "table"
  loop
    -- Another worker may sweep at the same time.
    execute format('delete from %I where tenant_id = $1 and id in (select id from %I where tenant_id = $1
        and deleted_at is null and created_at < now() - make_interval(days => $2)
        order by created_at, id limit $3 for update skip locked)', _kept."table", _kept."table")
      using _tenant, _kept.days, amount - _total;
    get diagnostics _number = row_count;
    _total := _total + _number;
    exit when _total >= amount;
  end loop;
  return _total;
end $$;

-- Which rows a merge has moved, where no fact tells of it. An unmerge moves them back.
create table kernel.moved_rows (
  tenant_id uuid not null,
  merge_id uuid not null,
  "table" text not null,
  "column" text not null,
  rows uuid[] not null,
  primary key (tenant_id, merge_id, "table", "column"),
  foreign key (tenant_id, merge_id) references kernel.merges on delete cascade
);
alter table kernel.moved_rows enable row level security;
alter table kernel.moved_rows force row level security;
create policy tenant_isolation on kernel.moved_rows using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));

-- Moves what belongs or refers to one record to another one, in a table that holds no records: nobody else may change
-- whose the rows of a log are. `kinds` are resources, or `any`.
create function kernel.move_rows(target text, giver uuid, taker uuid, kinds text[]) returns integer
language plpgsql security definer set search_path = public, pg_catalog as $$
declare
  _claims text[] := kernel.assert_kernel();
  _tenant uuid := _claims[1]::uuid;
  _merge uuid;
  _column text;
  _ids uuid[];
  _all uuid[] := '{}';
begin
  if not exists (select from kernel.kept_tables where "table" = target) then
    raise exception 'it is a table of records' using errcode = '42501';
  end if;
  select id into _merge from kernel.merges where tenant_id = _tenant and id = nullif(_claims[7], '')::uuid;
  for _column in select r."column" from kernel.record_references r join pg_attribute a
    on a.attrelid = to_regclass(format('public.%I', r."table")) and a.attname = r."column" and not a.attisdropped
    where r."table" = target and r.refers_to = any(kinds) order by 1
  loop
    execute format('with moved as (update %I set %I = $3 where tenant_id = $1 and %I = $2 and deleted_at is null
      returning id) select coalesce(array_agg(id), ''{}'') from moved', target, _column, _column)
      into _ids using _tenant, giver, taker;
    continue when cardinality(_ids) = 0;
    _all := _all || _ids;
    if _merge is not null then
      insert into kernel.moved_rows values (_tenant, _merge, target, _column, _ids);
    end if;
  end loop;
  return (select count(distinct id)::integer from unnest(_all) as id);
end $$;

-- Moves back what a merge has moved and what is still where the merge has left it.
create function kernel.move_back(merge uuid) returns integer language plpgsql security definer
set search_path = public, pg_catalog as $$
declare
  _tenant uuid := (kernel.assert_kernel())[1]::uuid;
  _two record;
  _moved record;
  _number integer;
  _total integer := 0;
begin
  select survivor, merged into _two from kernel.merges where tenant_id = _tenant and id = merge;
  for _moved in delete from kernel.moved_rows m where m.tenant_id = _tenant and m.merge_id = merge returning m.*
  loop
    continue when to_regclass(format('public.%I', _moved."table")) is null;
    execute format('update %I set %I = $3 where tenant_id = $1 and id = any($4) and %I = $2', _moved."table",
      _moved."column", _moved."column") using _tenant, _two.survivor, _two.merged, _moved.rows;
    get diagnostics _number = row_count;
    _total := _total + _number;
  end loop;
  return _total;
end $$;
