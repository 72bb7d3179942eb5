/** Makes the database ready before plugin code runs here: describes the resources and migrates, each in a process. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { programEnvironment } from '../config.ts'
import { StartFault } from '../fault.ts'
import type { Cause } from '../data/schemas.ts'
import type { Step, Stepped } from '../data/steps.ts'
import type { Described } from '../resource/description.ts'

/** What the migrating process (`core/migrate.ts`) is told. */
export interface MigrateOrders {
  readonly ownerUrl: string
  readonly secret: string
  /** The login of DATABASE_URL where that is another one: it must still be let in. */
  readonly visitor?: string
  readonly described: readonly Described[]
  /** What is done with the data of a plugin before it is migrated. */
  readonly act?: DataAct
  /** Nothing is migrated: indexes of fields that tenants have defined are made and dropped, unless somebody else is at it. */
  readonly indexes?: true
  /** Takes the migrations of one plugin back, or up again. */
  readonly step?: Step
  /** Brings up what was taken back, too. */
  readonly raises?: boolean
}

/** With who waits for it: the process of this number. */
export type Ordered = MigrateOrders & { readonly orderer: number }

export interface DataAct {
  /** `list` says what `purge` would remove. */
  readonly act: 'detach' | 'restore' | 'list' | 'purge'
  readonly plugin: string
}
export interface ActResult {
  /** How many rows of what. */
  readonly rows: Readonly<Record<string, number>>
  /** Rows that went meanwhile with the records that they belonged to. */
  readonly gone: number
  /** What follows a merge that happened meanwhile. */
  readonly merged: number
  readonly isListed?: boolean
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

export interface Migrated {
  /** The files applied now, as `plugin/name`. */
  readonly applied: readonly string[]
  readonly refused: readonly { readonly plugin: string; readonly reason: Cause }[]
  /** Of the act that was ordered. */
  readonly result?: ActResult
  readonly stepped?: Stepped
}

/**
 * A plugin that cannot be migrated stays as it was; the kernel and the others go on.
 * @throws StartFault with the reason, for what is the kernel's own
 */
export async function migrateDatabase(orders: MigrateOrders): Promise<Migrated> {
  const ordered: Ordered = { ...orders, orderer: process.pid }
  const answer = await runChild('../migrate.ts', [], JSON.stringify(ordered))
  if (answer === '') throw new StartFault('The database cannot be migrated: the process that does it ended early.')
  const { fault, ...migrated } = JSON.parse(answer) as Migrated & { fault?: string }
  if (fault) throw new StartFault(fault)
  return migrated
}
