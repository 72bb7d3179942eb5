-- A second factor beside the password: codes of an app (RFC 6238), and codes on paper for whoever has lost it.
create table kernel.authenticators (
  user_id uuid primary key references kernel.users on delete cascade,
  -- Encrypted under a key that follows from WEFT_SECRET, for this user alone.
  secret bytea not null,
  created_at timestamptz(3) not null default now(),
  -- Null until a first code has shown that the app has it: it does not count before.
  confirmed_at timestamptz(3),
  -- The last step of thirty seconds that a code was taken of: each is taken once.
  last_step bigint not null default 0
);
create table kernel.recovery_codes (
  user_id uuid not null references kernel.users on delete cascade,
  code_hash bytea not null,
  used_at timestamptz(3),
  primary key (user_id, code_hash)
);
