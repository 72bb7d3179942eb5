-- The kernel's own tables and functions. Grants and the policies of the other logins are made anew by each migrate.

create table kernel.installation (
  singleton boolean primary key default true check (singleton),
  fingerprint text not null,
  context_key bytea not null,
  created_at timestamptz(3) not null default now()
);

-- Who acts, for which tenant: `tenant|actor kind|actor|plugin|request|origin|task|at|expires|hmac`, made by the kernel for one
-- transaction. SQL cannot make another one, because only the owner of this function can read the key.
create function kernel.claims() returns text[] language plpgsql stable parallel safe security definer
set search_path = public, pg_catalog as $$
declare
  raw text := current_setting('app.ctx', true);
  body text;
  parts text[];
begin
  if raw is null or raw = '' then
    return null;
  end if;
  body := left(raw, -65);
  parts := string_to_array(body, '|');
  if right(raw, 64) is distinct from
      encode(public.hmac(convert_to(body, 'UTF8'), (select context_key from kernel.installation), 'sha256'), 'hex') then
    raise exception 'the tenant context is forged' using errcode = '42501';
  end if;
  if parts[9]::float8 < extract(epoch from clock_timestamp()) then
    raise exception 'the tenant context has expired' using errcode = '42501';
  end if;
  return parts;
end $$;

create function kernel.tenant() returns uuid language plpgsql stable parallel safe as $$
begin
  return (kernel.claims())[1]::uuid;
end $$;

-- The time of the acting request. The kernel may sign an earlier one, to enter what happened before.
create function kernel.moment(claims text[]) returns timestamptz language sql stable parallel safe as $$
  select date_trunc('milliseconds', coalesce(nullif(claims[8], '')::timestamptz, statement_timestamp()))
$$;

-- --------------------------------------------------------------------------------------------- the directory
-- Tables without a tenant, reached by the door login alone.

create table kernel.tenants (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique check (slug ~ '^[a-z0-9](-?[a-z0-9])*$' and length(slug) <= 63),
  name text not null,
  language text not null default 'en',
  country text,
  created_at timestamptz(3) not null default now()
);
create table kernel.users (
  id uuid primary key default gen_random_uuid(),
  email text not null,
  name text not null,
  password text not null,
  language text,
  suspended_at timestamptz(3),
  created_at timestamptz(3) not null default now()
);
create unique index users_email on kernel.users (lower(email));
create table kernel.memberships (
  tenant_id uuid not null references kernel.tenants,
  user_id uuid not null references kernel.users,
  role text not null check (role in ('administrator', 'member')),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, user_id)
);
create index memberships_user on kernel.memberships (user_id);
create table kernel.sessions (
  token_hash bytea primary key,
  user_id uuid not null references kernel.users,
  tenant_id uuid not null references kernel.tenants,
  created_at timestamptz(3) not null default now(),
  used_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  foreign key (tenant_id, user_id) references kernel.memberships on delete cascade
);
create index sessions_user on kernel.sessions (user_id);
create table kernel.api_keys (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  user_id uuid not null,
  name text not null,
  token_hash bytea not null unique,
  permissions text[] not null,
  created_at timestamptz(3) not null default now(),
  used_at timestamptz(3),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  foreign key (tenant_id, user_id) references kernel.memberships on delete cascade
);
create index api_keys_tenant on kernel.api_keys (tenant_id, created_at);
create table kernel.sign_in_failures (
  subject bytea not null,
  at timestamptz(3) not null default now()
);
create index sign_in_failures_subject on kernel.sign_in_failures (subject, at);
create table kernel.tenant_plugins (
  tenant_id uuid not null references kernel.tenants,
  plugin text not null,
  enabled boolean not null,
  settings jsonb not null default '{}',
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, plugin)
);
create function kernel.tell_plugins() returns trigger language plpgsql as $$
begin
  perform pg_notify('weft_plugins', new.tenant_id::text);
  return null;
end $$;
create trigger tell_plugins after insert or update on kernel.tenant_plugins
  for each row execute function kernel.tell_plugins();

-- --------------------------------------------------------------------------------------------- records and facts

-- Every row of every record resource, so that anything can belong to any record.
create table kernel.records (
  tenant_id uuid not null,
  id uuid not null,
  resource text not null,
  deleted_at timestamptz(3),
  primary key (tenant_id, id)
);

-- One append, many readers: history, events, changes, undo. Written by the functions below alone.
create table kernel.facts (
  id bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  tenant_id uuid not null,
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
  primary key (tenant_id, id)
);
create index facts_relay on kernel.facts (xid, id);
create index facts_record on kernel.facts (tenant_id, record_id, id desc);
create index facts_row on kernel.facts (tenant_id, row_id, id desc) where row_id <> record_id;

-- The answer of each request that bore an idempotency key, kept for the same request made again.
create table kernel.answers (
  tenant_id uuid not null,
  actor text not null,
  route text not null,
  key text not null,
  hash bytea not null,
  status smallint not null,
  headers jsonb not null,
  body text not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, actor, route, key)
);
create index answers_age on kernel.answers (created_at);

-- What a handler has still to be told. A delivery without its fact is a scheduled one.
create table kernel.deliveries (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  handler text not null,
  fact bigint not null,
  due timestamptz(3) not null default now(),
  state text not null default 'waiting' check (state in ('waiting', 'queued', 'done', 'dead')),
  attempts integer not null default 0,
  leased_until timestamptz(3),
  reason text,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, handler, fact)
);
create index deliveries_due on kernel.deliveries (due) where state in ('waiting', 'queued');
create table kernel.relay (
  singleton boolean primary key default true check (singleton),
  xid xid8 not null default '0',
  fact bigint not null default 0
);
insert into kernel.relay default values;

do $$
declare
  name text;
begin
  foreach name in array array['records', 'facts', 'answers', 'deliveries'] loop
    execute format('alter table kernel.%I enable row level security', name);
    execute format('alter table kernel.%I force row level security', name);
    execute format('create policy tenant_isolation on kernel.%I using (tenant_id = (select kernel.tenant())) '
      || 'with check (tenant_id = (select kernel.tenant()))', name);
  end loop;
end $$;

-- --------------------------------------------------------------------------------------------- triggers of resources

-- Keeps version, times and authors: no writer can forget or forge them.
create function kernel.stamp_row() returns trigger language plpgsql as $$
declare
  claims text[] := kernel.claims();
begin
  new.updated_at := kernel.moment(claims);
  new.updated_by := nullif(claims[3], '')::uuid;
  if tg_op = 'INSERT' then
    new.tenant_id := coalesce(new.tenant_id, claims[1]::uuid);
    new.version := 1;
    new.created_at := new.updated_at;
    new.created_by := new.updated_by;
    new.deleted_at := null;
  else
    new.version := old.version + 1;
    new.created_at := old.created_at;
    new.created_by := old.created_by;
  end if;
  return new;
end $$;

-- Enters each row of a record resource in `records`. Argument: the resource.
create function kernel.enter_record() returns trigger language plpgsql security definer
set search_path = pg_catalog as $$
begin
  if tg_op = 'INSERT' then
    insert into kernel.records (tenant_id, id, resource) values (new.tenant_id, new.id, tg_argv[0]);
  elsif tg_op = 'UPDATE' then
    update kernel.records set deleted_at = new.deleted_at where tenant_id = new.tenant_id and id = new.id;
  else
    delete from kernel.records where tenant_id = old.tenant_id and id = old.id;
  end if;
  return null;
end $$;

-- Appends the fact of one changed row. Arguments: the resource, and the column of its owner or ''.
create function kernel.write_fact() returns trigger language plpgsql security definer
set search_path = pg_catalog as $$
declare
  claims text[] := kernel.claims();
  past jsonb;
  present jsonb;
  verb text := 'created';
  changed text[] := '{}';
  subject jsonb;
begin
  if tg_op <> 'INSERT' then
    past := to_jsonb(old) - '{search_text,derived}'::text[];
  end if;
  if tg_op <> 'DELETE' then
    present := to_jsonb(new) - '{search_text,derived}'::text[];
  end if;
  if tg_op = 'UPDATE' then
    select coalesce(array_agg(key), '{}') into changed from jsonb_each(present) as entry
      where value is distinct from past -> key and key not in ('version', 'updated_at', 'updated_by');
    if changed = '{}' then
      return null;
    end if;
    verb := case
      when old.deleted_at is null and new.deleted_at is not null then 'deleted'
      when old.deleted_at is not null and new.deleted_at is null then 'restored'
      else 'updated'
    end;
  elsif tg_op = 'DELETE' then
    verb := 'erased';
  end if;
  subject := coalesce(present, past);
  insert into kernel.facts (tenant_id, at, event, resource, row_id, record_id, changed, before, after, actor_kind, actor,
    plugin, request, origin, task)
  values ((subject ->> 'tenant_id')::uuid, kernel.moment(claims), tg_argv[0] || '.' || verb, tg_argv[0],
    (subject ->> 'id')::uuid, coalesce((subject ->> nullif(tg_argv[1], ''))::uuid, (subject ->> 'id')::uuid), changed,
    past, present, coalesce(claims[2], 'system'), nullif(claims[3], '')::uuid, nullif(claims[4], ''),
    nullif(claims[5], ''), nullif(claims[6], ''), nullif(claims[7], '')::uuid);
  return null;
end $$;

-- A named fact, told after commit like the fact of a row.
create function kernel.emit(event text, payload jsonb) returns bigint language plpgsql security definer
set search_path = pg_catalog as $$
declare
  claims text[] := kernel.claims();
  number bigint;
begin
  insert into kernel.facts (tenant_id, at, event, record_id, payload, actor_kind, actor, plugin, request, origin, task)
  values (claims[1]::uuid, kernel.moment(claims), event, (payload ->> 'recordId')::uuid, payload,
    claims[2], nullif(claims[3], '')::uuid, nullif(claims[4], ''), nullif(claims[5], ''), nullif(claims[6], ''),
    nullif(claims[7], '')::uuid)
  returning id into number;
  return number;
end $$;

-- --------------------------------------------------------------------------------------------- values

-- Immutable for the ISO texts that the engine stores, so that extension values can be indexed.
create function kernel.to_date(value text) returns date language sql immutable strict parallel safe as $$
  select make_date(substr(value, 1, 4)::int, substr(value, 6, 2)::int, substr(value, 9, 2)::int)
$$;
create function kernel.to_instant(value text) returns timestamptz language plpgsql immutable strict parallel safe as $$
begin
  return value::timestamptz;
end $$;
create function kernel.iso(value timestamptz) returns text language sql stable strict parallel safe as $$
  select to_char(value at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- Search text without case, accents and ligatures.
create function kernel.fold(value text) returns text language plpgsql immutable strict parallel safe
set search_path = public, pg_catalog as $$
begin
  return lower(unaccent('unaccent'::regdictionary, normalize(value, nfkc)) collate "und-x-icu");
end $$;

-- The pattern of one searched word: three letters and more match anywhere, fewer at the start of a word.
create function kernel.search_pattern(word text) returns text language plpgsql immutable strict parallel safe as $$
declare
  folded text := kernel.fold(word);
begin
  return case when length(folded) < 3 then '% ' else '%' end
    || replace(replace(replace(folded, '\', '\\'), '%', '\%'), '_', '\_') || '%';
end $$;
