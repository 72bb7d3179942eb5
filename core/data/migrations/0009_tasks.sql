-- Long work: how far it is, how it ended, and by what it can be undone. What it changes are facts that bear its id.
create table kernel.tasks (
  tenant_id uuid not null,
  id uuid not null,
  -- Whose work it is and who began it are not the app login's to write: nobody begins a task in the name of another.
  plugin text default nullif((kernel.claims())[4], ''),
  actor_kind text not null default coalesce((kernel.claims())[2], 'system'),
  created_by uuid default nullif((kernel.claims())[3], '')::uuid,
  created_at timestamptz(3) not null default kernel.moment(kernel.claims()),
  name text not null,
  resource text,
  -- Demanded of who began it, before each step.
  permission text,
  -- The API key that it was begun with.
  key_id uuid,
  -- The fact that it is told by.
  fact bigint,
  state text not null default 'waiting'
    check (state in ('waiting', 'running', 'done', 'failed', 'cancelled', 'undoing', 'undone')),
  -- The one run that may go on with it: a run that was overtaken by another one finds its number gone.
  run uuid,
  total integer,
  done integer not null default 0,
  failed integer not null default 0,
  -- The first hundred that failed.
  errors jsonb not null default '[]',
  reason text,
  cursor jsonb not null default '{}',
  undoes uuid,
  undone_by uuid,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  updated_at timestamptz(3) not null default statement_timestamp(),
  primary key (tenant_id, id),
  -- A plugin cannot have the kernel undo what is another's.
  check (plugin is null or (undoes is null and permission is null and resource is null)),
  unique (tenant_id, fact, plugin, name)
);
create index tasks_created on kernel.tasks (tenant_id, created_at, id);
create index tasks_author on kernel.tasks (tenant_id, created_by, created_at, id);

-- The rows that a task has still to go through.
create table kernel.task_rows (
  tenant_id uuid not null,
  task uuid not null,
  row_id uuid not null,
  primary key (tenant_id, task, row_id),
  foreign key (tenant_id, task) references kernel.tasks on delete cascade
);

do $$
declare
  name text;
begin
  foreach name in array array['tasks', 'task_rows'] loop
    execute format('alter table kernel.%I enable row level security', name);
    execute format('alter table kernel.%I force row level security', name);
    execute format('create policy tenant_isolation on kernel.%I using (tenant_id = (select kernel.tenant())) '
      || 'with check (tenant_id = (select kernel.tenant()))', name);
  end loop;
end $$;

-- What runs as a plugin moves on its own tasks alone; the kernel, which undoes them, is no plugin.
create function kernel.keep_task() returns trigger language plpgsql as $$
declare
  acting text := nullif((kernel.claims())[4], '');
begin
  if acting is not null and old.plugin is distinct from acting then
    raise exception 'the task is of another plugin' using errcode = '42501';
  end if;
  new.updated_at := statement_timestamp();
  return new;
end $$;
create trigger task_kept before update on kernel.tasks for each row execute function kernel.keep_task();

-- The extensions of a row with the old values of those that have changed; null where another one has changed them since.
create function kernel.put_back_parts(present jsonb, past jsonb, later jsonb) returns jsonb language plpgsql immutable as $$
declare
  plugin text;
  field text;
  before jsonb;
  after jsonb;
  own jsonb;
begin
  for plugin in select jsonb_object_keys(past || later) loop
    before := coalesce(past -> plugin, '{}');
    after := coalesce(later -> plugin, '{}');
    own := coalesce(present -> plugin, '{}');
    for field in select jsonb_object_keys(before || after) loop
      continue when before -> field is not distinct from after -> field
        or own -> field is not distinct from before -> field;
      if own -> field is distinct from after -> field then
        return null;
      end if;
      own := case when before ? field then own || jsonb_build_object(field, before -> field) else own - field end;
    end loop;
    present := case when own = '{}' then present - plugin else present || jsonb_build_object(plugin, own) end;
  end loop;
  return present;
end $$;

-- What to write to a row so that `columns` are as they were in `past` and not as they became in `later`; null where they
-- have changed since, or the row is gone. What was created is deleted.
create function kernel.put_back(present jsonb, past jsonb, later jsonb, columns text[]) returns jsonb
language plpgsql stable as $$
declare
  patch jsonb := '{}';
  name text;
  parts jsonb;
begin
  if present is null or later is null then
    return null;
  end if;
  if past is null then
    if present ->> 'deleted_at' is not null then
      return patch;
    end if;
    foreach name in array columns loop
      if later ? name and present -> name is distinct from later -> name then
        return null;
      end if;
    end loop;
    return jsonb_build_object('deleted_at', statement_timestamp());
  end if;
  foreach name in array columns loop
    continue when past -> name is not distinct from later -> name
      or present -> name is not distinct from past -> name;
    if name = 'extensions' then
      parts := kernel.put_back_parts(present -> name, past -> name, later -> name);
      if parts is null then
        return null;
      end if;
      patch := patch || jsonb_build_object(name, parts);
    elsif present -> name is distinct from later -> name then
      return null;
    else
      patch := patch || jsonb_build_object(name, past -> name);
    end if;
  end loop;
  -- A row that was deleted since stays as whoever deleted it has seen it.
  if patch <> '{}' and not patch ? 'deleted_at' and present -> 'deleted_at' is distinct from later -> 'deleted_at' then
    return null;
  end if;
  return patch;
end $$;
