/** What a fact keeps, as one value that changes with any of it. */
import { kernelClaims } from '../data/context.ts'
import type { Database } from '../data/database.ts'

/** @returns SHA-256 in hex; null for a fact that is not there */
export async function readDigest(database: Database, tenant: string, fact: string): Promise<string | null> {
  const text = `select encode(sha256(convert_to(to_jsonb(f)::text, 'UTF8')), 'hex') as digest from kernel.facts f
    where tenant_id = $1 and id = $2`
  const statement = { name: 'read_digest', text, values: [tenant, fact] }
  const { rows } = await database.once<{ digest: string }>(kernelClaims(tenant), 'read', statement)
  return rows[0]?.digest ?? null
}
