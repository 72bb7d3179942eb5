/** Whether this process lives, and whether it can serve. */
import type { FastifyInstance } from 'fastify'
import type { Services } from './services.ts'

export function registerHealth(app: FastifyInstance, { readiness }: Services): void {
  app.get('/health/live', { config: { access: 'public' } }, async () => ({ status: 'live' }))

  app.get('/health/ready', { config: { access: 'public' } }, async (_request, reply) => {
    const said = await readiness.ask()
    return reply
      .header('cache-control', 'no-store')
      .code(said.status === 'unavailable' ? 503 : 200)
      .send(said)
  })
}
