/** Brings our own server back when it dies while we use it: killed by hand, or by a system short of memory. */
import { reasonOf } from '../fault.ts'
import type { Home } from './server-cluster.ts'
import { findPostmaster } from './server-process.ts'

const LOOK_MS = 1_000

/** Looks until the returned function is called; what `revive` throws is logged once, and tried again. */
export function watchServer(home: Home, revive: () => Promise<void>, log: (line: string) => void): () => Promise<void> {
  let looking: Promise<void> | null = null
  let said = ''
  const complain = (error: unknown) => {
    const reason = reasonOf(error)
    if (reason !== said) log(reason)
    said = reason
  }
  const look = async () => {
    if (findPostmaster(home.folder) !== null) return
    await revive()
    log('PostgreSQL had ended and was started again.')
  }
  const turn = () => {
    looking ??= look()
      .catch(complain)
      .finally(() => {
        looking = null
      })
  }
  const timer = setInterval(turn, LOOK_MS).unref()
  return async () => {
    clearInterval(timer)
    await looking
  }
}
