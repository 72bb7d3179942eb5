-- What people see of their sessions, who is suspended in one organisation alone, and tokens that go out by mail.

-- An id that may be shown: the hash of a token is nobody's to see.
alter table kernel.sessions add column id uuid not null default gen_random_uuid(), add column network text, add column agent text;
create unique index sessions_id on kernel.sessions (id);

alter table kernel.memberships add column suspended_at timestamptz(3);

create table kernel.account_tokens (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('invitation', 'reset')),
  tenant_id uuid not null references kernel.tenants,
  -- Of whoever is invited, and may have no account yet.
  email text,
  role text check (role in ('administrator', 'member')),
  created_by uuid references kernel.users on delete set null,
  -- Whose password it is.
  user_id uuid references kernel.users on delete cascade,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  -- When a worker may send it, and why it could not; null once it is sent.
  due timestamptz(3) default now(),
  reason text,
  -- Made when it is sent, so that the database never holds one that works.
  token_hash bytea unique,
  used_at timestamptz(3),
  check ((kind = 'invitation') = (email is not null and role is not null)),
  check ((kind = 'reset') = (user_id is not null))
);
create unique index account_tokens_invitation on kernel.account_tokens (tenant_id, lower(email))
  where kind = 'invitation' and used_at is null;
create index account_tokens_user on kernel.account_tokens (user_id) where user_id is not null;
create index account_tokens_due on kernel.account_tokens (due) where due is not null;
