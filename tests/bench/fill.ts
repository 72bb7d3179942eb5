/** Fills the tenants in bulk, as the owner of the tables and past their triggers; only the search text's one works. */
import type { Client } from 'pg'
import { columnsOf, drawClients } from './rows.ts'

export interface Filling {
  readonly tenant: string
  readonly user: string
  readonly count: number
  readonly seed: number
}

const TABLES = ['clients', 'interactions__interactions'] as const
/** How many clients of a tenant have interactions at most, and how many each. */
const TOLD = 4_000
const INTERACTIONS = 5

const COLUMNS = [
  'created_at',
  'updated_at',
  'type',
  'civility',
  'first_name',
  'last_name',
  'company_name',
  'email',
  'phone',
  'phone_e164',
  'mobile',
  'mobile_e164',
  'language',
  'country',
  'legal_name',
  'siret',
  'vat_number',
  'source',
  'status',
  'tags',
  'notes',
  'extensions',
]

export async function fill(owner: Client, fillings: readonly Filling[]): Promise<void> {
  await openTables(owner)
  for (const filling of fillings) await insertClients(owner, filling)
  // What belongs to a record is checked against it, so the records of clients come first.
  await enterRecords(owner, 'clients', 'clients')
  await owner.query('analyze kernel.records')
  for (const filling of fillings) await insertInteractions(owner, filling)
  await enterRecords(owner, 'interactions__interactions', 'interactions')
  await insertFacts(owner)
  await closeTables(owner)
}

/** Runs `change` past triggers and policies, but for the trigger of the search text. */
export async function changeFilled(owner: Client, change: () => Promise<unknown>): Promise<void> {
  await openTables(owner)
  await change()
  await closeTables(owner)
}

const KERNEL_TABLES = ['kernel.records', 'kernel.facts']

async function openTables(owner: Client): Promise<void> {
  for (const table of [...TABLES, ...KERNEL_TABLES])
    await owner.query(`alter table ${table} no force row level security`)
  for (const table of TABLES) {
    await owner.query(`alter table ${table} disable trigger user`)
    await owner.query(`alter table ${table} enable trigger write_search`)
  }
}

async function closeTables(owner: Client): Promise<void> {
  for (const table of TABLES) await owner.query(`alter table ${table} enable trigger user`)
  for (const table of [...TABLES, ...KERNEL_TABLES]) await owner.query(`alter table ${table} force row level security`)
}

async function enterRecords(owner: Client, table: string, resource: string): Promise<void> {
  await owner.query(`insert into kernel.records (tenant_id, id, resource) select tenant_id, id, $1 from ${table}`, [
    resource,
  ])
}

async function insertClients(owner: Client, { tenant, user, count, seed }: Filling): Promise<void> {
  const names = COLUMNS.join(', ')
  for (const chunk of drawClients(count, seed)) {
    await owner.query(
      `insert into clients (tenant_id, id, created_by, updated_by, ${names})
       select $1::uuid, gen_random_uuid(), $2::uuid, $2::uuid, ${names}
       from jsonb_populate_recordset(null::clients, $3::jsonb)`,
      [tenant, user, JSON.stringify(chunk.map(columnsOf))],
    )
  }
}

async function insertInteractions(owner: Client, { tenant, user, count }: Filling): Promise<void> {
  const told = Math.min(TOLD, Math.floor(count / 10))
  await owner.query(
    `insert into interactions__interactions (tenant_id, record_id, type, title, text, occurred_at, created_by, updated_by)
     select tenant_id, id, (array['call-in', 'call-out', 'email', 'meeting', 'note'])[n],
       'Follow-up ' || n, 'Talked about the guest list and the menu.', created_at + n * interval '2 days', $2::uuid, $2::uuid
     from (select * from clients where tenant_id = $1::uuid order by created_at, id limit $3) told, generate_series(1, $4) n`,
    [tenant, user, told, INTERACTIONS],
  )
  await owner.query(
    `update clients c set derived = jsonb_build_object('interactions',
       jsonb_build_object('lastInteractionAt', kernel.iso(i.at)))
     from (select record_id, max(occurred_at) as at from interactions__interactions where tenant_id = $1::uuid group by 1) i
     where c.tenant_id = $1::uuid and c.id = i.record_id`,
    [tenant],
  )
}

/** The past that the triggers would have written: histories are as long as the tables. */
async function insertFacts(owner: Client): Promise<void> {
  for (const [table, resource, record] of [
    ['clients', 'clients', 'id'],
    [TABLES[1], 'interactions', 'record_id'],
  ]) {
    await owner.query(
      `insert into kernel.facts (tenant_id, at, event, resource, row_id, record_id, after, actor_kind, actor)
       select tenant_id, created_at, '${resource}.created', '${resource}', id, ${record},
         to_jsonb(t) - '{search_text,derived}'::text[], 'user', created_by from ${table} t`,
    )
  }
}
