-- Bearer tokens that plugins hand out, and the leases of what outlives a request.

-- Plugin, author and time are not the app login's to write: nobody makes a link in the name of another.
create table kernel.links (
  tenant_id uuid not null,
  id uuid not null,
  token_hash bytea not null,
  plugin text not null default nullif((kernel.claims())[4], ''),
  name text not null,
  subject uuid,
  data jsonb not null default '{}',
  password text,
  expires_at timestamptz(3),
  uses_left integer check (uses_left >= 0),
  used_count integer not null default 0,
  used_at timestamptz(3),
  created_by uuid default case when (kernel.claims())[2] in ('user', 'key') then nullif((kernel.claims())[3], '')::uuid end,
  created_at timestamptz(3) not null default kernel.moment(kernel.claims()),
  revoked_at timestamptz(3),
  primary key (tenant_id, id)
);
create index links_token on kernel.links (token_hash);
create index links_subject on kernel.links (tenant_id, subject);

-- Counts one use. Those who come at once wait here for each other, until the effect of each is committed or undone.
create function kernel.use_link(link uuid) returns boolean language plpgsql security definer
set search_path = pg_catalog as $$
begin
  update kernel.links set uses_left = uses_left - 1, used_count = used_count + 1, used_at = now()
    where tenant_id = kernel.tenant() and id = link and revoked_at is null
      and (expires_at is null or expires_at > clock_timestamp()) and (uses_left is null or uses_left > 0);
  return found;
end $$;

-- One row for each key of each feed. `fence` grows with each lease, so that a worker which lost one can be told from the next.
create sequence kernel.feed_fences;
create table kernel.feeds (
  tenant_id uuid not null,
  plugin text not null,
  feed text not null,
  key text not null,
  state text not null default 'waiting' check (state in ('waiting', 'running')),
  worker uuid,
  fence bigint,
  leased_until timestamptz(3),
  since timestamptz(3) not null default now(),
  due timestamptz(3) not null default now(),
  failures integer not null default 0,
  restarts integer not null default 0,
  reason text,
  primary key (tenant_id, plugin, feed, key)
);
create index feeds_due on kernel.feeds (due);

-- Whether this lease still holds; while the transaction lasts, nobody can take it over, which needs the row for update. The
-- weakest lock leaves its worker free to renew it. The app login may not lock the row itself.
create function kernel.hold_feed(own_feed text, own_key text, own_worker uuid, own_fence bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform 1 from kernel.feeds where tenant_id = kernel.tenant() and plugin = (kernel.claims())[4] and feed = own_feed
    and key = own_key and worker = own_worker and fence = own_fence for key share;
  return found;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['links', 'feeds'] loop
    execute format('alter table kernel.%I enable row level security', name);
    execute format('alter table kernel.%I force row level security', name);
    execute format('create policy tenant_isolation on kernel.%I using (tenant_id = (select kernel.tenant())) '
      || 'with check (tenant_id = (select kernel.tenant()))', name);
  end loop;
end $$;

-- As before, but the id of a link is not that of a user: what its holder writes has no author.
create or replace function kernel.stamp_row() returns trigger language plpgsql as $$
declare
  claims text[] := kernel.claims();
begin
  new.updated_at := kernel.moment(claims);
  new.updated_by := case when claims[2] in ('user', 'key') then nullif(claims[3], '')::uuid end;
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
