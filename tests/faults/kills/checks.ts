/** What must hold when everything has settled: each promise with how often it was tried and how often it was broken. */
import type { Finding, Query } from './finding.ts'
import { findFiles } from './file-checks.ts'
import type { Ledger } from './ledger.ts'
import { findSecrets } from './secret-checks.ts'
import type { Stage } from './stage.ts'

const WELCOMES = `(select tenant_id, after ->> 'client_id' as client, count(*) from kernel.facts
  where event = 'tasklist.created' and after ->> 'title' = 'Welcome' group by 1, 2)`
const RUNG = `(select after ->> 'title' as word, count(*) from kernel.facts where event = 'tasklist.created' group by 1)`

const count = async (query: Query, text: string, values: unknown[] = []) =>
  (await query<{ count: number }>(`select count(*)::int as count from ${text}`, values))[0]?.count ?? 0

async function findRows(query: Query, { clients, acknowledged }: Ledger): Promise<Finding[]> {
  const lost = await query(
    `select k.*, c.version as found, c.notes as noted, c.deleted_at from
       unnest($1::uuid[], $2::int[], $3::text[], $4::bool[]) as k (id, version, notes, is_deleted)
       left join clients c on c.id = k.id
     where c.id is null or (c.deleted_at is not null) <> k.is_deleted or c.notes is distinct from k.notes
       or (not k.is_deleted and c.version <> k.version)`,
    [
      clients.map(({ id }) => id),
      clients.map(({ version }) => version),
      clients.map(({ notes }) => notes),
      clients.map(({ isDeleted }) => isDeleted),
    ],
  )
  const twice = await query(
    `select last_name, count(*) from clients where last_name is not null group by 1 having count(*) > 1`,
  )
  return [
    { promise: 'an acknowledged write is there, deletions too', tried: acknowledged, broken: lost },
    { promise: 'a create is done once, however often its key is sent', tried: clients.length, broken: twice },
  ]
}

async function findEffects(query: Query, { rings }: Ledger): Promise<Finding[]> {
  const created = `kernel.facts f left join ${WELCOMES} w on w.tenant_id = f.tenant_id and w.client = f.row_id::text
    where f.event = 'clients.created'`
  const welcomed = await count(query, created)
  const words = [[...rings.keys()], [...rings.values()]]
  const rung = `from unnest($1::text[], $2::bool[]) as r (word, is_known) left join ${RUNG} t on t.word = r.word`
  const perFact = `from kernel.deliveries d join kernel.facts f on f.tenant_id = d.tenant_id and f.id = d.fact
    left join kernel.facts e on e.tenant_id = d.tenant_id and e.request = d.id::text and e.event = 'tasklist.created'
    where d.handler in ('tasklist.welcome', 'probe.ring')`
  return [
    {
      promise: 'an event has its effect',
      tried: welcomed + rings.size,
      broken: [
        ...(await query(`select f.row_id from ${created} and w.count is null`)),
        ...(await query(`select r.word ${rung} where r.is_known and t.count is null`, words)),
      ],
    },
    {
      promise: 'an event has its effect once',
      tried: await count(query, `(select d.id ${perFact} group by d.id) d`),
      broken: [
        ...(await query(`select f.row_id, w.count from ${created} and w.count > 1`)),
        ...(await query(`select r.word, t.count ${rung} where t.count > 1`, words)),
        ...(await query(`select d.id, count(e.id) ${perFact} group by d.id having count(e.id) > 1`)),
      ],
    },
    {
      promise: 'a time that comes round is told once',
      tried: await count(query, `kernel.facts where event = 'probe.rang' and payload ->> 'word' = 'minutely'`),
      broken: await query(`select date_trunc('minute', at), count(*) from kernel.facts
        where event = 'probe.rang' and payload ->> 'word' = 'minutely' group by tenant_id, 1 having count(*) > 1`),
    },
  ]
}

async function findBatches(query: Query, { groups, tasks }: Ledger): Promise<Finding[]> {
  const ids = groups.flatMap((group) => group.ids)
  const versions = groups.flatMap((group) => group.ids.map((id) => group.batches + 1 - (group.left.get(id) ?? 0)))
  return [
    {
      promise: 'a batch changes each of its rows once',
      tried: groups.reduce((sum, group) => sum + group.batches * group.ids.length, 0),
      broken: [
        ...(await query(
          `select k.id, k.version, c.version as found from unnest($1::uuid[], $2::int[]) as k (id, version)
             left join clients c on c.id = k.id where c.version is distinct from k.version`,
          [ids, versions],
        )),
        ...(await query(
          `select task, row_id, count(*) from kernel.facts where task = any($1) and resource = 'clients'
             group by 1, 2 having count(*) > 1`,
          [tasks],
        )),
      ],
    },
    {
      promise: 'a task comes to its end',
      tried: tasks.length,
      broken: await query(`select id, state, reason from kernel.tasks where state <> 'done'`),
    },
  ]
}

/** Living rows that refer to a merged record, in every table that refers to records. */
async function findStrays(query: Query): Promise<unknown[]> {
  const references = await query<{ table: string; column: string }>(
    `select r."table", r."column" from kernel.record_references r join pg_attribute a
       on a.attrelid = to_regclass(r."table") and a.attname = 'deleted_at'`,
  )
  const strays: unknown[] = []
  for (const { table, column } of references)
    strays.push(
      ...(await query(
        `select '${table}' as "table", t.id from "${table}" t join kernel.records r
           on r.tenant_id = t.tenant_id and r.id = t."${column}" where t.deleted_at is null and r.merged_into is not null`,
      )),
    )
  return strays
}

async function findMerges(query: Query, { pairs, merges, unmerges }: Ledger): Promise<Finding[]> {
  const known = pairs.map(({ survivor, merged, state }) => ({ survivor, merged, is_merged: state === 'merged' }))
  return [
    {
      promise: 'merges and unmerges are whole',
      tried: merges + unmerges,
      broken: [
        ...(await query(
          `select k.* from jsonb_to_recordset($1::jsonb) as k (survivor uuid, merged uuid, is_merged bool)
             join kernel.records r on r.id = k.merged
           where (r.merged_into is not distinct from k.survivor) <> k.is_merged or (r.deleted_at is not null) <> k.is_merged`,
          [JSON.stringify(known)],
        )),
        ...(await query(
          `select r.id from kernel.records r join clients c on c.tenant_id = r.tenant_id and c.id = r.id
           where (r.deleted_at is null) <> (c.deleted_at is null) or (r.merged_into is null) = exists
             (select from kernel.merges m where m.tenant_id = r.tenant_id and m.merged = r.id and m.unmerged_at is null)`,
        )),
        ...(await findStrays(query)),
      ],
    },
    {
      promise: 'a rollup equals its recount',
      tried: await count(query, 'clients where deleted_at is null'),
      broken: await query(
        `select id from clients c where deleted_at is null and coalesce((derived -> 'probe' ->> 'tasks')::int, 0) <>
           (select count(*) from tasklist__tasklist t where t.tenant_id = c.tenant_id and t.client_id = c.id and t.deleted_at is null)`,
      ),
    },
  ]
}

async function findDeliveries(query: Query): Promise<Finding> {
  return {
    promise: 'a delivery comes to its end, and none is given up',
    tried: await count(query, 'kernel.deliveries'),
    broken: await query(`select handler, state, attempts, reason from kernel.deliveries where state <> 'done'`),
  }
}

export async function checkAll(stage: Stage, ledger: Ledger): Promise<Finding[]> {
  const { query } = stage
  return [
    ...(await findRows(query, ledger)),
    ...(await findEffects(query, ledger)),
    ...(await findBatches(query, ledger)),
    ...(await findMerges(query, ledger)),
    await findDeliveries(query),
    ...(await findFiles(stage, ledger)),
    ...(await findSecrets(stage, ledger)),
    {
      promise: 'an answer is what the state of its row explains',
      tried: ledger.acknowledged,
      broken: ledger.faults,
    },
  ]
}
