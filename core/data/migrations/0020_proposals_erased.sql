-- Held writes: what they quote of a person goes with the person, and they are the kernel's alone.

-- A decision is made once, by whoever acts. Erasure decides nothing, and reaches what is decided.
create or replace function kernel.stamp_decision() returns trigger language plpgsql as $$
declare
  claims text[];
begin
  if new.state = old.state and current_user = (select pg_get_userbyid(c.relowner) from pg_class c where c.oid = tg_relid) then
    return new;
  end if;
  claims := kernel.claims();
  if old.state <> 'waiting' then
    raise exception 'the proposal is decided' using errcode = '42501';
  end if;
  if new.state <> 'waiting' then
    new.decided_by := nullif(claims[3], '')::uuid;
    new.decided_at := kernel.moment(claims);
  end if;
  return new;
end $$;

-- A plugin neither asks nor decides, whatever SQL it runs.
create function kernel.keep_to_kernel() returns trigger language plpgsql as $$
begin
  perform kernel.assert_kernel();
  return new;
end $$;
create trigger kept_to_kernel before insert or update on kernel.proposals
  for each row execute function kernel.keep_to_kernel();

-- Blanks it in what tells of those rows: facts, held writes, kept answers, the reasons of failed deliveries.
create or replace function kernel.erase_traces(subject uuid) returns integer language plpgsql
set search_path = public, pg_catalog as $$
declare
  _tenant uuid := kernel.tenant();
  _ids uuid[];
  _held uuid[];
  _paths text[];
  _number integer;
begin
  select coalesce(array_agg(r.id), '{}') into _ids from kernel.rows_of(subject) r;
  select array_agg(distinct p.body::text) into _paths from kernel.personal_fields p;
  update kernel.deliveries d set reason = null where d.tenant_id = _tenant and d.reason is not null and d.fact in (
    select f.id from kernel.facts f where f.tenant_id = _tenant and f.record_id = any(_ids)
    union select f.id from kernel.facts f where f.tenant_id = _tenant and f.row_id = any(_ids) and f.row_id <> f.record_id);
  -- Of the routes of a resource it is known where values stand; of those of a plugin it is not.
  with erased as (
    update kernel.proposals p set query = '{}', errors = '[]', reason = null, problem = p.problem || '{"errors": []}',
        body = case when exists (select from kernel.resource_tables t
            where p.route in ('/api/' || replace(t.resource, '.', '/'), '/api/' || replace(t.resource, '.', '/') || '/:id'))
          then kernel.blank(p.body, _paths) end
      where p.tenant_id = _tenant and (p.row_id = any(_ids) or p.record_id = any(_ids)) returning p.id)
  select coalesce(array_agg(id), '{}') into _held from erased;
  update kernel.answers a set body = kernel.blank(a.body::jsonb, _paths)::text
    where a.tenant_id = _tenant and (a.headers ->> 'id')::uuid = any(_ids);
  update kernel.answers a set body = jsonb_build_object('proposal',
      (a.body::jsonb -> 'proposal') || '{"query": {}, "body": null, "errors": [], "hidden": true}')::text
    where a.tenant_id = _tenant and (a.headers ->> 'id')::uuid = any(_held);
  with told as (
    select f.id from kernel.facts f where f.tenant_id = _tenant and f.record_id = any(_ids)
    union select f.id from kernel.facts f where f.tenant_id = _tenant and f.row_id = any(_ids) and f.row_id <> f.record_id)
  update kernel.facts f set before = kernel.blank(f.before, p.paths), after = kernel.blank(f.after, p.paths)
    from (select resource, array_agg(path::text) as paths from kernel.personal_fields group by resource) p
    where f.tenant_id = _tenant and f.id in (select id from told) and f.resource = p.resource and f.row_id = any(_ids);
  get diagnostics _number = row_count;
  return _number;
end $$;
