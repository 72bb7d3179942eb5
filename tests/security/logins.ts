/** The logins of a running server, as somebody would have them who had stolen them. */
import { Client } from 'pg'
import { type Claims, kernelClaims, signContext } from '../../core/data/context.ts'
import { contextKeyOf, findRoles, loginUrl } from '../../core/data/roles.ts'
import type { RoleNames } from '../../core/resource/derived.ts'
import type { TestDatabase } from '../support/database.ts'
import { SECRET } from '../support/settings.ts'

export interface Logins {
  readonly roles: RoleNames
  readonly app: Client
  readonly door: Client
  /** Runs one statement as the login of requests, under a context, and takes it back. */
  asApp<R = Record<string, unknown>>(context: string | null, text: string, values?: unknown[]): Promise<R[]>
  end(): Promise<void>
}

export async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

export async function openLogins(database: TestDatabase): Promise<Logins> {
  const owner = await connect(database.ownerUrl)
  const roles = (await findRoles(owner, SECRET))!
  await owner.end()
  const app = await connect(loginUrl(database.ownerUrl, SECRET, { part: 'app', roles }))
  const door = await connect(loginUrl(database.ownerUrl, SECRET, { part: 'door', roles }))
  return {
    roles,
    app,
    door,
    async asApp(context, text, values = []) {
      await app.query('begin')
      try {
        if (context !== null) await app.query(`set local app.ctx = '${context}'`)
        return (await app.query(text, values)).rows
      } finally {
        await app.query('rollback')
      }
    },
    async end() {
      await app.end()
      await door.end()
    },
  }
}

const claimsOf = (tenant: string, more: Partial<Claims> = {}): Claims => ({
  ...kernelClaims(tenant),
  actorKind: 'user',
  ...more,
})
export const sign = (tenant: string, secret = SECRET, offset = 0): string =>
  signContext(claimsOf(tenant), contextKeyOf(secret), Date.now() + offset * 1000)
export const signAs = (tenant: string, more: Partial<Claims>): string =>
  signContext(claimsOf(tenant, more), contextKeyOf(SECRET), Date.now())

/** The SQLSTATE of a refusal; what came of an attempt that was none. */
export const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    (rows) => `done: ${JSON.stringify(rows)}`,
    (error: { code?: string }) => error.code,
  )
