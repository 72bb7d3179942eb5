-- Records that were merged into others, and the columns by which rows refer to records.

-- A merged record is never a living one, whoever restores it.
alter table kernel.records add column merged_into uuid,
  add constraint records_merged_check check (merged_into is null or deleted_at is not null);

-- The defaults are not the app login's to write: nobody merges in the name of another.
create table kernel.merges (
  tenant_id uuid not null,
  id uuid not null,
  resource text not null,
  survivor uuid not null,
  merged uuid not null,
  at timestamptz(3) not null default kernel.moment(kernel.claims()),
  by uuid default nullif((kernel.claims())[3], '')::uuid,
  unmerged_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, survivor) references kernel.records on delete cascade,
  foreign key (tenant_id, merged) references kernel.records on delete cascade
);
create unique index merges_standing on kernel.merges (tenant_id, merged) where unmerged_at is null;
create index merges_survivor on kernel.merges (tenant_id, survivor);
create index merges_merged on kernel.merges (tenant_id, merged);
alter table kernel.merges enable row level security;
alter table kernel.merges force row level security;
create policy tenant_isolation on kernel.merges using (tenant_id = (select kernel.tenant()))
  with check (tenant_id = (select kernel.tenant()));

-- What undoes a task finds its facts by it.
create index facts_task on kernel.facts (tenant_id, task, id) where task is not null;

create function kernel.mark_merged() returns trigger language plpgsql security definer
set search_path = pg_catalog as $$
begin
  update kernel.records set merged_into = case when new.unmerged_at is null then new.survivor end
    where tenant_id = new.tenant_id and id = new.merged;
  return null;
end $$;
create trigger merged_marked after insert or update on kernel.merges
  for each row execute function kernel.mark_merged();

-- Keeps everybody from entering a row that refers to one of these records until the end of the transaction. The app
-- login may not lock them itself, because whoever may lock may write.
create function kernel.lock_records(ids uuid[]) returns setof kernel.records language sql security definer
set search_path = pg_catalog as $$
  select * from kernel.records where tenant_id = kernel.tenant() and id = any(ids) order by id for update
$$;

-- Which columns of which tables hold ids of records, by resource or 'any'. Kept by each migrate, and kept for a plugin
-- that is gone: its rows are still there.
create table kernel.record_references (
  "table" text not null,
  "column" text not null,
  resource text not null,
  refers_to text not null,
  is_owner boolean not null,
  primary key ("table", "column")
);
