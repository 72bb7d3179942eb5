/** The API described for machines at `/api/openapi.json` and for people at `/api/docs`. */
import type { FastifyInstance } from 'fastify'
import pkg from '../../package.json' with { type: 'json' }
import { Problem } from '../contract.ts'
import { describeApi } from '../resource/openapi.ts'
import type { Composition } from '../work/composition.ts'
import { readCaller } from './caller.ts'
import { DOCS_STYLE, drawDocs } from './docs-page.ts'
import type { Services } from './services.ts'

type Json = Record<string, unknown>

const operation = (summary: string, more: Json = {}) => ({
  summary,
  tags: ['kernel'],
  responses: { 200: { description: 'Done.' } },
  ...more,
})
const AFTER = {
  name: 'after',
  in: 'query',
  schema: { type: 'string' },
  description: 'The cursor `next` of the page before, or `now`.',
}
const CHANGE = {
  type: 'object',
  required: ['id', 'at', 'event', 'resource', 'rowId', 'recordId', 'changed', 'deleted', 'plugin', 'actor'],
  properties: {
    id: { type: 'string' },
    at: { type: 'string', format: 'date-time' },
    event: { type: 'string' },
    resource: { type: ['string', 'null'], description: 'Null for a named fact of a plugin.' },
    rowId: { type: ['string', 'null'], format: 'uuid' },
    recordId: {
      type: ['string', 'null'],
      format: 'uuid',
      description: 'The record that the row belongs to, or itself.',
    },
    changed: { type: 'array', items: { type: 'string' }, description: 'Names of fields, never values.' },
    deleted: { type: 'boolean', description: 'The row is gone.' },
    plugin: { type: ['string', 'null'], description: 'The plugin whose code made the change.' },
    actor: {
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['user', 'key', 'system'] },
        id: { type: ['string', 'null'], format: 'uuid' },
      },
    },
  },
}
const CHANGES = {
  type: 'object',
  required: ['items', 'next'],
  properties: { items: { type: 'array', items: CHANGE }, next: { type: 'string' } },
}
const KERNEL_PATHS: Json = {
  '/api/session': {
    post: operation('Sign in'),
    get: operation('Who am I'),
    patch: operation('Change tenant or language'),
    delete: operation('Sign out', { responses: { 204: { description: 'Signed out.' } } }),
  },
  '/api/api-keys': { get: operation('API keys of the tenant'), post: operation('Make an API key; it is shown once') },
  '/api/api-keys/{id}': { delete: operation('Revoke an API key') },
  '/api/deliveries': { get: operation('Deliveries to handlers that have failed, newest first') },
  '/api/deliveries/{id}/retry': { post: operation('Have a dead delivery told again') },
  '/api/users': { get: operation('Members of the tenant') },
  '/api/plugins': { get: operation('Every installed plugin, and whether it is on') },
  '/api/plugins/{id}': { patch: operation('Switch a plugin on or off, change its settings') },
  '/api/schemas/{resource}': { get: operation('The composed schema of a resource') },
  '/api/changes': {
    get: operation('What changed, oldest first; ask again with `next`, which is always there', {
      parameters: [
        AFTER,
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } },
        { name: 'resource', in: 'query', schema: { type: 'string' }, description: 'Names of resources, with commas.' },
      ],
      responses: { 200: { description: 'One page.', content: { 'application/json': { schema: CHANGES } } } },
    }),
  },
  '/api/stream': {
    get: operation('The same changes as they happen; begins now, or after the last event that was heard', {
      parameters: [AFTER, { name: 'Last-Event-ID', in: 'header', schema: { type: 'string' } }],
      responses: {
        200: {
          description: 'Events `change`, and `composition` when plugins of the tenant were switched.',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        406: { description: 'The client does not accept `text/event-stream`.' },
        429: { description: 'The user has eight streams already.' },
      },
    }),
  },
  '/api/ui': { get: operation('What the screen composes itself from') },
}

function pluginPaths(services: Services, composition: Composition): Json {
  const paths: Record<string, Json> = {}
  for (const { id, plugin } of services.installed) {
    if (!composition.plugins.has(id)) continue
    for (const route of plugin.routes ?? []) {
      const url = `/api/${id}${route.path}`.replace(/:(\w+)/g, '{$1}')
      const body = route.body ? { requestBody: { content: { 'application/json': { schema: route.body } } } } : {}
      const reply = {
        200: {
          description: 'Done.',
          ...(route.reply ? { content: { 'application/json': { schema: route.reply } } } : {}),
        },
      }
      paths[url] = { ...paths[url], [route.method.toLowerCase()]: { tags: [id], ...body, responses: reply } }
    }
  }
  return paths
}

export function registerOpenApi(app: FastifyInstance, services: Services): void {
  /** For somebody signed in, what their tenant has; for anybody else, what this installation can have. */
  const compositionFor = async (request: Parameters<typeof readCaller>[1]): Promise<Composition> => {
    try {
      return (await readCaller(services, request)).composition
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return services.compositions.whole
      throw error
    }
  }
  const describe = (composition: Composition) =>
    describeApi(
      [...composition.resources.values()],
      { ...KERNEL_PATHS, ...pluginPaths(services, composition) },
      pkg.version,
    )

  app.get('/api/openapi.json', { config: { access: 'public' } }, async (request) =>
    describe(await compositionFor(request)),
  )
  app.get('/api/docs.css', { config: { access: 'public' } }, (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(DOCS_STYLE),
  )
  app.get('/api/docs', { config: { access: 'public' } }, async (request, reply) =>
    reply.type('text/html; charset=utf-8').send(drawDocs(describe(await compositionFor(request)))),
  )
}
