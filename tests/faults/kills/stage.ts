/** What the kills are made on: a database with tenants, and how processes find it. */
import { Pool } from 'pg'
import type { Claims } from '../../../core/data/context.ts'
import { type Database, openDatabase } from '../../../core/data/database.ts'
import { wrappingKeyOf } from '../../../core/data/roles.ts'
import { DataKeys } from '../../../core/secrets/keys.ts'
import { Secrets } from '../../../core/secrets/secrets.ts'
import { createTenant } from '../../../core/tenancy/directory.ts'
import { PASSWORD, pluginFolders, SECRET } from '../../support/settings.ts'
import type { Settings } from '../program.ts'
import type { Query } from './finding.ts'

/** It would answer every fact and every deletion with one of its own. */
const OFF = 'witness'
export const TENANTS = ['kills-north', 'kills-south']
/** Those that writers replace, by the place of the writer. */
export const REPLACED = ['apiToken', 'webhookKey']
/** So many that a rotation takes its time. */
const ENTRUSTED = 250

export const valueOf = (secret: string) => `what is entrusted as ${secret}`
export const emailOf = (tenant: string) => `${tenant}@test.example`

export interface Stage {
  /** The environment of each process. */
  readonly settings: Settings
  readonly ownerUrl: string
  /** Where files lie. */
  readonly dataDir: string
  /** As the owner of the database, past every policy. */
  readonly query: Query
  /** Ends PostgreSQL with no chance to end in good order, and waits until it is back; null where it is not ours. */
  readonly killPostgres: (() => Promise<void>) | null
  /** Leases of workers that are gone are ended at once, in place of the minute and a half that they have to run. */
  readonly isImpatient: boolean
  close(): Promise<void>
}

export const settingsOf = (where: Settings): Settings => ({
  ...where,
  WEFT_SECRET: SECRET,
  WEFT_PLUGINS: pluginFolders.join(','),
})

export async function addTenants(ownerUrl: string): Promise<void> {
  const { database } = await openDatabase(ownerUrl, SECRET, 12)
  try {
    for (const slug of TENANTS) {
      const admin = { email: emailOf(slug), name: slug, password: PASSWORD }
      const { tenant } = await createTenant(database, { slug, name: slug, language: 'en', country: 'FR', admin })
      const text = `insert into kernel.tenant_plugins (tenant_id, plugin, enabled) values ($1, $2, false)`
      await database.door({ text, values: [tenant.id, OFF] })
      await entrust(database, tenant.id)
    }
  } finally {
    await database.close()
  }
}

async function entrust(database: Database, tenant: string): Promise<void> {
  const secrets = new Secrets(database, new DataKeys(database, wrappingKeyOf(SECRET)))
  const nobody = { actor: null, plugin: null, request: null, origin: null, task: null, at: null }
  const claims: Claims = { tenant, actorKind: 'system', ...nobody }
  for (let i = 0; i < ENTRUSTED; i++) await secrets.set(claims, 'probe', `kept${i}`, valueOf(`kept${i}`))
}

export function openQuery(url: string): { query: Query; close: () => Promise<void> } {
  const pool = new Pool({ connectionString: url, max: 1 })
  pool.on('error', () => {})
  return { query: async (text, values) => (await pool.query(text, values)).rows, close: () => pool.end() }
}
