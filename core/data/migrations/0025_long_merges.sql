-- Merges of more rows than one transaction can move: a task moves them, in pieces.

-- The task that moves the rows of a merge, there or back; null when all are where they belong.
alter table kernel.merges add column moving uuid;
create index merges_moving on kernel.merges (tenant_id, moving) where moving is not null;

-- Begins the task that moves the rows of a merge, or of its unmerge. It is the kernel's, whoever's code has merged: a
-- plugin's own tasks are worked on by the plugin.
create function kernel.begin_moving(merge uuid, task uuid, name text, total integer, cursor jsonb) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
  _claims text[] := kernel.assert_kernel();
  _tenant uuid := _claims[1]::uuid;
  _resource text;
begin
  update kernel.merges m set moving = begin_moving.task where m.tenant_id = _tenant and m.id = begin_moving.merge
    returning m.resource into strict _resource;
  insert into kernel.tasks (tenant_id, id, plugin, actor_kind, created_by, name, resource, total, cursor, fact)
  values (_tenant, begin_moving.task, null, coalesce(_claims[2], 'system'), nullif(_claims[3], '')::uuid,
    begin_moving.name, _resource, begin_moving.total, begin_moving.cursor,
    kernel.emit('tasks.begun', jsonb_build_object('task', begin_moving.task)));
end $$;

-- Pieces of a merge are kept each by itself.
alter table kernel.moved_rows add column part integer not null default 1,
  drop constraint moved_rows_pkey, add primary key (tenant_id, merge_id, "table", "column", part);

drop function kernel.move_rows(text, uuid, uuid, text[]);
drop function kernel.move_back(uuid);

-- Moves what belongs or refers to one record to another one, in a table that holds no records: nobody else may change
-- whose the rows of a log are. `kinds` are resources, or `any`; no more than `amount` rows of each column.
create function kernel.move_rows(target text, giver uuid, taker uuid, kinds text[], amount integer) returns integer
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
    execute format('with moved as (update %I set %I = $3 where tenant_id = $1 and id in (select id from %I
        where tenant_id = $1 and %I = $2 and deleted_at is null limit $4)
      returning id) select coalesce(array_agg(id), ''{}'') from moved', target, _column, target, _column)
      into _ids using _tenant, giver, taker, amount;
    continue when cardinality(_ids) = 0;
    _all := _all || _ids;
    if _merge is not null then
      insert into kernel.moved_rows (tenant_id, merge_id, "table", "column", rows, part)
      values (_tenant, _merge, target, _column, _ids, 1 + coalesce((select max(part) from kernel.moved_rows m
        where m.tenant_id = _tenant and m.merge_id = _merge and m."table" = target and m."column" = _column), 0));
    end if;
  end loop;
  return (select count(distinct id)::integer from unnest(_all) as id);
end $$;

-- Moves back what a merge has moved and what is still where the merge has left it: so many pieces, or all.
create function kernel.move_back(merge uuid, pieces integer) returns integer language plpgsql security definer
set search_path = public, pg_catalog as $$
declare
  _tenant uuid := (kernel.assert_kernel())[1]::uuid;
  _two record;
  _moved record;
  _number integer;
  _total integer := 0;
begin
  select survivor, merged into _two from kernel.merges where tenant_id = _tenant and id = merge;
  for _moved in delete from kernel.moved_rows m where m.tenant_id = _tenant and m.merge_id = merge
    and (m."table", m."column", m.part) in (select l."table", l."column", l.part from kernel.moved_rows l
      where l.tenant_id = _tenant and l.merge_id = merge order by 1, 2, 3 limit pieces) returning m.*
  loop
    continue when to_regclass(format('public.%I', _moved."table")) is null;
    execute format('update %I set %I = $3 where tenant_id = $1 and id = any($4) and %I = $2', _moved."table",
      _moved."column", _moved."column") using _tenant, _two.survivor, _two.merged, _moved.rows;
    get diagnostics _number = row_count;
    _total := _total + _number;
  end loop;
  return _total;
end $$;

-- How many rows of which no fact tells an unmerge has still to move back.
create function kernel.count_moved(merge uuid) returns integer language sql security definer
set search_path = pg_catalog as $$
  select coalesce(sum(cardinality(rows)), 0)::integer from kernel.moved_rows
    where tenant_id = (kernel.assert_kernel())[1]::uuid and merge_id = merge
$$;

-- All rows of a merge are where they belong.
create function kernel.end_moving(merge uuid) returns void language sql security definer
set search_path = pg_catalog as $$
  update kernel.merges set moving = null where tenant_id = (kernel.assert_kernel())[1]::uuid and id = merge
$$;
