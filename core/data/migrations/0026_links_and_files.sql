-- Links follow the record that they are about when another one adopts what belongs to it; files wait for those who look at
-- their bytes.

-- What the link was about before it was adopted, and when that was.
alter table kernel.links add column origin uuid, add column moved_at timestamptz(3);

-- The records that stand behind one: itself and what was merged into it.
create function kernel.family_of(record uuid) returns setof uuid language sql stable security definer
set search_path = pg_catalog as $$
  with recursive family as (
    select record as id
    union select m.merged from family join kernel.merges m on m.tenant_id = kernel.tenant() and m.survivor = family.id
      where m.unmerged_at is null)
  select id from family
$$;

create function kernel.move_links(giver uuid, taker uuid) returns void language sql security definer
set search_path = pg_catalog as $$
  update kernel.links set origin = coalesce(origin, subject), subject = taker, moved_at = now()
    where tenant_id = (kernel.assert_kernel())[1]::uuid and subject in (select kernel.family_of(giver))
$$;

-- A record that stands for itself again has its links again, also where they were adopted since it was merged.
create function kernel.return_links(merge uuid) returns void language plpgsql security definer
set search_path = pg_catalog as $$
declare
  _tenant uuid := (kernel.assert_kernel())[1]::uuid;
  _merge kernel.merges;
begin
  select * into _merge from kernel.merges where tenant_id = _tenant and id = merge;
  update kernel.links set subject = origin, origin = null, moved_at = null
    where tenant_id = _tenant and origin in (select kernel.family_of(_merge.merged)) and moved_at > _merge.at;
end $$;

-- A file that somebody is asked about is there for nobody else yet.
alter table kernel.files drop constraint files_state_check,
  add constraint files_state_check check (state in ('scanning', 'staged', 'kept'));
drop index kernel.files_left;
create index files_left on kernel.files (created_at) where state in ('scanning', 'staged') or deleted_at is not null;
