/** How long a body may take to arrive. The server itself knows one time for all routes, which is that of uploads. */
import type { FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'

const BODY_MS = 30_000

/** Ends a request whose body is not there in time, unless it is an upload. */
export function boundBody({ raw, headers, routeOptions }: FastifyRequest, ms = BODY_MS): void {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  if (!hasBody || routeOptions.config.isUpload) return
  const late = setTimeout(() => raw.complete || raw.destroy(new Problem(408, 'timeout')), ms).unref()
  raw.once('close', () => clearTimeout(late))
}
