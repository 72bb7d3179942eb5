-- A plugin speaks for itself alone, whatever SQL it runs: who acts is signed, and so is when the kernel acts for it.

-- Whether the kernel itself acts: no plugin, or its own code while a plugin waits for it.
create function kernel.is_kernel(claims text[]) returns boolean language sql immutable as $$
  select claims is not null and (coalesce(claims[4], '') = '' or coalesce(claims[10], '') = 'kernel')
$$;

create or replace function kernel.assert_kernel() returns text[] language plpgsql stable as $$
declare
  claims text[] := kernel.claims();
begin
  if not kernel.is_kernel(claims) then
    raise exception 'this is for the kernel alone' using errcode = '42501';
  end if;
  return claims;
end $$;

create or replace function kernel.emit(event text, payload jsonb) returns bigint language plpgsql security definer
set search_path = pg_catalog as $$
declare
  claims text[] := kernel.claims();
  number bigint;
begin
  if not kernel.is_kernel(claims) and split_part(event, '.', 1) is distinct from claims[4] then
    raise exception 'a plugin tells its own events' using errcode = '42501';
  end if;
  insert into kernel.facts (tenant_id, at, event, record_id, payload, actor_kind, actor, plugin, request, origin, task)
  values (claims[1]::uuid, kernel.moment(claims), event, (payload ->> 'recordId')::uuid, payload,
    claims[2], nullif(claims[3], '')::uuid, nullif(claims[4], ''), nullif(claims[5], ''), nullif(claims[6], ''),
    nullif(claims[7], '')::uuid)
  returning id into number;
  return number;
end $$;

-- Schedules and deliveries of other plugins are not a plugin's to make, change or take back.
create function kernel.keep_to_oneself() returns trigger language plpgsql as $$
declare
  claims text[] := kernel.claims();
  name text;
begin
  -- The door has no claims, and no plugin has the door.
  if claims is null or kernel.is_kernel(claims) then
    return coalesce(new, old);
  end if;
  foreach name in array array[to_jsonb(new) ->> tg_argv[0], to_jsonb(old) ->> tg_argv[0]] loop
    if name is not null and split_part(name, '.', 1) <> claims[4] then
      raise exception 'this is of another plugin' using errcode = '42501';
    end if;
  end loop;
  return coalesce(new, old);
end $$;
create trigger kept_to_oneself before insert or update or delete on kernel.schedules
  for each row execute function kernel.keep_to_oneself('event');
create trigger kept_to_oneself before update on kernel.deliveries
  for each row execute function kernel.keep_to_oneself('handler');
