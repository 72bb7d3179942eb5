/** Where statements run: each alone in a short transaction of its own, or all in one. */
import type { Claims } from '../data/context.ts'
import type { Database, Query, Result, TenantTransaction, Transaction } from '../data/database.ts'
import { codeOf } from '../fault.ts'

/** A unit of work. Within one transaction all mean the same; alone, each opens what it needs. */
export interface Unit {
  read<R>(query: Query): Promise<Result<R>>
  write<R>(query: Query): Promise<Result<R>>
  /** A write that counts for one version of a row and changes nothing where the row has moved on. */
  change<R>(query: Query): Promise<Result<R>>
  /** Several statements that must see and lock the same rows. */
  together<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
  /** The same for one act that can be undone: its facts bear the id of the task. */
  task<T>(id: string, work: (transaction: Transaction) => Promise<T>): Promise<T>
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
    task: (id, work) => database.transaction({ ...claims, task: id }, 'write', work),
  }
}

/** For a handler: everything it does is in one transaction. */
export function joinTransaction(transaction: TenantTransaction, claims: Claims): Unit {
  return {
    read: (query) => transaction.query(query),
    write: (query) => transaction.query(query),
    change: (query) => transaction.query(query),
    together: (work) => work(transaction),
    async task(id, work) {
      await transaction.assume({ ...claims, task: id })
      try {
        return await work(transaction)
      } finally {
        // A failed transaction takes no statement more, and needs none.
        await transaction.assume(claims).catch(() => {})
      }
    },
  }
}
