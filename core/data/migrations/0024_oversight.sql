-- What the people who look after a tenant page through.

-- One that nobody could be told is dead without an attempt.
drop index kernel.deliveries_failed;
create index deliveries_failed on kernel.deliveries (tenant_id, updated_at, id)
  where state = 'dead' or (attempts > 0 and state <> 'done');
create index deliveries_dead on kernel.deliveries (tenant_id, handler, updated_at, id) where state = 'dead';

-- Tasks of a kind, which is the first part of their names: `retention`, `batch`.
create index tasks_kind on kernel.tasks (tenant_id, split_part(name, '.', 1), created_at, id);

-- What concerns people by themselves is told to those who listen as a kind and whose it is, and never what it is.
create function kernel.tell_people() returns trigger language plpgsql as $$
begin
  perform pg_notify('weft_people', concat_ws(' ', tg_argv[0], new.tenant_id, to_jsonb(new) ->> tg_argv[1]));
  return null;
end $$;
create trigger people_told after insert on kernel.notifications for each row when (new.shown)
  execute function kernel.tell_people('notified', 'user_id');
create trigger people_told_again after update on kernel.notifications for each row
  when (new.shown and old.read_at is distinct from new.read_at) execute function kernel.tell_people('notified', 'user_id');
create trigger people_told after insert or update on kernel.tasks for each row
  execute function kernel.tell_people('task', 'created_by');
create trigger people_told after insert or update on kernel.proposals for each row
  execute function kernel.tell_people('approvals', 'asker');
create trigger people_told after update on kernel.deliveries for each row
  when ((old.state = 'dead') is distinct from (new.state = 'dead')) execute function kernel.tell_people('deliveries');

-- All links of a tenant, newest first; whether one asks for a password, which is not told, is.
alter table kernel.links add column has_password boolean generated always as (password is not null) stored;
create index links_listed on kernel.links (tenant_id, created_at, id);
