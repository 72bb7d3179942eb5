/** Groups of the rows of every resource. */
import type { FastifyInstance } from 'fastify'
import type { Model } from '../resource/model.ts'
import { readAggregateQuery } from '../work/aggregate.ts'
import { askingOf, findComposed, verbsOf } from './caller.ts'
import { callerOf, pairsOf, sendJson } from './request.ts'
import type { Services } from './services.ts'

export function registerAggregate(app: FastifyInstance, services: Services, { name, path, plugin }: Model): void {
  app.get(`${path}/aggregate`, { config: { access: `${name}.read`, plugin, query: 'own' } }, async (request, reply) => {
    const caller = callerOf(request)
    const input = readAggregateQuery(findComposed(caller, name), pairsOf(request), askingOf(caller))
    return sendJson(reply, JSON.stringify(await verbsOf(services, caller, name).aggregate(input)))
  })
}
