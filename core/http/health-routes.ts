/** Whether this process lives, and whether it can serve. */
import type { FastifyInstance } from 'fastify'
import type { Services } from './services.ts'

const PROBE_MS = 2_000

export function registerHealth(app: FastifyInstance, services: Services): void {
  app.get('/health/live', { config: { access: 'public' } }, async () => ({ status: 'live' }))

  app.get('/health/ready', { config: { access: 'public' } }, async (_request, reply) => {
    reply.header('cache-control', 'no-store')
    const timer = new Promise<never>((_, reject) => setTimeout(reject, PROBE_MS, new Error('timeout')).unref())
    try {
      await Promise.race([services.database.door({ text: 'select 1 from kernel.tenants limit 1' }), timer])
      return { status: 'ready' }
    } catch {
      return reply.code(503).send({ status: 'unavailable', reason: 'database' })
    }
  })
}
