/** Merge and unmerge of every resource, and where the id of a merged row leads. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Adoption, Problem } from '../contract.ts'
import { MERGE_BODY, UNMERGE_BODY } from '../resource/openapi-merge.ts'
import type { Model } from '../resource/model.ts'
import { assertFits } from '../resource/validate.ts'
import type { Act, Done } from './acts.ts'
import { serveAct } from './serving.ts'
import { callerOf, sendJson } from './request.ts'
import { mergesOf } from './caller.ts'
import type { Services } from './services.ts'

type WithId = { Params: { id: string } }

export function registerMerge(app: FastifyInstance, services: Services, { name, path, plugin }: Model): void {
  const config = { access: `${name}.update`, plugin }

  const merging: Act = async (caller, { params, body }) => {
    assertFits(MERGE_BODY, body)
    const { with: other } = body as { with: string }
    const merge = await mergesOf(services, caller, name).merge(params.id ?? '', other)
    return { ...answerOf(merge), body: JSON.stringify(merge) }
  }
  app.post(`${path}/:id/merge`, { config: { ...config, act: merging } }, serveAct(services))

  app.post<WithId>(`${path}/:id/unmerge`, { config }, async (request, reply) => {
    assertFits(UNMERGE_BODY, request.body ?? null)
    const { mergeId } = request.body as { mergeId: string }
    const undone = await mergesOf(services, callerOf(request), name).unmerge(request.params.id, mergeId)
    services.wake()
    const { status, headers } = answerOf(undone)
    return sendJson(reply.code(status).headers(headers), JSON.stringify(undone))
  })
}

/** Of many rows the task that moves them is told, as that of a batch. */
const answerOf = ({ task }: Adoption): Pick<Done, 'status' | 'headers'> =>
  task === undefined ? { status: 200, headers: {} } : { status: 202, headers: { location: `/api/tasks/${task}` } }

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
