/** A line for each request that failed here or took long; the others leave none. */
import type { FastifyInstance, FastifyReply } from 'fastify'

const SLOW_MS = 1_000

/** A stream is long by its nature. */
const isStream = (reply: FastifyReply) => String(reply.getHeader('content-type') ?? '').startsWith('text/event-stream')

export function registerAccessLog(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const ms = Math.round(reply.elapsedTime)
    const isFailed = reply.statusCode >= 500
    if (!isFailed && (ms < SLOW_MS || isStream(reply))) return
    const { url: route, config } = request.routeOptions
    request.log.warn(
      {
        request: request.id,
        // Null only where it was refused before anybody was asked for.
        tenant: request.caller?.identity.tenant.id ?? null,
        plugin: config?.plugin ?? null,
        method: request.method,
        route: route ?? null,
        status: reply.statusCode,
        ms,
      },
      isFailed ? 'failed' : 'slow',
    )
  })
}
