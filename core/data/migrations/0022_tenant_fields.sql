-- Fields that tenants define themselves. Their values stand in the part of a plugin in `extensions`, like those of a
-- shipped extension; what they are stands here.

create table kernel.tenant_fields (
  tenant_id uuid not null,
  resource text not null,
  plugin text not null,
  name text not null check (name ~ '^[a-z][a-zA-Z0-9]{0,47}$'),
  schema jsonb not null,
  -- Demanded of new rows.
  required boolean not null default false,
  -- What people call it, its values and its section, by language.
  labels jsonb not null default '{}',
  place integer not null,
  -- Taken away: the values stay, and nobody sees them.
  removed_at timestamptz(3),
  -- The values are gone. The line stays, because the past may still hold some.
  purged_at timestamptz(3),
  -- Once a value said something of a person, the past does too.
  is_personal boolean not null default false,
  -- Whether the search text of some row may hold its words, and since when that is to be made anew.
  in_words boolean not null default false,
  words_from timestamptz(3),
  primary key (tenant_id, resource, plugin, name),
  check (purged_at is null or removed_at is not null)
);
alter table kernel.tenant_fields enable row level security;
alter table kernel.tenant_fields force row level security;
create policy tenant_isolation on kernel.tenant_fields using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));
create trigger kept_to_kernel before insert or update on kernel.tenant_fields
  for each row execute function kernel.keep_to_kernel();
create trigger tell_plugins after insert or update on kernel.tenant_fields
  for each row execute function kernel.tell_plugins();

-- Indexes of such fields, made by whoever owns the tables. A line is written before its index and removed after it.
create table kernel.field_indexes (
  name text primary key,
  "table" text not null,
  made_at timestamptz(3)
);

-- Values as types. One index holds the values that all tenants keep under one name, whatever each of them means by it:
-- what is no such value is none, and never an error.
create function kernel.read_text(value jsonb) returns text language sql immutable parallel safe as $$
  select case when jsonb_typeof(value) = 'string' and octet_length(value #>> '{}') <= 2000 then value #>> '{}' end
$$;
create function kernel.read_boolean(value jsonb) returns boolean language sql immutable parallel safe as $$
  select case when jsonb_typeof(value) = 'boolean' then value::boolean end
$$;
create function kernel.read_integer(value jsonb) returns bigint language sql immutable parallel safe as $$
  select case when jsonb_typeof(value) = 'number' then
    case when abs(value::numeric) < 9007199254740992 then value::numeric::bigint end end
$$;
create function kernel.read_number(value jsonb) returns float8 language sql immutable parallel safe as $$
  select case when jsonb_typeof(value) = 'number' then
    case when abs(value::numeric) < 1e300 and (value::numeric = 0 or abs(value::numeric) > 1e-300)
      then value::numeric::float8 end end
$$;
create function kernel.read_decimal(value jsonb) returns numeric language sql immutable parallel safe as $$
  select case when jsonb_typeof(value) = 'string' then
    case when value #>> '{}' ~ '^-?\d{1,40}(\.\d{1,40})?$' then (value #>> '{}')::numeric end end
$$;
create function kernel.read_date(value jsonb) returns date language plpgsql immutable parallel safe as $$
declare
  _text text := value #>> '{}';
  _first date;
begin
  if jsonb_typeof(value) is distinct from 'string' or _text !~ '^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$'
      or substr(_text, 1, 4) = '0000' then
    return null;
  end if;
  _first := make_date(substr(_text, 1, 4)::integer, substr(_text, 6, 2)::integer, 1);
  if substr(_text, 9, 2)::integer > extract(day from _first + interval '1 month' - interval '1 day') then
    return null;
  end if;
  return _first + (substr(_text, 9, 2)::integer - 1);
end $$;
create function kernel.read_instant(value jsonb) returns timestamptz language plpgsql immutable parallel safe as $$
declare
  _text text := value #>> '{}';
begin
  if jsonb_typeof(value) is distinct from 'string'
      or _text !~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$'
      or kernel.read_date(to_jsonb(left(_text, 10))) is null then
    return null;
  end if;
  return _text::timestamptz;
end $$;

-- What the search finds of a row in the fields that its tenant has defined.
create function kernel.tenant_words(of text, tenant uuid, extensions jsonb) returns text language plpgsql stable as $$
begin
  if extensions = '{}' then
    return null;
  end if;
  return (
    select string_agg(case f.schema ->> 'format'
        when 'phone' then concat_ws(' ', regexp_replace(extensions -> f.plugin ->> f.name, '\D', '', 'g'),
          extensions -> f.plugin ->> (f.name || 'E164'))
        else extensions -> f.plugin ->> f.name end, ' ' order by f.plugin, f.place, f.name)
    from kernel.tenant_fields f
    where f.tenant_id = tenant and f.resource = of and f.removed_at is null and f.schema @> '{"x-search": true}');
end $$;

-- What is personal for the acting tenant: what schemas say, and what it says itself.
create function kernel.personal_paths() returns table ("table" text, resource text, path text[], body text[])
language sql stable set search_path = pg_catalog as $$
  select p."table", p.resource, p.path, p.body from kernel.personal_fields p
  union all
  select t."table", f.resource, array['extensions', f.plugin, n.name], array['extensions', f.plugin, n.name]
  from kernel.tenant_fields f join kernel.resource_tables t on t.resource = f.resource
    cross join lateral (
      select f.name where f.is_personal
      union all select f.name || 'E164' where f.schema ->> 'format' = 'phone') as n (name)
  where f.tenant_id = kernel.tenant()
$$;

-- Blanks what is personal in the rows of a record. A column that may not be empty keeps an empty value of its kind.
create or replace function kernel.erase_rows(subject uuid) returns integer language plpgsql
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
    join kernel.personal_paths() p on p."table" = r."table" group by r."table" order by r."table"
  loop
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum), string_agg(case
        when a.attname = 'extensions' then 'kernel.blank(extensions, ' || quote_literal((select array_agg(p.path[2:]::text)
          from kernel.personal_paths() p where p."table" = _target."table" and p.path[1] = 'extensions')) || ')'
        else (case when not a.attnotnull then 'null' when t.typcategory = 'A' or t.typname = 'jsonb' then '''{}'''
          else '''''' end) || '::' || format_type(a.atttypid, a.atttypmod) end, ', ' order by a.attnum)
      into _columns, _values
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = format('public.%I', _target."table")::regclass and a.attnum > 0 and not a.attisdropped
      and a.attname in (select p.path[1] from kernel.personal_paths() p where p."table" = _target."table");
    continue when _columns is null;
    execute format('update %I set (%s) = row(%s) where tenant_id = $1 and id = any($2) and row(%s) is distinct from row(%s)',
      _target."table", _columns, _values, _columns, _values) using _tenant, _target.ids;
    get diagnostics _changed = row_count;
    _number := _number + _changed;
  end loop;
  return _number;
end $$;

-- Blanks it in what tells of those rows: facts, held writes, kept answers, the reasons of failed deliveries.
create or replace function kernel.erase_traces(subject uuid) returns integer language plpgsql
set search_path = public, pg_catalog as $$
declare
  _tenant uuid := kernel.tenant();
  _ids uuid[];
  _held uuid[];
  _paths text[];
  _number integer;
begin
  select coalesce(array_agg(r.id), '{}') into _ids from kernel.rows_of(subject) r;
  select array_agg(distinct p.body::text) into _paths from kernel.personal_paths() p;
  update kernel.deliveries d set reason = null where d.tenant_id = _tenant and d.reason is not null and d.fact in (
    select f.id from kernel.facts f where f.tenant_id = _tenant and f.record_id = any(_ids)
    union select f.id from kernel.facts f where f.tenant_id = _tenant and f.row_id = any(_ids) and f.row_id <> f.record_id);
  -- Of the routes of a resource it is known where values stand; of those of a plugin it is not.
  with erased as (
    update kernel.proposals p set query = '{}', errors = '[]', reason = null, problem = p.problem || '{"errors": []}',
        body = case when exists (select from kernel.resource_tables t
            where p.route in ('/api/' || replace(t.resource, '.', '/'), '/api/' || replace(t.resource, '.', '/') || '/:id'))
          then kernel.blank(p.body, _paths) end
      where p.tenant_id = _tenant and (p.row_id = any(_ids) or p.record_id = any(_ids)) returning p.id)
  select coalesce(array_agg(id), '{}') into _held from erased;
  update kernel.answers a set body = kernel.blank(a.body::jsonb, _paths)::text
    where a.tenant_id = _tenant and (a.headers ->> 'id')::uuid = any(_ids);
  update kernel.answers a set body = jsonb_build_object('proposal',
      (a.body::jsonb -> 'proposal') || '{"query": {}, "body": null, "errors": [], "hidden": true}')::text
    where a.tenant_id = _tenant and (a.headers ->> 'id')::uuid = any(_held);
  with told as (
    select f.id from kernel.facts f where f.tenant_id = _tenant and f.record_id = any(_ids)
    union select f.id from kernel.facts f where f.tenant_id = _tenant and f.row_id = any(_ids) and f.row_id <> f.record_id)
  update kernel.facts f set before = kernel.blank(f.before, p.paths), after = kernel.blank(f.after, p.paths)
    from (select resource, array_agg(path::text) as paths from kernel.personal_paths() group by resource) p
    where f.tenant_id = _tenant and f.id in (select id from told) and f.resource = p.resource and f.row_id = any(_ids);
  get diagnostics _number = row_count;
  return _number;
end $$;
