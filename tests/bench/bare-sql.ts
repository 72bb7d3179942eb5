/** What one would write by hand: one statement for each thing, keyset pages by row comparison, columns named once. */

export const FIELDS = {
  id: 'id',
  version: 'version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  createdBy: 'created_by',
  updatedBy: 'updated_by',
  type: 'type',
  civility: 'civility',
  firstName: 'first_name',
  lastName: 'last_name',
  companyName: 'company_name',
  email: 'email',
  phone: 'phone',
  phoneE164: 'phone_e164',
  mobile: 'mobile',
  mobileE164: 'mobile_e164',
  language: 'language',
  country: 'country',
  legalName: 'legal_name',
  siret: 'siret',
  vatNumber: 'vat_number',
  source: 'source',
  status: 'status',
  ownerId: 'owner_id',
  tags: 'tags',
  notes: 'notes',
} as const
export type FieldName = keyof typeof FIELDS

const INTERACTION = {
  id: 'id',
  version: 'version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  createdBy: 'created_by',
  updatedBy: 'updated_by',
  recordId: 'record_id',
  type: 'type',
  title: 'title',
  occurredAt: 'occurred_at',
  text: 'text',
  phone: 'phone',
  phoneE164: 'phone_e164',
  durationMinutes: 'duration_minutes',
  outcome: 'outcome',
  from: '"from"',
  to: '"to"',
  location: 'location',
  participants: 'participants',
  pinned: 'pinned',
  statusBefore: 'status_before',
  statusAfter: 'status_after',
}

const iso = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
const EXTENSIONS = `jsonb_build_object('couple', coalesce(extensions -> 'couple', '{}'),
  'interactions', '{"lastInteractionAt": null}'::jsonb || coalesce(derived -> 'interactions', '{}')) as extensions`

const select = (fields: Record<string, string>, format: (column: string) => string) =>
  Object.entries(fields)
    .map(([name, column]) => `${column.endsWith('_at') ? format(column) : column} as "${name}"`)
    .join(', ')

/** The driver turns instants into dates, which JSON writes as we do. */
const columns = `${select(FIELDS, (column) => column)}, ${EXTENSIONS}`
/** The same, where PostgreSQL writes the JSON. */
const jsonColumns = `${select(FIELDS, iso)}, ${EXTENSIONS}`

const INTERACTIONS = `(select coalesce(json_agg(row_to_json(p)), '[]') from (select ${select(INTERACTION, iso)},
  '{}'::jsonb as extensions from bare.interactions__interactions i where i.tenant_id = $1 and i.record_id = c.id
  and i.deleted_at is null order by occurred_at desc, id limit 100) p) as interactions`

export const GET = `select ${columns}, ${INTERACTIONS} from bare.clients c where tenant_id = $1 and id = $2 and deleted_at is null`
export const GET_JSON = `select row_to_json(x)::text as body, version from (select ${jsonColumns}, ${INTERACTIONS}
  from bare.clients c where tenant_id = $1 and id = $2 and deleted_at is null) x`

const SORTS: Record<string, { column: string; descending: boolean }> = {
  '-createdAt': { column: 'created_at', descending: true },
  createdAt: { column: 'created_at', descending: false },
  lastName: { column: 'last_name', descending: false },
}

export interface ListQuery {
  readonly filters: readonly [FieldName, string][]
  readonly words: readonly string[]
  readonly sort: string
  readonly after: readonly [string, string] | null
}

function conditions({ filters, words }: ListQuery, values: unknown[]): string {
  const parts = filters.map(([name, value]) => `${FIELDS[name]} = $${values.push(value)}`)
  const searches = words.map((word) => `search_text like $${values.push(word)}`)
  return ['tenant_id = $1', 'deleted_at is null', ...parts, ...searches].join(' and ')
}

type Statement = { text: string; values: unknown[] }

export function listStatement(tenant: string, query: ListQuery, limit: number, asJson: boolean): Statement {
  const values: unknown[] = [tenant]
  const { column, descending } = SORTS[query.sort] as { column: string; descending: boolean }
  const where = conditions(query, values)
  const [key, id] = query.after ?? []
  const sign = descending ? '<' : '>'
  const after = query.after ? ` and (${column}, id) ${sign} ($${values.push(key)}, $${values.push(id)})` : ''
  const way = descending ? 'desc' : 'asc'
  const page = `from bare.clients where ${where}${after} order by ${column} ${way}, id ${way} limit ${limit}`
  if (!asJson) return { text: `select ${columns} ${page}`, values }
  return {
    text: `select row_to_json(x)::text as body, x.id, x."createdAt", x."lastName" from (select ${jsonColumns} ${page}) x`,
    values,
  }
}

export function countStatement(tenant: string, query: ListQuery): Statement {
  const values: unknown[] = [tenant]
  return { text: `select count(*)::integer as count from bare.clients where ${conditions(query, values)}`, values }
}

const WRITABLE = Object.keys(FIELDS).slice(6) as FieldName[]

export function createStatement(tenant: string, user: string, body: Record<string, unknown>): Statement {
  const values = [
    tenant,
    user,
    body.extensions ?? {},
    ...WRITABLE.map((name) => body[name] ?? (name === 'status' ? 'active' : null)),
  ]
  const names = WRITABLE.map((name) => FIELDS[name]).join(', ')
  const slots = WRITABLE.map((_, i) => `$${i + 4}`).join(', ')
  const text = `insert into bare.clients (tenant_id, created_by, updated_by, extensions, ${names})
    values ($1, $2, $2, $3, ${slots}) returning ${columns}`
  return { text, values }
}

export function updateStatement(
  at: { tenant: string; user: string; id: string; version: number },
  body: Record<string, unknown>,
): Statement {
  const names = WRITABLE.filter((name) => name in body)
  const sets = names.map((name, i) => `${FIELDS[name]} = $${i + 5}`).join(', ')
  const text = `update bare.clients set ${sets}, version = version + 1, updated_at = now(), updated_by = $4
    where tenant_id = $1 and id = $2 and version = $3 and deleted_at is null returning ${columns}`
  return { text, values: [at.tenant, at.id, at.version, at.user, ...names.map((name) => body[name])] }
}
