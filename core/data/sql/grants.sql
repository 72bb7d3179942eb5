-- What each login may do with the kernel's tables. {app}, {door} and {reader} stand for the names of the roles.

revoke all on all tables in schema kernel from {app}, {door}, {reader}, public;
revoke all on all functions in schema kernel from public;
grant usage on schema kernel to {app}, {door}, {reader};
grant execute on all functions in schema kernel to {app}, {door}, {reader};

grant select on kernel.records, kernel.facts to {app};
grant select, insert on kernel.answers to {app};
grant select on kernel.merges, kernel.record_references, kernel.resource_tables, kernel.personal_fields to {app};
grant select on kernel.kept_tables, kernel.field_indexes to {app}, {door};
grant select on kernel.resource_tables to {door};
-- Fields that tenants define are read whenever a tenant is composed, and written by the kernel in the tenant's name.
grant select on kernel.tenant_fields to {app}, {door};
grant insert (tenant_id, resource, plugin, name, schema, required, labels, place, is_personal, in_words, words_from),
  update (schema, required, labels, place, removed_at, purged_at, is_personal, in_words, words_from)
  on kernel.tenant_fields to {app};
grant select on kernel.tenant_lists to {app}, {door};
grant insert (tenant_id, name, values), update (version, values, updated_at) on kernel.tenant_lists to {app};
grant insert (tenant_id, id, resource, survivor, merged), update (unmerged_at) on kernel.merges to {app};
grant select on kernel.deliveries to {app};
grant update (state, attempts, due, leased_until, reason, told_at, updated_at) on kernel.deliveries to {app};
grant select, insert, update, delete on kernel.schedules to {app};
grant select on kernel.proposals to {app};
-- Who asked, who decided and when are stamped, and what was asked stays as it was.
grant insert (tenant_id, asker_key, method, route, params, query, body, version, resource, row_id, record_id, plugin, point,
  code, errors), update (resource, row_id, record_id, plugin, point, code, errors, released, state, problem, reason)
  on kernel.proposals to {app};
grant select, delete, insert (tenant_id, plugin, name, key_id, nonce, ciphertext, tag),
  update (key_id, nonce, ciphertext, tag) on kernel.secrets to {app};
grant select, insert (tenant_id, id, plugin, record_id, name, type, bytes, sha256, state),
  update (record_id, state, deleted_at) on kernel.files to {app};
grant select, insert (tenant_id, id, plugin, key, message_id, sender, recipients, reply_to, subject, text, html, attachments, state,
  record_id),
  update (state, reason, sent_at) on kernel.mails to {app};
grant select on kernel.tasks to {app};
grant insert (tenant_id, id, name, resource, permission, key_id, fact, total, cursor, undoes) on kernel.tasks to {app};
grant update (state, run, total, done, failed, errors, reason, cursor, undone_by, started_at, finished_at)
  on kernel.tasks to {app};
grant select, insert, delete on kernel.task_rows to {app};
-- Neither the hash of a token nor that of a password is the app's to read.
grant select (tenant_id, id, plugin, name, subject, data, expires_at, uses_left, used_count, used_at, created_by, created_at,
  revoked_at, has_password) on kernel.links to {app};
grant insert (tenant_id, id, token_hash, name, subject, data, password, expires_at, uses_left), update (revoked_at)
  on kernel.links to {app};
grant select on kernel.feeds to {app};
grant select, insert (tenant_id, user_id, plugin, key, params, record_id, url, shown, mail_due), update (read_at)
  on kernel.notifications to {app};
grant select, insert, update (in_app, mail) on kernel.notification_preferences to {app};
grant select, delete, insert (tenant_id, resource, filter, act),
  update (filter, act, enabled, next_run_at, last_run_at, last_count, last_reason) on kernel.retention_rules to {app};

grant select, insert, update, delete on kernel.tenants, kernel.users, kernel.memberships, kernel.sessions, kernel.api_keys,
  kernel.sign_in_failures, kernel.account_tokens, kernel.authenticators, kernel.recovery_codes, kernel.passkeys, kernel.spent_challenges,
  kernel.identity_providers, kernel.identities, kernel.sign_in_flows, kernel.roles, kernel.teams, kernel.consents,
  kernel.acting_sessions, kernel.acting_requests,
  kernel.tenant_plugins, kernel.deliveries to {door};
grant select on kernel.schemas, kernel.migrations to {door};
grant select, insert, update, delete on kernel.quarantine to {door};
grant select, update on kernel.relay to {door};
grant select, insert (wrapped, swept_at), update (swept_at), delete on kernel.secret_keys to {door};
-- The relay tells ids and names, never values: the door cannot read the images.
grant select (id, xid, tenant_id, at, event, resource, row_id, record_id, changed, payload, origin, plugin) on kernel.facts to {door};
grant select (created_at), delete on kernel.answers to {door};
-- The door sees what is due and enters what manifests declare; payloads are read under the tenant alone.
grant select (tenant_id, id, plugin, event, key, due, every, tz, declared), delete on kernel.schedules to {door};
grant insert (tenant_id, plugin, event, key, due, every, tz, declared), update (due, every, tz) on kernel.schedules to {door};
-- The door sees whose rules are due, and no more of them.
grant select (tenant_id, enabled, next_run_at) on kernel.retention_rules to {door};
-- The door sweeps what nobody needs any more, and is told no names.
grant select (tenant_id, id, state, created_at, deleted_at), delete on kernel.files to {door};
grant select (at), delete on kernel.mails to {door};
-- The door finds whose a token is; what the link is about is read under its tenant alone.
grant select (tenant_id, id, token_hash, plugin, name, password, expires_at, uses_left, revoked_at), delete
  on kernel.links to {door};
grant select, insert (tenant_id, plugin, feed, key), update (state, worker, fence, leased_until, since, due, failures,
  restarts, reason), delete on kernel.feeds to {door};
grant usage on sequence kernel.feed_fences to {door};
-- The door finds what is to be mailed; what it says is read under the tenant alone.
grant select (tenant_id, id, user_id, plugin, at, read_at, mail_due), update (mail_due), delete on kernel.notifications to {door};

drop policy if exists door on kernel.notifications;
create policy door on kernel.notifications to {door} using (true) with check (true);
drop policy if exists door on kernel.retention_rules;
create policy door on kernel.retention_rules for select to {door} using (true);
drop policy if exists door on kernel.mails;
create policy door on kernel.mails to {door} using (true);
drop policy if exists door on kernel.files;
create policy door on kernel.files to {door} using (true);
drop policy if exists door on kernel.deliveries;
create policy door on kernel.deliveries to {door} using (true) with check (true);
drop policy if exists door on kernel.facts;
create policy door on kernel.facts for select to {door} using (true);
drop policy if exists door on kernel.answers;
create policy door on kernel.answers to {door} using (true);
drop policy if exists door on kernel.schedules;
create policy door on kernel.schedules to {door} using (true) with check (true);
drop policy if exists door on kernel.links;
create policy door on kernel.links to {door} using (true) with check (true);
drop policy if exists door on kernel.feeds;
create policy door on kernel.feeds to {door} using (true) with check (true);
drop policy if exists door on kernel.tenant_fields;
create policy door on kernel.tenant_fields for select to {door} using (true);
drop policy if exists door on kernel.tenant_lists;
create policy door on kernel.tenant_lists for select to {door} using (true);
