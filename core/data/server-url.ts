import { setTimeout as pause } from 'node:timers/promises'
import { StartFault } from '../fault.ts'
import { probe } from './server-probe.ts'

/**
 * Waits until the operator's own server answers, at most `patience` ms (a compose file may start it beside us).
 * Throws StartFault when it cannot be reached, refuses the login, or is older than PostgreSQL 15.
 */
export async function reachServer(url: string, patience: number, log: (line: string) => void): Promise<void> {
  const place = placeOf(url)
  const deadline = performance.now() + patience
  for (let round = 0; ; round += 1) {
    const answer = await probe(url, deadline - performance.now())
    if (answer.state === 'ready') return refuseOld(answer.versionNumber)
    if (answer.state === 'denied' || answer.state === 'no database' || answer.state === 'broken') {
      throw new StartFault(`DATABASE_URL: ${place} refuses the connection: ${answer.reason}.`)
    }
    if (performance.now() >= deadline) {
      const reason = answer.state === 'silent' ? answer.reason : 'it is still starting'
      throw new StartFault(`DATABASE_URL: cannot reach ${place}: ${reason}.`)
    }
    if (round === 0) log(`Waiting for PostgreSQL at ${place}`)
    await pause(200)
  }
}

function refuseOld(versionNumber: number): void {
  const major = Math.floor(versionNumber / 10_000)
  if (major < 15) throw new StartFault(`PostgreSQL ${major} is too old: Weft needs 15 or later.`)
}

/** Host and port without name and password. */
function placeOf(url: string): string {
  const { hostname, port, searchParams } = new URL(url)
  return `${decodeURIComponent(hostname) || searchParams.get('host') || 'localhost'}:${port || '5432'}`
}
