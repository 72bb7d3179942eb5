/** How a delivery is settled together with what its telling has done. */
import { Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, Transaction } from '../data/database.ts'
import type { Job } from '../delivery/queue.ts'
import { failTasks } from '../work/task-store.ts'
import type { Telling } from '../work/telling.ts'

/** The handler of the kernel's own tasks. */
export const KERNEL_TASKS = 'kernel.tasks'

/** Thrown within a handler's transaction to undo a second telling of the same fact. */
export class AlreadyTold extends Problem {
  constructor() {
    super(409, 'already_told')
  }
}

const claimsOf = ({ tenant, delivery }: Job): Claims => ({
  tenant,
  actorKind: 'system',
  actor: null,
  plugin: null,
  request: delivery,
  origin: null,
  task: null,
  at: null,
})

/** The delivery is done in the transaction of its effects: told twice, the second telling is undone. */
export async function finish(transaction: Transaction, job: Job): Promise<void> {
  const { rowCount } = await transaction.query({
    text: `update kernel.deliveries set state = 'done', reason = null, told_at = now(), updated_at = now()
      where tenant_id = $1 and id = $2 and state = 'queued' and told_at is null`,
    values: [job.tenant, job.delivery],
  })
  if (rowCount !== 1) throw new AlreadyTold()
}

/** The delivery is done, and with it the tasks of its telling. */
export async function finishRuns(database: Database, job: Job, telling: Telling): Promise<void> {
  if (!telling.hasTasks) return finish({ query: (query) => database.door(query) }, job)
  await database.transaction(claimsOf(job), 'write', async (transaction) => {
    await telling.finish(transaction)
    await finish(transaction, job)
  })
}

/**
 * It goes on in another run; that is no failure, and forgives those before it. It keeps its place before all that came
 * later: each row that a task changes may be owed to many handlers, and the task would wait for them all.
 */
export async function pause(database: Database, job: Job): Promise<void> {
  await database.door({
    text: `update kernel.deliveries set state = 'waiting', attempts = 0, reason = null, updated_at = now()
      where tenant_id = $1 and id = $2 and state = 'queued'`,
    values: [job.tenant, job.delivery],
  })
}

/** What is told no more has no tasks that go on. */
export async function failFact(
  database: Database,
  job: Job,
  at: { fact: string; handler: string; reason: string },
): Promise<void> {
  const plugin = at.handler === KERNEL_TASKS ? null : (at.handler.split('.')[0] ?? null)
  await database.transaction(claimsOf(job), 'write', (transaction) =>
    failTasks(transaction, { tenant: job.tenant, fact: at.fact, plugin, reason: at.reason }),
  )
}

const MAX_ATTEMPTS = 8
/** A second, then twice as long each time, up to ten minutes. */
const backoffSeconds = (attempts: number) => Math.min(2 ** (attempts - 1), 600)

export interface Outcome {
  readonly state: string
  readonly reason: string | null
}

export async function settle(database: Database, job: Job, { state, reason }: Outcome): Promise<void> {
  await database.door({
    text: `update kernel.deliveries set state = $3, reason = $4, updated_at = now()
      where tenant_id = $1 and id = $2 and state = 'queued'`,
    values: [job.tenant, job.delivery, state, reason],
  })
}

/** It has not been tried: its attempts stay as they are. */
export async function postpone(
  database: Database,
  job: Job,
  { reason, seconds }: { reason: string; seconds: number },
): Promise<void> {
  await database.door({
    text: `update kernel.deliveries set state = 'waiting', reason = $4, updated_at = now(),
      due = now() + make_interval(secs => $3) where tenant_id = $1 and id = $2 and state = 'queued'`,
    values: [job.tenant, job.delivery, seconds, reason],
  })
}

/** It is tried again later, or is dead after its last attempt. @returns whether it is dead */
export async function fail(
  database: Database,
  job: Job,
  { attempts, reason }: { attempts: number; reason: string },
): Promise<boolean> {
  const isLast = attempts + 1 >= MAX_ATTEMPTS
  const state = isLast ? 'dead' : 'waiting'
  await database.door({
    text: `update kernel.deliveries set state = $3, attempts = $6, reason = $4, updated_at = now(),
      due = now() + make_interval(secs => $5) where tenant_id = $1 and id = $2 and state = 'queued'`,
    values: [job.tenant, job.delivery, state, reason.slice(0, 500), backoffSeconds(attempts + 1), attempts + 1],
  })
  return isLast
}
