-- Keys of devices that sign in without a password (WebAuthn).
create table kernel.passkeys (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references kernel.users on delete cascade,
  credential_id text not null unique,
  public_key bytea not null,
  -- How often the device says it was used: one that goes back was copied. Zero for devices that do not count.
  counter bigint not null,
  transports text[] not null default '{}',
  name text not null,
  created_at timestamptz(3) not null default now(),
  used_at timestamptz(3)
);
create index passkeys_user on kernel.passkeys (user_id);

-- Challenges that were answered, until nobody could answer them again anyway.
create table kernel.spent_challenges (
  challenge text primary key,
  expires_at timestamptz(3) not null
);
