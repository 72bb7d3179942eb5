/** Merge and unmerge of every resource, and where the id of a merged row leads. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import { MERGE_BODY, UNMERGE_BODY } from '../resource/openapi-merge.ts'
import type { Model } from '../resource/model.ts'
import { assertFits } from '../resource/validate.ts'
import { callerOf, sendJson } from './request.ts'
import { mergesOf } from './caller.ts'
import type { Services } from './services.ts'

type WithId = { Params: { id: string } }

export function registerMerge(app: FastifyInstance, services: Services, { name, path, plugin }: Model): void {
  const config = { access: `${name}.update`, plugin }

  app.post<WithId>(`${path}/:id/merge`, { config }, async (request, reply) => {
    assertFits(MERGE_BODY, request.body ?? null)
    const { with: other } = request.body as { with: string }
    const merge = await mergesOf(services, callerOf(request), name).merge(request.params.id, other)
    services.wake()
    return sendJson(reply, JSON.stringify(merge))
  })

  app.post<WithId>(`${path}/:id/unmerge`, { config }, async (request, reply) => {
    assertFits(UNMERGE_BODY, request.body ?? null)
    const { mergeId } = request.body as { mergeId: string }
    const undone = await mergesOf(services, callerOf(request), name).unmerge(request.params.id, mergeId)
    services.wake()
    return sendJson(reply, JSON.stringify(undone))
  })
}

/**
 * Where a request for a merged row should have gone: the same route and query of the survivor. Null for a request whose
 * path does not name the merged row: one that followed would do something else.
 */
export function locationOf(request: FastifyRequest, { code, errors }: Problem): string | null {
  const { id, merged } = errors[0]?.params ?? {}
  const { url } = request.routeOptions
  const named = (request.params as { id?: string }).id?.toLowerCase()
  if (code !== 'merged' || typeof id !== 'string' || !url?.includes('/:id')) return null
  if (named !== String(merged).toLowerCase()) return null
  const query = request.url.indexOf('?')
  return url.replace(':id', id) + (query < 0 ? '' : request.url.slice(query))
}
