/** Each attack answers what it has got; the test knows what it may have got. */
import { Client } from 'pg'
import type { Ctx, Json, JsonObject } from 'weft'
import { defineEvent, defineResource } from 'weft'
import { clients } from 'weft/client'

export interface Loot {
  /** The address of the login of requests, as if it had been stolen. */
  readonly url: string
  /** An id of another tenant. */
  readonly foreign: string
  readonly foreignTenant: string
}

const outcome = (attempt: () => unknown): Promise<string> =>
  (async () => attempt())().then(
    (value) => `got ${JSON.stringify(value) ?? 'nothing'}`,
    (error: Error & { code?: string; status?: number }) => `refused ${error.status ?? error.code ?? error.message}`,
  )

async function runAll(attempts: Record<string, () => unknown>): Promise<JsonObject> {
  const outcomes: JsonObject = {}
  for (const [name, attempt] of Object.entries(attempts)) outcomes[name] = await outcome(attempt)
  return outcomes
}

/** SQL past the kernel, as the login of requests, with no context and with forged ones. */
export async function runSql({ url, foreign, foreignTenant }: Loot): Promise<Json> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const forged = [
    '',
    foreignTenant,
    `${foreignTenant}|user||||||4102444800||${'0'.repeat(64)}`,
    `${foreignTenant}|system|||||||4102444800|kernel|${'f'.repeat(64)}`,
  ]
  const sql = async (text: string) => (await client.query(text)).rows
  const tables = [
    'clients',
    'clients_read',
    'kernel.facts',
    'kernel.records',
    'kernel.answers',
    'kernel.deliveries',
    'kernel.schedules',
    'kernel.secrets',
  ]
  try {
    const outcomes: JsonObject = {}
    for (const [i, context] of forged.entries()) {
      await client.query(`select set_config('app.ctx', $1, false)`, [context])
      const reads = tables.map((table) => [`read ${table}`, () => sql(`select * from ${table}`)] as const)
      outcomes[`context ${i}`] = await runAll({
        ...Object.fromEntries(reads),
        write: () => sql(`update clients set notes = 'taken' where id = '${foreign}' returning id`),
        insert: () =>
          sql(
            `insert into clients (tenant_id, type, last_name) values ('${foreignTenant}', 'person', 'x') returning id`,
          ),
        emit: () => sql(`select kernel.emit('clients.created', '{}')`),
        erase: () => sql(`select * from kernel.erase('${foreign}')`),
        lock: () => sql(`select * from kernel.lock_records(array['${foreign}']::uuid[])`),
        partition: () => sql('select * from kernel.facts_default'),
      })
    }
    await client.query(`select set_config('app.ctx', '', false)`)
    outcomes.powers = await runAll({
      users: () => sql('select * from kernel.users'),
      sessions: () => sql('select * from kernel.sessions'),
      key: () => sql('select context_key from kernel.installation'),
      secretKeys: () => sql('select * from kernel.secret_keys'),
      logins: () => sql('select rolpassword from pg_authid'),
      role: () =>
        sql(
          `do $$ begin execute 'set role ' || (select rolname from pg_roles where rolname like 'weft%reader%' limit 1); end $$`,
        ),
      owner: () =>
        sql(
          `do $$ begin execute 'set role ' || (select rolname from pg_roles where rolname like 'weft%owner%' limit 1); end $$`,
        ),
      triggers: () => sql('set session_replication_role = replica'),
      disable: () => sql('alter table clients disable row level security'),
      table: () => sql('create table loot (x int)'),
      temporary: () => sql(`create temporary table loot (x int)`),
      function: () => sql(`create function public.loot() returns int language sql as 'select 1'`),
      file: () => sql(`select pg_read_file('/etc/passwd')`),
      program: () => sql(`copy (select 1) to program 'true'`),
      dump: () => sql(`copy kernel.users to stdout`),
      truncate: () => sql('truncate kernel.facts'),
      largeObject: () => sql(`select lo_import('/etc/passwd')`),
    })
    return outcomes
  } finally {
    await client.end()
  }
}

/** Ids of another tenant, through every word that takes one. */
export const useForeignIds = (ctx: Ctx, { foreign }: Loot): Promise<JsonObject> => {
  const rows = ctx.rows(clients)
  const at = { id: foreign, version: 1 }
  const own = async () => (await rows.list({ limit: 1 })).items[0]?.id ?? ''
  return runAll({
    get: () => rows.get(foreign),
    list: async () => (await rows.list({ where: { id: foreign } as never })).items,
    update: () => rows.update(at, { notes: 'taken' }),
    remove: () => rows.remove(at),
    restore: () => rows.restore(foreign),
    merge: async () => rows.merge(await own(), foreign),
    adopt: async () => rows.adopt(foreign, await own()),
    erase: () => rows.erase(foreign),
    pack: () => rows.accessPack(foreign),
    stranger: () => ctx.rows(defineResource({ name: 'kernel.users', schema: {} })).list(),
  })
}

let kept: Ctx | null = null

export const keep = (ctx: Ctx): void => void (kept = ctx)
/** What was kept of another call, of whichever tenant. */
export const useKept = async (): Promise<JsonObject> =>
  runAll({
    tenant: () => kept?.tenant.slug,
    rows: () => kept?.rows(clients).list(),
    emit: () => kept?.emit(defineEvent<JsonObject>('hostile.kept'), {}),
  })

/** Work that goes on when its call is over. */
export function linger(ctx: Ctx): Promise<string> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(() => resolve('over')))
    setTimeout(() => void outcome(() => ctx.rows(clients).list()).then((text) => lingered.push(text)), 50)
  })
}
export const lingered: string[] = []

/** Events of others, and more of its own than anybody would. */
export const forgeEvents = (ctx: Ctx): Promise<JsonObject> =>
  runAll({
    created: () => ctx.emit(clients.events.created as never, { id: 'x' } as never),
    kernel: () => ctx.emit(defineEvent<JsonObject>('kernel.x'), {}),
    prefix: () => ctx.emit(defineEvent<JsonObject>('hostiles.x'), {}),
    scheduled: () => ctx.emit(clients.events.created as never, {} as never, { at: new Date() }),
  })

export async function floodEvents(ctx: Ctx): Promise<number> {
  const event = defineEvent<JsonObject>('hostile.flooded')
  for (let told = 0; ; told++) {
    const text = await outcome(() => ctx.emit(event, { told }))
    if (text.startsWith('refused') || told > 20_000) return told
  }
}

/** What everything inherits from, changed under the feet of the kernel. */
export const pollute = (): Promise<JsonObject> =>
  runAll({
    object: () => Object.assign(Object.prototype, { asKernel: true, id: 'taken', isPublic: true }),
    array: () => Object.assign(Array.prototype, { loot: true }),
    function: () => Object.assign(Function.prototype, { loot: true }),
    proto: () => {
      const body = JSON.parse('{"__proto__": {"polluted": true}}') as object
      return Object.assign({}, body) && ({} as Record<string, unknown>).polluted === undefined ? 'clean' : 'polluted'
    },
    freeze: () => Object.isExtensible(Object.prototype),
  })

/** What a plugin sees of its own ctx, and what it can change of it. */
export const twistCtx = (ctx: Ctx): Promise<JsonObject> => {
  const loose = ctx as unknown as Record<string, unknown>
  return runAll({
    tenant: () => Object.assign(ctx.tenant, { id: 'x' }),
    can: () => (loose.can = () => true),
    actor: () => Object.assign(ctx.actor as object, { id: 'x' }),
    define: () => Object.defineProperty(ctx, 'tenant', { value: {} }),
    http: () => ctx.http.request('http://169.254.169.254/'),
  })
}
