-- Writes that a plugin holds until a person has decided.
create table kernel.proposals (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  -- The defaults are not the app login's to write: nobody asks in the name of another.
  asker_kind text not null default (kernel.claims())[2],
  asker uuid not null default nullif((kernel.claims())[3], '')::uuid,
  asker_key uuid,
  -- The request, so that it can be done again.
  method text not null,
  route text not null,
  params jsonb not null default '{}',
  query jsonb not null default '{}',
  body jsonb,
  version integer,
  resource text,
  row_id uuid,
  record_id uuid,
  -- Who holds it at which point, and why; `released` names the holds that were approved.
  plugin text not null,
  point text not null,
  code text not null,
  errors jsonb not null default '[]',
  released text[] not null default '{}',
  state text not null default 'waiting' check (state in ('waiting', 'approved', 'rejected', 'failed')),
  problem jsonb,
  reason text,
  decided_by uuid,
  decided_at timestamptz(3),
  created_at timestamptz(3) not null default kernel.moment(kernel.claims()),
  primary key (tenant_id, id)
);
create index proposals_page on kernel.proposals (tenant_id, created_at, id);
create index proposals_asked on kernel.proposals (tenant_id, asker, created_at, id);
create index proposals_waiting on kernel.proposals (tenant_id, asker) where state = 'waiting';
alter table kernel.proposals enable row level security;
alter table kernel.proposals force row level security;
create policy tenant_isolation on kernel.proposals using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));

-- A decision is made once, by whoever acts.
create function kernel.stamp_decision() returns trigger language plpgsql as $$
declare
  claims text[] := kernel.claims();
begin
  if old.state <> 'waiting' then
    raise exception 'the proposal is decided' using errcode = '42501';
  end if;
  if new.state <> 'waiting' then
    new.decided_by := nullif(claims[3], '')::uuid;
    new.decided_at := kernel.moment(claims);
  end if;
  return new;
end $$;
create trigger decision_stamped before update on kernel.proposals
  for each row execute function kernel.stamp_decision();
