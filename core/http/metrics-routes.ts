/** How the plugins' code does in this process, and what is still to be told to it for this tenant. */
import type { FastifyInstance } from 'fastify'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

interface Waiting {
  readonly plugin: string
  readonly waiting: number
  readonly lag: number
}

const WAITING = `select split_part(handler, '.', 1) as plugin, count(*)::int as waiting,
  greatest(0, extract(epoch from now() - min(due)))::int as lag
  from kernel.deliveries where tenant_id = $1 and state in ('waiting', 'queued', 'held') group by 1`

export function registerMetrics(app: FastifyInstance, { database, guard, installed, leftOut }: Services): void {
  app.get('/api/plugins/metrics', { config: { access: 'plugins.manage' } }, async (request) => {
    const { id } = callerOf(request).identity.tenant
    const { rows } = await database.door<Waiting>({ name: 'waiting_deliveries', text: WAITING, values: [id] })
    const counted = new Map(guard.metrics().map((each) => [each.plugin, each]))
    const items = [...installed, ...leftOut].map((plugin) => {
      const { calls = 0, errors = 0, totalMs = 0, maxMs = 0, suspended = false } = counted.get(plugin.id) ?? {}
      const deliveries = rows.find((row) => row.plugin === plugin.id)
      return {
        id: plugin.id,
        calls,
        errors,
        meanMs: calls === 0 ? 0 : Math.round(totalMs / calls),
        maxMs: Math.round(maxMs),
        suspended,
        waiting: deliveries?.waiting ?? 0,
        lagSeconds: deliveries?.lag ?? 0,
      }
    })
    return { items }
  })
}
