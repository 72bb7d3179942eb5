/**
 * What the engine keeps in the database beside the reviewed migrations: read views, grants, search triggers, rollups
 * and the indexes of extensions. It follows from the schemas alone, so each migrate makes it anew where it differs.
 */
import { createHash } from 'node:crypto'
import type { Keep } from '../contract.ts'
import type { Field, Model } from './model.ts'
import { keptExpression, searchFields } from './search.ts'

export interface RoleNames {
  readonly owner: string
  readonly app: string
  readonly door: string
  readonly reader: string
}

/** Columns that only triggers write. */
export const KEPT = ['version', 'created_at', 'updated_at', 'created_by', 'updated_by', 'derived', 'search_text']

const columnsOf = (model: Model) => [
  'tenant_id',
  'id',
  ...KEPT.slice(0, 5),
  'deleted_at',
  ...model.own.map((field) => field.sql),
  'extensions',
  'derived',
  'search_text',
]

function searchTrigger(model: Model): string[] {
  // The text of a row without words is empty from the start.
  if (model.keep !== 'record' && searchFields(model).length === 0)
    return [`drop trigger if exists write_search on "${model.table}"`]
  const body = keptExpression(model).replace(/"[a-z_0-9]+"|\bextensions\b/g, (column) => `new.${column}`)
  return [
    `create or replace function "${model.table}_search"() returns trigger language plpgsql as $fn$
begin
  new.search_text := ${body};
  return new;
end $fn$`,
    `create or replace trigger write_search before insert or update on "${model.table}"
  for each row execute function "${model.table}_search"()`,
  ]
}

/** Fills the search text of rows written before a field became searchable: no version, no fact, every tenant. */
function searchBackfill(model: Model): string[] {
  const text = keptExpression(model)
  const tables = [`"${model.table}"`, ...(model.isOpen ? ['kernel.tenant_fields'] : [])]
  return [
    ...tables.map((table) => `alter table ${table} no force row level security`),
    `alter table "${model.table}" disable trigger user`,
    `update "${model.table}" set search_text = ${text} where search_text is distinct from ${text}`,
    `alter table "${model.table}" enable trigger user`,
    ...tables.map((table) => `alter table ${table} force row level security`),
  ]
}

/** A column that holds ids of records. */
export interface Reference {
  readonly column: string
  /** A resource, or `any`. */
  readonly refersTo: string
  readonly isOwner: boolean
}

/** A value of a person. */
export interface PersonalField {
  /** The column, or the path into a column of JSON. */
  readonly path: readonly string[]
  /** The same in bodies. */
  readonly body: readonly string[]
}

export interface DerivedIndex {
  readonly name: string
  readonly text: string
  /**
   * PostgreSQL takes no statistics from a partial index; without them it takes every range for a third of the rows.
   * Null over plain columns, which have their own.
   */
  readonly statistics: string | null
}

function extensionIndexes(model: Model): DerivedIndex[] {
  const leaves = [...model.fields.values()].filter(
    (field) => field.extension !== null && (field.sort || field.filter) && field.type !== 'jsonb',
  )
  return leaves.map((field) => {
    // A sort also walks the rows without a value; a filter never looks for them.
    const filled = field.sort ? '' : ` and ${field.sql} is not null`
    const body = `on "${model.table}" (tenant_id, (${field.sql})${field.sort || !field.filter?.few ? ', id' : ''}) where deleted_at is null${filled}`
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 6)
    const name = `${`${model.table}_x_${field.extension}_${field.name}`.slice(0, 50)}_${hash}`
    const statistics = `create statistics if not exists "${name}" on (${field.sql}) from "${model.table}"`
    return { name, text: `create index if not exists "${name}" ${body}`, statistics }
  })
}

const referring = (model: Model) => model.own.filter(({ ref }) => ref !== null && ref !== 'users')

/** A merge moves deleted rows as well, and those that refer without belonging: each is found by an index. */
function referenceIndexes(model: Model): DerivedIndex[] {
  const indexed = (field: Field) => field === model.owner || field.sort || field.filter !== null
  // What is no record is never deleted softly: an index of the living rows holds them all.
  const fields = referring(model).filter((field) => model.keep === 'record' || !indexed(field))
  return fields.map((field) => {
    const isIndexed = indexed(field)
    const body = `on "${model.table}" (tenant_id, ${field.sql})${isIndexed ? ' where deleted_at is not null' : ''}`
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 6)
    const name = `${`${model.table}_x_ref_${field.column}`.slice(0, 50)}_${hash}`
    return { name, text: `create index if not exists "${name}" ${body}`, statistics: null }
  })
}

/**
 * A row that was entered while its record was being merged has waited for the merge in the check of its foreign key,
 * and would belong to a record that nobody sees. It runs after that check, because triggers run in the order of their
 * names.
 */
function referenceTrigger(model: Model): string[] {
  const fields = referring(model)
  if (fields.length === 0) return []
  const checks = fields.map(
    ({ column, sql }) => `  if exists (select 1 from kernel.records
      where tenant_id = new.tenant_id and id = new.${sql} and merged_into is not null) then
    raise exception 'the record was merged' using errcode = '23503', constraint = '${model.table}_${column}_fk';
  end if;`,
  )
  const columns = fields.map(({ sql }) => sql).join(', ')
  return [
    `create or replace function "${model.table}_references"() returns trigger language plpgsql as $fn$
begin
${checks.join('\n')}
  return null;
end $fn$`,
    `create or replace trigger keep_references after insert or update of ${columns} on "${model.table}"
  for each row execute function "${model.table}_references"()`,
  ]
}

function rollupExpression(field: Field, child: Model): string {
  const { fn, field: name } = field.rollup as { fn: string; field: string | null }
  if (fn === 'count') return 'count(*)'
  const of = child.fields.get(name ?? '') as Field
  const value = `${fn}(${of.sql})`
  return of.type === 'timestamptz' ? `kernel.iso(${value})` : value
}

/**
 * The owner's row is locked before the rows are counted, so that of two writers the later one counts both. Only the
 * owner of the function may write `derived`; row security holds for it as for everybody.
 */
function rollupTrigger(model: Model, field: Field, child: Model): string[] {
  const name = `${model.table}_x_${field.extension}_${field.name}`
  const owner = child.owner as Field
  const value = rollupExpression(field, child)
  const counted = child.fields.get(field.rollup?.field ?? '')
  const watched = (row: string) =>
    [owner.sql, 'deleted_at', ...(counted ? [counted.sql] : [])].map((column) => `${row}.${column}`).join(', ')
  return [
    `create or replace function "${name}_keep"(_tenant uuid, _row uuid) returns void language plpgsql
security definer set search_path = public, pg_catalog as $fn$
begin
  perform 1 from "${model.table}" where tenant_id = _tenant and id = _row for no key update;
  if found then
    update "${model.table}" set derived = jsonb_set(
      jsonb_set(derived, '{${field.extension}}', coalesce(derived -> '${field.extension}', '{}')),
      '{${field.extension},${field.name}}',
      coalesce(to_jsonb((select ${value} from "${child.table}"
        where tenant_id = _tenant and ${owner.sql} = _row and deleted_at is null)), 'null'))
    where tenant_id = _tenant and id = _row;
  end if;
end $fn$`,
    `create or replace function "${name}"() returns trigger language plpgsql as $fn$
begin
  if tg_op = 'INSERT' then
    perform "${name}_keep"(new.tenant_id, new.${owner.sql});
  else
    perform "${name}_keep"(old.tenant_id, old.${owner.sql});
  end if;
  return null;
end $fn$`,
    // Once for each owner, however many rows a statement moves: a merge of thousands would count each time anew.
    `create or replace function "${name}_moved"() returns trigger language plpgsql as $fn$
declare
  _owner record;
begin
  for _owner in
    with changed as materialized (
      select past.tenant_id, past.${owner.sql} as past, present.${owner.sql} as present
      from old_rows past join new_rows present on present.tenant_id = past.tenant_id and present.id = past.id
      where (${watched('past')}) is distinct from (${watched('present')}))
    select tenant_id, past as id from changed union select tenant_id, present from changed order by id
  loop
    perform "${name}_keep"(_owner.tenant_id, _owner.id);
  end loop;
  return null;
end $fn$`,
    `create or replace trigger "keep_${name.slice(0, 50)}_rows" after insert or delete on "${child.table}"
  for each row execute function "${name}"()`,
    // Other changes of a row leave its owner alone: two people may work on both at the same time.
    `create or replace trigger "keep_${name.slice(0, 50)}_value" after update on "${child.table}"
  referencing old table as old_rows new table as new_rows for each statement execute function "${name}_moved"()`,
  ]
}

function viewOf(model: Model): string {
  return (
    `create view "${model.view}" as select ${columnsOf(model).join(', ')} from "${model.table}" ` +
    `where tenant_id = (select kernel.tenant())`
  )
}

/** What the login of requests may do to rows that are there. */
const CHANGES: Record<Keep, (own: readonly string[]) => string[]> = {
  record: (own) => [`update (${[...own, 'deleted_at'].join(', ')})`],
  log: () => [],
  scratch: (own) => [`update (${own.join(', ')})`, 'delete'],
}

function grantsOf(model: Model, roles: RoleNames): string[] {
  const own = [...model.own.map((field) => field.sql), 'extensions']
  return [
    `revoke all on "${model.table}" from ${roles.app}, ${roles.door}, ${roles.reader}`,
    `grant select on "${model.table}" to ${roles.app}, ${roles.reader}`,
    `grant insert (${['tenant_id', 'id', ...own].join(', ')}) on "${model.table}" to ${roles.app}`,
    ...CHANGES[model.keep](own).map((what) => `grant ${what} on "${model.table}" to ${roles.app}`),
  ]
}

export interface Derived {
  readonly resource: string
  readonly plugin: string
  readonly isKernel: boolean
  /** Other plugins whose fields it has. */
  readonly extending: readonly string[]
  readonly references: readonly Reference[]
  readonly personal: readonly PersonalField[]
  readonly table: string
  readonly keep: Keep
  readonly days: number | null
  readonly view: string
  /** Changes with everything below. */
  readonly hash: string
  readonly statements: readonly string[]
  /** Named indexes, made where they are missing; others of the same prefix are dropped. */
  readonly indexes: readonly DerivedIndex[]
  readonly searchHash: string
  readonly searchBackfill: readonly string[]
}

function personalOf(model: Model): PersonalField[] {
  const kept = [...model.fields.values()].filter(({ personal, rollup }) => personal && rollup === null)
  return kept.map(({ extension, name, column, key }) => ({
    path: extension === null ? [column] : [column, extension, name],
    body: key.split('.'),
  }))
}

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)

/** `models` are compiled with the extensions of every installed plugin. */
export function derive(models: readonly Model[], roles: RoleNames): Derived[] {
  return models.map((model) => {
    const rollups = [...model.fields.values()].flatMap((field) => {
      const child = field.rollup && models.find((each) => each.name === field.rollup?.of)
      return child?.owner ? rollupTrigger(model, field, child) : []
    })
    const search = searchTrigger(model)
    const statements = [
      ...search,
      ...referenceTrigger(model),
      ...rollups,
      `drop policy if exists reader on "${model.table}"`,
      `create policy reader on "${model.table}" for select to ${roles.reader} using (true)`,
      ...grantsOf(model, roles),
      `drop view if exists "${model.view}"`,
      viewOf(model),
      `alter view "${model.view}" owner to ${roles.reader}`,
      `grant select on "${model.view}" to ${roles.app}`,
    ]
    const indexes = [...extensionIndexes(model), ...referenceIndexes(model)]
    return {
      resource: model.name,
      plugin: model.plugin,
      isKernel: model.isKernel,
      extending: [...new Set([...model.fields.values()].flatMap(({ extension }) => extension ?? []))],
      references: referring(model).map((field) => ({
        column: field.column,
        refersTo: field.ref as string,
        isOwner: field === model.owner,
      })),
      personal: personalOf(model),
      table: model.table,
      keep: model.keep,
      days: model.days,
      view: model.view,
      hash: hashOf([statements, indexes]),
      statements,
      indexes,
      searchHash: hashOf(search),
      searchBackfill: searchBackfill(model),
    }
  })
}
