-- Erasure of a person: what the schemas call personal is blanked wherever it was kept.

-- Which values are personal: by column, or by the path into a column of JSON, and as they stand in bodies. Kept by each
-- migrate, and kept for a plugin that is gone: its values are still there.
create table kernel.personal_fields (
  "table" text not null,
  resource text not null,
  path text[] not null,
  body text[] not null,
  primary key ("table", path)
);

-- An erased record is never a living one, whoever restores it.
alter table kernel.records add column erased_at timestamptz(3),
  add constraint records_erased_check check (erased_at is null or deleted_at is not null);

-- Tables by their resource, also of plugins that are gone.
create table kernel.resource_tables (
  resource text primary key,
  "table" text not null unique
);

-- The rows of a record: its own, those of records that were merged into it, and whatever belongs to one of these.
create function kernel.rows_of(subject uuid) returns table (resource text, "table" text, id uuid) language plpgsql stable
set search_path = public, pg_catalog as $$
#variable_conflict use_column
declare
  _tenant uuid := kernel.tenant();
  _met uuid[];
  _edge uuid[];
  _next uuid[];
  _found uuid[];
  _reference record;
begin
  with recursive merged as (
    select r.id from kernel.records r where r.tenant_id = _tenant and r.id = subject
    union select r.id from merged join kernel.records r on r.tenant_id = _tenant and r.merged_into = merged.id)
  select coalesce(array_agg(id), '{}') into _edge from merged;
  _met := _edge;
  return query select r.resource, t."table", r.id from kernel.records r
    join kernel.resource_tables t on t.resource = r.resource
    where r.tenant_id = _tenant and r.id = any(_met) and to_regclass(format('public.%I', t."table")) is not null;
  while cardinality(_edge) > 0 loop
    _next := '{}';
    for _reference in select * from kernel.record_references r
      where r.is_owner and to_regclass(format('public.%I', r."table")) is not null
    loop
      execute format('select coalesce(array_agg(id), ''{}'') from %I where tenant_id = $1 and %I = any($2) and id <> all($3)',
        _reference."table", _reference."column") into _found using _tenant, _edge, _met;
      return query select _reference.resource, _reference."table", unnest(_found);
      _next := _next || _found;
      _met := _met || _found;
    end loop;
    _edge := _next;
  end loop;
end $$;

-- The value without what stands at the paths, each an array as text. What has no value there stays as it is.
create function kernel.blank(image jsonb, paths text[]) returns jsonb language plpgsql immutable as $$
declare
  _path text;
begin
  foreach _path in array coalesce(paths, '{}') loop
    if image #> _path::text[] is not null then
      image := jsonb_set(image, _path::text[], 'null');
    end if;
  end loop;
  return image;
end $$;

-- Blanks what is personal in the rows of a record. A column that may not be empty keeps an empty value of its kind.
create function kernel.erase_rows(subject uuid) returns integer language plpgsql
set search_path = public, pg_catalog as $$
declare
  _tenant uuid := kernel.tenant();
  _target record;
  _columns text;
  _values text;
  _changed integer;
  _number integer := 0;
begin
  for _target in
    select r."table", array_agg(distinct r.id) as ids from kernel.rows_of(subject) r
    join kernel.personal_fields p on p."table" = r."table" group by r."table" order by r."table"
  loop
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum), string_agg(case
        when a.attname = 'extensions' then 'kernel.blank(extensions, ' || quote_literal((select array_agg(p.path[2:]::text)
          from kernel.personal_fields p where p."table" = _target."table" and p.path[1] = 'extensions')) || ')'
        else (case when not a.attnotnull then 'null' when t.typcategory = 'A' or t.typname = 'jsonb' then '''{}'''
          else '''''' end) || '::' || format_type(a.atttypid, a.atttypmod) end, ', ' order by a.attnum)
      into _columns, _values
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = format('public.%I', _target."table")::regclass and a.attnum > 0 and not a.attisdropped
      and a.attname in (select p.path[1] from kernel.personal_fields p where p."table" = _target."table");
    continue when _columns is null;
    execute format('update %I set (%s) = row(%s) where tenant_id = $1 and id = any($2) and row(%s) is distinct from row(%s)',
      _target."table", _columns, _values, _columns, _values) using _tenant, _target.ids;
    get diagnostics _changed = row_count;
    _number := _number + _changed;
  end loop;
  return _number;
end $$;

-- Blanks it in what tells of those rows: facts, kept answers, the reasons of failed deliveries.
create function kernel.erase_traces(subject uuid) returns integer language plpgsql
set search_path = public, pg_catalog as $$
declare
  _tenant uuid := kernel.tenant();
  _ids uuid[];
  _number integer;
begin
  select coalesce(array_agg(r.id), '{}') into _ids from kernel.rows_of(subject) r;
  update kernel.deliveries d set reason = null where d.tenant_id = _tenant and d.reason is not null and d.fact in (
    select f.id from kernel.facts f where f.tenant_id = _tenant and f.record_id = any(_ids)
    union select f.id from kernel.facts f where f.tenant_id = _tenant and f.row_id = any(_ids) and f.row_id <> f.record_id);
  update kernel.answers a set body = kernel.blank(a.body::jsonb, p.paths)::text
    from (select array_agg(distinct body::text) as paths from kernel.personal_fields) p
    where a.tenant_id = _tenant and (a.headers ->> 'id')::uuid = any(_ids);
  with told as (
    select f.id from kernel.facts f where f.tenant_id = _tenant and f.record_id = any(_ids)
    union select f.id from kernel.facts f where f.tenant_id = _tenant and f.row_id = any(_ids) and f.row_id <> f.record_id)
  update kernel.facts f set before = kernel.blank(f.before, p.paths), after = kernel.blank(f.after, p.paths)
    from (select resource, array_agg(path::text) as paths from kernel.personal_fields group by resource) p
    where f.tenant_id = _tenant and f.id in (select id from told) and f.resource = p.resource and f.row_id = any(_ids);
  get diagnostics _number = row_count;
  return _number;
end $$;

-- The only way in which anything of the past is changed. The record is deleted before, by a write that is told like any.
create function kernel.erase(subject uuid) returns table (rows integer, facts integer) language plpgsql security definer
set search_path = pg_catalog as $$
begin
  perform kernel.assert_kernel();
  rows := kernel.erase_rows(subject);
  facts := kernel.erase_traces(subject);
  update kernel.records set erased_at = now() where tenant_id = kernel.tenant() and id = subject and erased_at is null;
  return next;
end $$;
