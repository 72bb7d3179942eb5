-- What each login may do with the kernel's tables. {app}, {door} and {reader} stand for the names of the roles.

revoke all on all tables in schema kernel from {app}, {door}, {reader}, public;
revoke all on all functions in schema kernel from public;
grant usage on schema kernel to {app}, {door}, {reader};
grant execute on all functions in schema kernel to {app}, {door}, {reader};

grant select on kernel.records, kernel.facts to {app};
grant select, insert on kernel.answers to {app};
grant select on kernel.merges, kernel.record_references to {app};
grant insert (tenant_id, id, resource, survivor, merged), update (unmerged_at) on kernel.merges to {app};
grant select on kernel.deliveries to {app};
grant update (state, attempts, due, leased_until, reason, told_at, updated_at) on kernel.deliveries to {app};
grant select, insert, update, delete on kernel.schedules to {app};

grant select, insert, update, delete on kernel.tenants, kernel.users, kernel.memberships, kernel.sessions, kernel.api_keys,
  kernel.sign_in_failures, kernel.tenant_plugins, kernel.deliveries to {door};
grant select, update on kernel.relay to {door};
-- The relay tells ids and names, never values: the door cannot read the images.
grant select (id, xid, tenant_id, at, event, resource, row_id, record_id, changed, payload, origin) on kernel.facts to {door};
grant select (created_at), delete on kernel.answers to {door};
-- The door sees what is due and enters what manifests declare; payloads are read under the tenant alone.
grant select (tenant_id, id, plugin, event, key, due, every, tz, declared), delete on kernel.schedules to {door};
grant insert (tenant_id, plugin, event, key, due, every, tz, declared), update (due, every, tz) on kernel.schedules to {door};

drop policy if exists door on kernel.deliveries;
create policy door on kernel.deliveries to {door} using (true) with check (true);
drop policy if exists door on kernel.facts;
create policy door on kernel.facts for select to {door} using (true);
drop policy if exists door on kernel.answers;
create policy door on kernel.answers to {door} using (true);
drop policy if exists door on kernel.schedules;
create policy door on kernel.schedules to {door} using (true) with check (true);
