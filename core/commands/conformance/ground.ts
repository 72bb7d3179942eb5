/** What there is to try of one plugin: read from its models and from the description that the server gives of itself. */
import type { Schema } from '../../contract.ts'
import { StartFault } from '../../fault.ts'
import type { Field, Model } from '../../resource/model.ts'
import type { Composed } from '../../work/composition.ts'
import type { Stage } from './stage.ts'

export interface ApiRoute {
  readonly method: string
  /** As `/api/clients/{id}`. */
  readonly path: string
  /** A permission, `session`, `link` or `public`, as the route itself declares it. */
  readonly access: string
  /** Null for the kernel's own. */
  readonly plugin: string | null
  /** What the kernel does there with rows of a resource: `create`, `merge`. */
  readonly verb: string | null
  readonly resource: string | null
  /** Names of the parameters of its query. */
  readonly query: readonly string[]
  readonly body: Schema | null
  /** It goes on until somebody ends it. */
  readonly lasts: boolean
  /** It tells one thing after the other, and is told nothing meanwhile. */
  readonly streams: boolean
}

/** A resource of the plugin, or one of another that it extends. */
export interface Target {
  readonly composed: Composed
  readonly model: Model
  readonly isOwn: boolean
  /** The plugin's own fields of it; of its own resource also those by which it extends that itself. */
  readonly fields: readonly Field[]
  /** Of these, what a body may hold. */
  readonly writable: readonly Field[]
}

export interface Ground {
  /** Null for what the kernel has beside plugins. */
  readonly plugin: string | null
  readonly targets: readonly Target[]
  readonly routes: readonly ApiRoute[]
}

interface Operation {
  readonly operationId?: string
  readonly parameters?: readonly { name: string; in: string }[]
  readonly requestBody?: { content?: Record<string, { schema?: Schema }> }
  readonly responses?: Record<string, { content?: object }>
}

const DESCRIPTION = /^\/api\/(openapi\.json|docs|docs\.css)$/

/** The routes that the server has, as `GET /api/clients/{id}`, from the tree that it prints of them. */
export function readTree(tree: string): string[] {
  const parents: string[] = []
  return tree.split('\n').flatMap((line) => {
    const [, indent, part, methods] = /^((?:│ {3}| {4})*)[├└]── (\S+)(?: \((.*)\))?$/.exec(line) ?? []
    if (indent === undefined || part === undefined) return []
    parents.splice(indent.length / 4)
    parents.push(part)
    const path = parents.join('').replace(/:(\w+)/g, '{$1}')
    return (methods?.split(', ') ?? []).map((method) => `${method} ${path}`)
  })
}

/** Routes of the API, without those that serve its description, `HEAD` and what lets browsers ask first. */
const isTried = (route: string) => {
  const [method = '', path = ''] = route.split(' ')
  return path.startsWith('/api/') && !['HEAD', 'OPTIONS'].includes(method) && !DESCRIPTION.test(path)
}

function schemaOf({ requestBody }: Operation): Schema | null {
  const bodies = Object.entries(requestBody?.content ?? {}).filter(([type]) => type.endsWith('json'))
  return bodies[0]?.[1].schema ?? null
}

function readRoute(stage: Stage, route: string, operation: Operation | undefined): ApiRoute {
  const [method = '', path = ''] = route.split(' ')
  const url = path.replace(/\{(\w+)\}/g, ':$1')
  const declared = stage.app.declared.get(`${method} ${url}`)
  if (!declared || !operation) throw new StartFault(`The server does not describe ${route}.`)
  const [verb = null, ...rest] = (operation.operationId ?? '').split('_')
  const contents = Object.values(operation.responses ?? {}).flatMap(({ content }) => Object.keys(content ?? {}))
  const streams = !declared.isSocket && contents.includes('text/event-stream')
  return {
    method,
    path,
    access: declared.access,
    plugin: declared.plugin,
    verb: verb || null,
    resource: rest.at(-1) ?? null,
    query: (operation.parameters ?? []).filter((each) => each.in === 'query').map(({ name }) => name),
    body: schemaOf(operation),
    lasts: declared.isSocket || streams,
    streams,
  }
}

/** @throws StartFault for a route that the server has and does not describe */
export async function listRoutes(stage: Stage): Promise<ApiRoute[]> {
  const { body } = await stage.own.ask('GET', '/api/openapi.json')
  const paths = body.paths as Record<string, Record<string, Operation>>
  const all = readTree(stage.app.printRoutes({ commonPrefix: false })).filter(isTried)
  return all.map((route) => {
    const [method = '', path = ''] = route.split(' ')
    return readRoute(stage, route, paths[path]?.[method.toLowerCase()])
  })
}

/** Verbs of a resource that know of single fields. */
const OF_FIELDS = ['list', 'get', 'create', 'update']

function targetOf(composed: Composed, plugin: string): Target {
  const { model } = composed
  const isOwn = model.plugin === plugin
  const fields = [...model.fields.values()].filter(
    ({ extension }) => extension === plugin || (isOwn && extension === null),
  )
  return { composed, model, isOwn, fields, writable: fields.filter((field) => !field.readOnly) }
}

export async function compositionOf({ services, own }: Stage) {
  return services.compositions.of(await services.switches.of(own.tenant))
}

export async function readGround(stage: Stage, plugin: string | null, routes: readonly ApiRoute[]): Promise<Ground> {
  const mine = routes.filter((route) => route.plugin === plugin)
  if (plugin === null) return { plugin, targets: [], routes: mine }
  const { resources } = await compositionOf(stage)
  const all = [...resources.values()].map((composed) => targetOf(composed, plugin))
  const targets = all.filter(({ isOwn, fields }) => isOwn || fields.length > 0)
  const extended = new Set(targets.filter(({ isOwn }) => !isOwn).map(({ model }) => model.name))
  const theirs = routes.filter(({ resource, verb }) => extended.has(resource ?? '') && OF_FIELDS.includes(verb ?? ''))
  return { plugin, targets, routes: [...mine, ...theirs] }
}
