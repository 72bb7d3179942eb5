/** Makes the database ready before plugin code runs here: describes the resources and migrates, each in a process. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { programEnvironment } from '../config.ts'
import { StartFault } from '../fault.ts'
import type { Described } from '../resource/description.ts'
import type { Fault } from './manifest.ts'

/** What the migrating process (`core/migrate.ts`) is told. */
export interface MigrateOrders {
  readonly ownerUrl: string
  readonly secret: string
  /** The login of DATABASE_URL where that is another one: it must still be let in. */
  readonly visitor?: string
  readonly described: readonly Described[]
}

const MIGRATE_MS = 10 * 60_000

async function runChild(script: string, args: readonly string[], input: string): Promise<string> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], {
    env: programEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: MIGRATE_MS,
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  await new Promise<void>((resolve, reject) => child.on('error', reject).on('close', () => resolve()))
  return Buffer.concat(chunks).toString()
}

/** What the plugins' resources are, told by a process that has no credentials. */
export async function describePlugins(
  further: readonly string[],
): Promise<{ described: Described[]; faults: Fault[] }> {
  const answer = await runChild('../describe.ts', [JSON.stringify(further)], '')
  if (answer === '') throw new StartFault('The plugins cannot be read: the process that loads them ended early.')
  return JSON.parse(answer)
}

/** @returns the migrations applied now @throws StartFault with the reason */
export async function migrateDatabase(orders: MigrateOrders): Promise<string[]> {
  const answer = await runChild('../migrate.ts', [], JSON.stringify(orders))
  if (answer === '') throw new StartFault('The database cannot be migrated: the process that does it ended early.')
  const { applied, fault } = JSON.parse(answer) as { applied: string[]; fault?: string }
  if (fault) throw new StartFault(fault)
  return applied
}
