/** A database of a run's own, migrated, on the server of `DATABASE_URL` or one of our own. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from 'pg'
import { openDatabase } from '../../core/data/database.ts'
import { openServer } from '../../core/data/server.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { createTenant } from '../../core/tenancy/directory.ts'
import { connect } from './database.ts'
import { ADMIN, SECRET } from './settings.ts'

export interface Site {
  readonly ownerUrl: string
  /** The login that owns the database. */
  readonly owner: Client
  /** `PostgreSQL 18.4` */
  readonly description: string
  close(): Promise<void>
}

export async function openSite(word: string, plugins: readonly string[]): Promise<Site> {
  const dataDir = mkdtempSync(join(tmpdir(), `weft-${word}-`))
  const server = await openServer({ dataDir, databaseUrl: process.env.DATABASE_URL, log: () => {} })
  const maintenance = await connect(server.ownerUrl)
  const name = `weft_${word}_${randomBytes(4).toString('hex')}`
  await maintenance.query(`create database ${name}`)
  const url = new URL(server.ownerUrl)
  url.pathname = `/${name}`
  const { described } = await describePlugins(plugins)
  await migrateDatabase({ ownerUrl: url.href, secret: SECRET, described })
  const owner = await connect(url.href)
  const version = (await owner.query('show server_version')).rows[0].server_version as string
  return {
    ownerUrl: url.href,
    owner,
    description: `PostgreSQL ${version.split(' ')[0]}`,
    async close() {
      await owner.end()
      await maintenance.query(`drop database if exists ${name} with (force)`)
      await maintenance.end()
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export const emailOf = (slug: string) => `admin@${slug}.example`

/** @returns tenants and their administrators, as they were asked for */
export async function addTenants(ownerUrl: string, slugs: readonly string[]) {
  const { database } = await openDatabase(ownerUrl, SECRET, 12)
  try {
    const made: { tenant: string; user: string }[] = []
    for (const slug of slugs) {
      const admin = { email: emailOf(slug), name: slug, password: ADMIN.password }
      const { tenant, user } = await createTenant(database, { slug, name: slug, language: 'en', country: 'FR', admin })
      made.push({ tenant: tenant.id, user: user.id })
    }
    return made
  } finally {
    await database.close()
  }
}
