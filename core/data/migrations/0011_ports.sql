-- What the kernel keeps for plugins beside their rows.

-- --------------------------------------------------------------------------------------------- secrets
-- The keys that secrets are encrypted with, each encrypted itself under a key that follows from WEFT_SECRET.
create table kernel.secret_keys (
  id bigint generated always as identity primary key,
  wrapped bytea not null,
  created_at timestamptz(3) not null default now(),
  -- When every secret had been encrypted with it; null for as long as that goes on.
  swept_at timestamptz(3)
);

create table kernel.secrets (
  tenant_id uuid not null,
  plugin text not null,
  name text not null,
  key_id bigint not null,
  nonce bytea not null check (length(nonce) = 12),
  ciphertext bytea not null,
  tag bytea not null check (length(tag) = 16),
  updated_at timestamptz(3) not null,
  updated_by uuid,
  primary key (tenant_id, plugin, name)
);
alter table kernel.secrets enable row level security;
alter table kernel.secrets force row level security;
create policy tenant_isolation on kernel.secrets using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));

-- Only the kernel itself writes secrets, never a plugin's SQL. Encrypting anew is no change by anybody.
create function kernel.guard_secret() returns trigger language plpgsql as $$
declare
  claims text[] := kernel.claims();
begin
  if claims[4] is distinct from '' then
    raise exception 'a plugin does not write secrets' using errcode = '42501';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  if tg_op = 'UPDATE' and claims[2] = 'system' then
    new.updated_at := old.updated_at;
    new.updated_by := old.updated_by;
  else
    new.updated_at := kernel.moment(claims);
    new.updated_by := nullif(claims[3], '')::uuid;
  end if;
  return new;
end $$;
create trigger secret_guarded before insert or update or delete on kernel.secrets
  for each row execute function kernel.guard_secret();

-- --------------------------------------------------------------------------------------------- files
-- How many bytes the files of a tenant may be together.
alter table kernel.tenants add column file_quota bigint not null default 10737418240 check (file_quota >= 0);

-- What is known of each file; its bytes lie in the store under the ids of tenant and file. `staged` is what was uploaded
-- and no command of its plugin has claimed yet.
create table kernel.files (
  tenant_id uuid not null,
  id uuid not null,
  plugin text not null,
  record_id uuid,
  name text not null,
  type text not null,
  bytes bigint not null check (bytes >= 0),
  sha256 bytea not null check (length(sha256) = 32),
  state text not null check (state in ('staged', 'kept')),
  created_at timestamptz(3) not null,
  created_by uuid,
  deleted_at timestamptz(3),
  primary key (tenant_id, id),
  -- An erased record takes its files along; the sweep finds their bytes.
  foreign key (tenant_id, record_id) references kernel.records on delete cascade
);
create index files_record on kernel.files (tenant_id, record_id) where record_id is not null;
create index files_left on kernel.files (created_at) where state = 'staged' or deleted_at is not null;
alter table kernel.files enable row level security;
alter table kernel.files force row level security;
create policy tenant_isolation on kernel.files using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));

-- A file is written by its own plugin alone, whatever its SQL says, and by the kernel for it.
create function kernel.guard_file() returns trigger language plpgsql as $$
declare
  claims text[] := kernel.claims();
begin
  if new.plugin is distinct from claims[4] then
    raise exception 'a file is written by its own plugin' using errcode = '42501';
  end if;
  if tg_op = 'INSERT' then
    new.created_at := kernel.moment(claims);
    new.created_by := nullif(claims[3], '')::uuid;
    new.deleted_at := null;
  end if;
  return new;
end $$;
create trigger file_guarded before insert or update on kernel.files
  for each row execute function kernel.guard_file();

-- --------------------------------------------------------------------------------------------- mails
-- What plugins have sent. Bodies stand here only where no mail server is set, so that somebody can read them at all.
create table kernel.mails (
  tenant_id uuid not null,
  id uuid not null,
  plugin text not null,
  -- The same sending has the same key when it is tried again.
  key text not null,
  message_id text not null,
  sender text not null,
  recipients text[] not null,
  reply_to text,
  subject text not null,
  text text,
  html text,
  attachments text[] not null default '{}',
  state text not null check (state in ('queued', 'sent', 'failed', 'kept')),
  reason text,
  at timestamptz(3) not null default now(),
  sent_at timestamptz(3),
  primary key (tenant_id, id),
  unique (tenant_id, key)
);
create index mails_at on kernel.mails (tenant_id, at desc, id desc);
alter table kernel.mails enable row level security;
alter table kernel.mails force row level security;
create policy tenant_isolation on kernel.mails using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));

create function kernel.guard_mail() returns trigger language plpgsql as $$
begin
  if new.plugin is distinct from (kernel.claims())[4] then
    raise exception 'a mail is sent by its own plugin' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger mail_guarded before insert or update on kernel.mails
  for each row execute function kernel.guard_mail();

-- --------------------------------------------------------------------------------------------- notifications
create table kernel.notifications (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  plugin text not null,
  key text not null,
  params jsonb not null default '{}',
  record_id uuid,
  url text,
  at timestamptz(3) not null default now(),
  -- False for somebody who wants mails alone.
  shown boolean not null,
  read_at timestamptz(3),
  -- When the worker may mail it; null for never, or done.
  mail_due timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, record_id) references kernel.records on delete cascade
);
create index notifications_user on kernel.notifications (tenant_id, user_id, at desc, id desc);
create index notifications_record on kernel.notifications (tenant_id, record_id) where record_id is not null;
create index notifications_mail on kernel.notifications (mail_due) where mail_due is not null;

-- What somebody wants to be told of a plugin, and how; without a row, on the screen alone.
create table kernel.notification_preferences (
  tenant_id uuid not null,
  user_id uuid not null,
  plugin text not null,
  in_app boolean not null default true,
  mail boolean not null default false,
  primary key (tenant_id, user_id, plugin)
);
do $$
declare
  name text;
begin
  foreach name in array array['notifications', 'notification_preferences'] loop
    execute format('alter table kernel.%I enable row level security', name);
    execute format('alter table kernel.%I force row level security', name);
    execute format('create policy tenant_isolation on kernel.%I using (tenant_id = (select kernel.tenant())) '
      || 'with check (tenant_id = (select kernel.tenant()))', name);
  end loop;
end $$;

-- Told by its own plugin, read by its own reader; and nobody chooses for another.
create function kernel.guard_notification() returns trigger language plpgsql as $$
declare
  claims text[] := kernel.claims();
begin
  -- The door, which has no claims, only takes note of mails.
  if claims is null and tg_op = 'UPDATE' and tg_table_name = 'notifications' then
    return new;
  end if;
  if tg_op = 'INSERT' and tg_table_name = 'notifications' then
    if new.plugin is distinct from claims[4] then
      raise exception 'a notification is told by its own plugin' using errcode = '42501';
    end if;
  elsif claims[4] is distinct from '' or new.user_id::text is distinct from claims[3] then
    raise exception 'a notification is its reader''s' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger notification_guarded before insert or update on kernel.notifications
  for each row execute function kernel.guard_notification();
create trigger preference_guarded before insert or update on kernel.notification_preferences
  for each row execute function kernel.guard_notification();
