/**
 * File locks that the system lets go when their process dies, kill -9 included: Node has no flock, but SQLite, which it
 * brings, holds one for us. Nothing is ever written into these files.
 */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { reasonOf, StartFault } from '../fault.ts'

export interface Share {
  /** Gives this share back; true when nobody else holds one. */
  release(): boolean
}

/** Waits until this process alone holds the file, at most `patience` ms (then StartFault); gives the way to let go. */
export async function takeLock(file: string, patience = 240_000): Promise<() => void> {
  const deadline = performance.now() + patience
  const lock = openLock(file)
  while (!tryExclusive(lock)) {
    if (performance.now() > deadline)
      throw new StartFault(`Another Weft process has been starting for too long (${file}).`)
    await pause(50)
  }
  return () => lock.close()
}

/** Says that this process uses what the file stands for. Shares never exclude each other. */
export function shareLock(file: string): Share {
  const lock = openLock(file)
  // A transaction that has read something keeps SQLite's shared lock until its end.
  lock.exec('begin; select count(*) from sqlite_master')
  return {
    release() {
      if (!lock.isOpen) return false
      lock.exec('rollback')
      const alone = tryExclusive(lock)
      lock.close()
      return alone
    },
  }
}

function openLock(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 })
  } catch (error) {
    throw new StartFault(`Cannot lock ${file}: ${reasonOf(error)}.`, { cause: error })
  }
}

function tryExclusive(lock: DatabaseSync): boolean {
  try {
    lock.exec('begin exclusive')
    return true
  } catch (error) {
    const busy = 5
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return false
    throw new StartFault(`Cannot lock a file in the data folder: ${reasonOf(error)}.`, { cause: error })
  }
}
