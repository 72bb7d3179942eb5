/** The routes of a running server, read from the description that it gives of itself. */
import { readTree } from '../../core/commands/conformance/ground.ts'
import type { Harness } from '../support/harness.ts'

export interface Reference {
  readonly name: string
  /** A body that is sound but for the reference. */
  readonly sample: Record<string, unknown>
}

export interface ApiRoute {
  readonly method: string
  readonly path: string
  readonly isResource: boolean
  readonly isList: boolean
  readonly filters: readonly string[]
  readonly references: readonly Reference[]
}

interface Operation {
  readonly operationId?: string
  readonly parameters?: readonly { name: string; in: string }[]
}

const PLAIN = ['q', 'filter', 'sort', 'limit', 'after', 'count', 'include']
const SAMPLES: Record<string, Record<string, unknown>> = {
  '/api/clients': { type: 'person', lastName: 'x' },
  '/api/interactions': { type: 'note' },
  '/api/tasklist': { title: 'x' },
  // Users are looked for before records.
  '/api/meter': { kind: 'heat', recordId: '00000000-0000-4000-8000-000000000000' },
}

function referencesOf(
  path: string,
  schema: { properties: Record<string, { format?: string }> } | undefined,
): Reference[] {
  const sample = SAMPLES[path.replace('/{id}', '')] ?? {}
  const names = Object.entries(schema?.properties ?? {})
    .filter(([, { format }]) => format === 'uuid')
    .map(([name]) => name)
  return names.map((name) => ({ name, sample }))
}

/** Routes that serve the description itself. */
const isDescription = (route: string) => /^GET \/api\/(openapi\.json|docs|docs\.css)$/.test(route)

/** @throws Error for a route of the server that its description leaves out */
function assertComplete(h: Harness, paths: Record<string, Record<string, Operation>>): void {
  const all = readTree(h.app.printRoutes({ commonPrefix: false }))
  const routes = all.filter((route) => / \/api\//.test(route) && !route.startsWith('HEAD ') && !isDescription(route))
  const hidden = routes.filter((route) => {
    const [method = '', path = ''] = route.split(' ')
    return paths[path]?.[method.toLowerCase()] === undefined
  })
  if (routes.length < 20 || hidden.length > 0) throw new Error(`Not described: ${hidden.join(', ')}`)
}

export async function listRoutes(h: Harness): Promise<ApiRoute[]> {
  const { body } = await h.alice.get('/api/openapi.json')
  assertComplete(h, body.paths)
  return Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId = '', parameters = [] }]) => {
      const [verb, resource] = [operationId.split('_')[0], operationId.split('_').at(-1)]
      const component = resource ? `${resource[0]?.toUpperCase()}${resource.slice(1)}Input` : ''
      const writes = verb === 'create' || verb === 'update'
      const filters = parameters.filter((p) => p.in === 'query' && !PLAIN.includes(p.name)).map((p) => p.name)
      return {
        method: method.toUpperCase(),
        path,
        isResource: writes,
        isList: verb === 'list',
        filters: filters.filter((name) => !/\.(gte|lt|empty|in)$/.test(name)),
        references: writes ? referencesOf(path, body.components.schemas[component]) : [],
      }
    }),
  )
}
