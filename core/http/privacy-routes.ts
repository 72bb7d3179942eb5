/** Access pack and erasure of every record. */
import type { FastifyInstance } from 'fastify'
import type { Model } from '../resource/model.ts'
import { PRIVACY } from '../work/privacy.ts'
import { privacyOf } from './caller.ts'
import { callerOf, sendJson } from './request.ts'
import type { Services } from './services.ts'

type WithId = { Params: { id: string } }

export function registerPrivacy(app: FastifyInstance, services: Services, { name, path, plugin }: Model): void {
  const config = { access: PRIVACY, plugin }

  app.get<WithId>(`${path}/:id/access-pack`, { config }, async (request, reply) => {
    const pack = await privacyOf(services, callerOf(request), name).accessPack(request.params.id)
    reply.header('content-disposition', `attachment; filename="access-pack-${pack.subject.id}.json"`)
    return sendJson(reply, JSON.stringify(pack, null, 2))
  })

  app.post<WithId>(`${path}/:id/erase`, { config }, async (request, reply) => {
    const report = await privacyOf(services, callerOf(request), name).erase(request.params.id)
    services.wake()
    return sendJson(reply, JSON.stringify(report))
  })
}
