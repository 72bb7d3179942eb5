/** Where statements run: each alone in a short transaction of its own, or all in one. */
import type { Claims } from '../data/context.ts'
import type { Database, Query, Result, TenantTransaction, Transaction } from '../data/database.ts'
import { NESTED } from '../facts/put-back.ts'
import { codeOf } from '../fault.ts'

/** A unit of work. Within one transaction all mean the same; alone, each opens what it needs. */
export interface Unit {
  read<R>(query: Query): Promise<Result<R>>
  write<R>(query: Query): Promise<Result<R>>
  /** A write that counts for one version of a row and changes nothing where the row has moved on. */
  change<R>(query: Query): Promise<Result<R>>
  /** Several statements that must see and lock the same rows. */
  together<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
  /** The same for an act of the kernel that can be undone: its facts bear the id of the task. */
  task<T>(id: string, work: (transaction: Transaction) => Promise<T>): Promise<T>
  /** The same for what the kernel alone may do, whoever asked for it. */
  asKernel<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
  /** Several verbs in one transaction: this one, or one that is opened for them. */
  join<T>(work: (unit: Joined) => Promise<T>): Promise<T>
}

/** A unit of work within one transaction. */
export interface Joined extends Unit {
  /** Undone as a whole when it fails; the transaction goes on. */
  attempt<T>(work: () => Promise<T>): Promise<T>
  /** What is done by the unit that `work` is given counts as done by others. Afterwards that unit does nothing more. */
  as<T>(claims: Partial<Claims>, work: (unit: Joined) => Promise<T>): Promise<T>
}

/**
 * Of many writers to one row, those that come too late would each lock it and wait for the disk to say that it has
 * moved on. Under a snapshot they are told at once and look again; the lock is the last resort.
 */
async function changeOnce<R>(database: Database, claims: Claims, query: Query): Promise<Result<R>> {
  try {
    return await database.once<R>(claims, 'optimistic', query)
  } catch (error) {
    if (codeOf(error) !== '40001') throw error
    return database.once<R>(claims, 'write', query)
  }
}

/** For a request that is one verb: statement, begin and commit travel in one flight. */
export function openSingle(database: Database, claims: Claims): Unit {
  return {
    read: (query) => database.once(claims, 'read', query),
    write: (query) => database.once(claims, 'write', query),
    change: (query) => changeOnce(database, claims, query),
    together: (work) => database.transaction(claims, 'write', work),
    task: (id, work) => database.transaction({ ...claims, task: id, asKernel: true }, 'write', work),
    asKernel: (work) => database.transaction({ ...claims, asKernel: true }, 'write', work),
    join: (work) =>
      database.transaction(claims, 'write', (transaction) => joinTransaction(transaction, claims).join(work)),
  }
}

const SAVEPOINT = 'weft_attempt'

/** What one attempt does to the database is undone when it fails, and the transaction goes on. */
async function attempt<T>(transaction: TenantTransaction, work: () => Promise<T>): Promise<T> {
  await transaction.query({ text: `savepoint ${SAVEPOINT}` })
  try {
    const result = await work()
    await transaction.query({ text: `release savepoint ${SAVEPOINT}` })
    return result
  } catch (error) {
    // Released as well: an attempt around this one must find its own savepoint under the same name.
    await transaction.query({ text: `rollback to savepoint ${SAVEPOINT}; release savepoint ${SAVEPOINT}` })
    throw error
  }
}

/** A failed transaction takes no statement more, and needs none: it is rolled back, and the claims with it. */
async function assuming<T>(
  transaction: TenantTransaction,
  { own, others }: { own: Claims; others: Claims },
  work: () => Promise<T>,
): Promise<T> {
  await transaction.assume(others)
  try {
    return await work()
  } finally {
    await transaction.assume(own).catch(() => {})
  }
}

/** An act within a task bears an id of its own: the task's facts tell of it. */
async function noteNested(transaction: Transaction, act: string): Promise<void> {
  await transaction.query({ text: 'select kernel.emit($1, $2)', values: [NESTED, JSON.stringify({ act })] })
}

/** A door to the transaction that can be shut: who comes late finds nothing to write to. */
function openDoor(transaction: TenantTransaction): { door: TenantTransaction; shut(): void } {
  let isShut = false
  const through = () => {
    if (isShut) throw new Error('This unit of work is over.')
    return transaction
  }
  return {
    door: {
      query: async (query) => through().query(query),
      assume: async (claims) => through().assume(claims),
    },
    shut: () => {
      isShut = true
    },
  }
}

function openBare(transaction: TenantTransaction, claims: Claims): Joined {
  const assume = <T>(others: Partial<Claims>, work: () => Promise<T>) =>
    assuming(transaction, { own: claims, others: { ...claims, ...others } }, work)
  const unit: Joined = {
    read: (query) => transaction.query(query),
    write: (query) => transaction.query(query),
    change: (query) => transaction.query(query),
    together: (work) => work(transaction),
    async task(id, work) {
      const result = await assume({ task: id, asKernel: true }, () => work(transaction))
      if (claims.task !== null) await assume({ asKernel: true }, () => noteNested(transaction, id))
      return result
    },
    asKernel: (work) => assume({ asKernel: true }, () => work(transaction)),
    join: (work) => work(unit),
    attempt: (work) => attempt(transaction, work),
    async as(given, work) {
      const others = { ...claims, ...given }
      const { door, shut } = openDoor(transaction)
      return assume(given, () => work(joinTransaction(door, others)).finally(shut))
    },
  }
  return unit
}

/** One after the other, whatever became of the one before. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work, work)
    last = turn.catch(() => {})
    return turn
  }
}

/**
 * For a handler: everything it does is in one transaction. What it begins at the same time is done in turn, so that
 * nothing of its own falls into what a plugin answers in between. The unit that `join` gives has the turn.
 */
export function joinTransaction(transaction: TenantTransaction, claims: Claims): Joined {
  const unit = openBare(transaction, claims)
  const inTurn = createTurns()
  return {
    read: (query) => inTurn(() => unit.read(query)),
    write: (query) => inTurn(() => unit.write(query)),
    change: (query) => inTurn(() => unit.change(query)),
    together: (work) => inTurn(() => unit.together(work)),
    task: (id, work) => inTurn(() => unit.task(id, work)),
    asKernel: (work) => inTurn(() => unit.asKernel(work)),
    join: (work) => inTurn(() => work(unit)),
    attempt: (work) => inTurn(() => unit.attempt(work)),
    as: (given, work) => inTurn(() => unit.as(given, work)),
  }
}
