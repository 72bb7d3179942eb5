-- Sign-in by a provider of one's organisation (OpenID Connect). All of it is the door's: the login of requests sees none.

-- Who comes by a provider has no password; one is chosen by mail where it is wanted.
alter table kernel.users alter column password drop not null;

create table kernel.identity_providers (
  id uuid primary key,
  tenant_id uuid not null references kernel.tenants,
  name text not null,
  issuer text not null,
  client_id text not null,
  -- Encrypted under a key that follows from WEFT_SECRET, for this provider at this issuer alone.
  client_secret bytea not null,
  -- In lower case, as addresses of mails end.
  domains text[] not null default '{}',
  -- As what somebody joins who is unknown and of one of the domains; null where nobody does.
  join_role text check (join_role in ('administrator', 'member')),
  -- Whether members who are no administrators may sign in otherwise too.
  passwords boolean not null default true,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check (join_role is null or domains <> '{}')
);
create index identity_providers_tenant on kernel.identity_providers (tenant_id);
create index identity_providers_domains on kernel.identity_providers using gin (domains);

-- Whose account somebody of an issuer is, in one tenant: what the provider of one says opens no other.
create table kernel.identities (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  user_id uuid not null,
  issuer text not null,
  subject text not null,
  -- As the provider called the person when it was linked, for people to tell it by; it opens nothing.
  label text,
  created_at timestamptz(3) not null default now(),
  used_at timestamptz(3),
  unique (tenant_id, issuer, subject),
  foreign key (tenant_id, user_id) references kernel.memberships on delete cascade
);
create index identities_user on kernel.identities (user_id);

-- A way to the provider and back, once and for ten minutes, of the browser that has the cookie.
create table kernel.sign_in_flows (
  state_hash bytea primary key,
  browser_hash bytea not null,
  provider_id uuid not null references kernel.identity_providers on delete cascade,
  issuer text not null,
  redirect_uri text not null,
  nonce text not null,
  verifier text not null,
  return_to text not null,
  -- The hash of the token of an invitation that was opened.
  invitation bytea,
  -- Who links it to the own account, and by which session.
  user_id uuid references kernel.users on delete cascade,
  session_hash bytea,
  network text not null,
  expires_at timestamptz(3) not null,
  check ((user_id is null) = (session_hash is null))
);
create index sign_in_flows_network on kernel.sign_in_flows (network);
create index sign_in_flows_provider on kernel.sign_in_flows (provider_id);

-- A session that a provider has opened is good for its tenant alone, and ends with the provider.
alter table kernel.sessions add column provider_id uuid references kernel.identity_providers on delete cascade;
create index sessions_provider on kernel.sessions (provider_id) where provider_id is not null;
