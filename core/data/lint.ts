/**
 * The catalogue lint: what the design promises of every table, read back from PostgreSQL itself. One finding and the
 * server does not start.
 */
import { KEPT, type RoleNames } from '../resource/derived.ts'
import type { Run } from './database.ts'

/** Tables with no tenant's row security: the door's closed list, and what only the owner reads. */
const DIRECTORY = [
  'tenants',
  'users',
  'memberships',
  'sessions',
  'api_keys',
  'sign_in_failures',
  'tenant_plugins',
  'secret_keys',
  'quarantine',
  'account_tokens',
  'authenticators',
  'recovery_codes',
  'passkeys',
  'spent_challenges',
  'roles',
  'teams',
  'consents',
  'acting_sessions',
  'acting_requests',
  'identity_providers',
  'identities',
  'sign_in_flows',
]
const INTERNAL = [
  'installation',
  'relay',
  'migrations',
  'derived',
  'record_references',
  'kept_tables',
  'field_indexes',
  'personal_fields',
  'resource_tables',
  'schemas',
  'operations',
]
const POLICY = '(tenant_id = ( SELECT kernel.tenant() AS tenant))'

const CHECKS: Record<string, { text: string; values: (roles: RoleNames) => unknown[] }> = {
  'a table has no forced row security': {
    text: `select format('%I.%I', n.nspname, c.relname) as subject from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'kernel') and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
      and not (n.nspname = 'kernel' and c.relname = any($1))
      and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')`,
    values: () => [[...DIRECTORY, ...INTERNAL]],
  },
  'a table has no tenant policy': {
    text: `select format('%I.%I', n.nspname, c.relname) as subject from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'kernel') and c.relkind in ('r', 'p') and c.relrowsecurity and not exists (
        select 1 from pg_policies p where p.schemaname = n.nspname and p.tablename = c.relname
        and p.policyname = 'tenant_isolation' and p.cmd = 'ALL' and p.qual = $1 and p.with_check = $1)`,
    values: () => [POLICY],
  },
  'a policy is not one of the kernel': {
    text: `select format('%I.%I %I', schemaname, tablename, policyname) as subject from pg_policies
      where schemaname in ('public', 'kernel') and not (policyname = 'tenant_isolation' and permissive = 'PERMISSIVE')
      and not (schemaname = 'public' and policyname = 'reader' and cmd = 'SELECT' and roles = array[$1]::name[])
      and not (schemaname = 'kernel' and policyname = 'door' and roles = array[$2]::name[]
        and tablename in ('facts', 'deliveries', 'answers', 'schedules', 'files', 'mails', 'links', 'feeds', 'notifications',
          'retention_rules', 'tenant_fields', 'tenant_lists'))`,
    values: ({ reader, door }) => [reader, door],
  },
  'a view is not a read view of the engine': {
    text: `select format('%I.%I', schemaname, viewname) as subject from pg_views v where schemaname in ('public', 'kernel')
      and not (viewowner = $1 and viewname like '%\\_read' and definition ~ 'WHERE \\((\\w+\\.)?tenant_id = \\( SELECT kernel\\.tenant\\(\\) AS tenant\\)\\);$'
        and definition !~* 'security_barrier| join | union ')
      and not exists (select 1 from pg_depend d join pg_class c on c.oid = d.objid
        where c.relname = v.viewname and d.deptype = 'e')
      union all select format('%I.%I', schemaname, matviewname) from pg_matviews where schemaname in ('public', 'kernel')`,
    values: ({ reader }) => [reader],
  },
  'a login may do more than it should': {
    text: `select rolname as subject from pg_roles where rolname = any($1)
      and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or (rolname = $2 and rolcanlogin))`,
    values: ({ app, door, owner, reader }) => [[app, door, owner, reader], reader],
  },
  'a login is a member of a role': {
    text: `select format('%s of %s', m.rolname, r.rolname) as subject from pg_auth_members a
      join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid where m.rolname = any($1)`,
    values: ({ app, door, reader }) => [[app, door, reader]],
  },
  'a login owns a table': {
    text: `select format('%I.%I', n.nspname, c.relname) as subject from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_roles r on r.oid = c.relowner
      where n.nspname in ('public', 'kernel') and (r.rolname = any($1) or (r.rolname = $2 and c.relkind <> 'v'))`,
    values: ({ app, door, reader }) => [[app, door], reader],
  },
  // Read from the catalogue itself: the information schema shows a login no grants but its own.
  'a login may truncate a table': {
    text: `select format('%I.%I by %s', n.nspname, c.relname, coalesce(r.rolname, 'everybody')) as subject
      from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join aclexplode(c.relacl) g
      left join pg_roles r on r.oid = g.grantee where n.nspname in ('public', 'kernel') and c.relkind in ('r', 'p')
      and g.privilege_type in ('TRUNCATE', 'TRIGGER', 'REFERENCES') and (g.grantee = 0 or r.rolname = any($1))`,
    values: ({ app, door, reader }) => [[app, door, reader]],
  },
  'a login may write what the kernel keeps': {
    text: `select format('%I.%I %I', n.nspname, c.relname, a.attname) as subject from pg_class c
      join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attname = any($2)
      where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relrowsecurity and (
        has_column_privilege($1, c.oid, a.attnum, 'UPDATE') or (a.attname not in ('id', 'tenant_id')
        and has_column_privilege($1, c.oid, a.attnum, 'INSERT')))
      union all select format('%I.%I by %I', n.nspname, c.relname, login) from pg_class c
      join pg_namespace n on n.oid = c.relnamespace cross join unnest(array[$1, $3]) login
      where c.relkind in ('r', 'p') and c.relrowsecurity and (
        (n.nspname = 'public' and has_table_privilege(login, c.oid, 'DELETE') and not (login = $1
        and exists (select from kernel.kept_tables k where k."table" = c.relname and k.keep = 'scratch'))) or (n.nspname = 'kernel'
        and c.relname ~ '^(facts(_default|_\\d{4}_\\d{2})?|records)$' and (has_table_privilege(login, c.oid, 'DELETE')
        or has_any_column_privilege(login, c.oid, 'INSERT') or has_any_column_privilege(login, c.oid, 'UPDATE'))))`,
    values: ({ app, door }) => [app, ['id', 'tenant_id', ...KEPT], door],
  },
  'a log may be changed': {
    text: `select format('%I by %I', c.relname, login) as subject from kernel.kept_tables k
      join pg_class c on c.oid = to_regclass(format('public.%I', k."table")) cross join unnest($1::text[]) login
      where k.keep = 'log' and has_any_column_privilege(login, c.oid, 'UPDATE')`,
    values: ({ app, door, reader }) => [[app, door, reader]],
  },
  'a login may write what migrate keeps': {
    text: `select format('%I.%I by %I', n.nspname, c.relname, login) as subject from pg_class c
      join pg_namespace n on n.oid = c.relnamespace cross join unnest($1::text[]) login
      where n.nspname = 'kernel' and c.relname = any($2) and (has_any_column_privilege(login, c.oid, 'INSERT')
        or has_any_column_privilege(login, c.oid, 'UPDATE') or has_table_privilege(login, c.oid, 'DELETE'))`,
    values: ({ app, door, reader }) => [[app, door, reader], INTERNAL.filter((table) => table !== 'relay')],
  },
  'a login of requests may see the directory': {
    text: `select format('%I by %I', c.relname, login) as subject from pg_class c
      join pg_namespace n on n.oid = c.relnamespace cross join unnest($1::text[]) login
      where n.nspname = 'kernel' and c.relname = any($2) and has_any_column_privilege(login, c.oid, 'SELECT')`,
    values: ({ app, reader }) => [[app, reader], DIRECTORY],
  },
  'a function has the rights of its owner': {
    text: `select format('%I.%I', n.nspname, p.proname) as subject from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
      where p.prosecdef and n.nspname in ('public', 'kernel') and not (r.rolname = $1 and (
        (n.nspname = 'kernel' and p.proname in ('claims', 'enter_record', 'write_fact', 'emit',
          'mark_merged', 'lock_records', 'keep_fact_months', 'forget_facts', 'erase', 'use_link', 'hold_feed', 'sweep_rows',
          'move_rows', 'move_back', 'count_moved', 'begin_moving', 'end_moving', 'family_of', 'move_links', 'return_links', 'keep_history',
          'refuse_erased'))
        or (n.nspname = 'public' and p.proname ~ '_x_.*_keep$')))
      and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')`,
    values: ({ owner }) => [owner],
  },
  'a unique key does not begin with the tenant': {
    text: `select i.indexrelid::regclass::text as subject from pg_index i join pg_class c on c.oid = i.indrelid
      join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
      where n.nspname in ('public', 'kernel') and c.relrowsecurity and i.indisunique and i.indkey[0] <> a.attnum`,
    values: () => [],
  },
  'an index of tenant fields is not one that is kept': {
    text: `select c.relname as subject from pg_index i join pg_class c on c.oid = i.indexrelid
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'tenant_id'
      where n.nspname = 'public' and c.relname ~ '_t_[0-9a-f]{16}$' and (i.indisunique or i.indkey[0] is distinct from a.attnum
        or not exists (select from kernel.field_indexes f where f.name = c.relname))`,
    values: () => [],
  },
  'a foreign key does not carry the tenant': {
    text: `select k.conname as subject from pg_constraint k join pg_class c on c.oid = k.conrelid
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
      where k.contype = 'f' and c.relrowsecurity and not a.attnum = any(k.conkey)`,
    values: () => [],
  },
  'a table has no trigger of facts': {
    text: `select c.relname as subject from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join kernel.kept_tables k on k."table" = c.relname
      where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relrowsecurity and
      (select count(*) from pg_trigger t join pg_proc p on p.oid = t.tgfoid
        where t.tgrelid = c.oid and t.tgenabled = 'O' and p.pronamespace = 'kernel'::regnamespace
        and (t.tgname, p.proname) in (('stamp_created', 'stamp_row'), ('stamp_updated', 'stamp_row'),
          ('fact_written', 'write_fact'), ('fact_updated', 'write_fact')))
      < case k.keep when 'log' then 1 when 'scratch' then 2 else 4 end`,
    values: () => [],
  },
}

/** @returns findings as `subject: what is wrong`; empty where the catalogue keeps every promise */
export async function lintCatalogue(run: Run, roles: RoleNames): Promise<string[]> {
  const findings: string[] = []
  for (const [rule, { text, values }] of Object.entries(CHECKS)) {
    const { rows } = await run<{ subject: string }>({ text, values: values(roles) })
    findings.push(...rows.map(({ subject }) => `${subject}: ${rule}`))
  }
  return findings
}
