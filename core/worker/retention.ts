/** Begins what tenants' rules say of records that are no longer needed. */
import { kernelClaims } from '../data/context.ts'
import type { Database } from '../data/database.ts'
import { beginDueRules, findDueTenants } from '../work/retention-store.ts'
import type { Rights } from '../work/rights.ts'

/** @returns how many tasks were begun */
export async function beginRetention({ database, rights }: { database: Database; rights: Rights }): Promise<number> {
  let begun = 0
  for (const tenant of await findDueTenants(database)) {
    const { resources } = await rights.compositionOf(tenant)
    begun += await database.transaction(kernelClaims(tenant), 'write', (transaction) =>
      beginDueRules(transaction, tenant, (resource) => resources.has(resource)),
    )
  }
  return begun
}
