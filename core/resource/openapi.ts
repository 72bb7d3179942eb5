/** OpenAPI 3.1 of the resources, from their schemas alone. */
import type { Schema } from '../contract.ts'
import type { Field, Model } from './model.ts'
import { aggregatePath } from './openapi-aggregate.ts'
import { HELD, MERGED, mergePaths } from './openapi-merge.ts'
import { privacyPaths } from './openapi-privacy.ts'

export interface Described {
  readonly model: Model
  readonly read: Schema
  readonly write: Schema
  readonly patch: Schema
  /** What the tenant demands of new rows. */
  readonly demanded: readonly Field[]
  readonly children: ReadonlyMap<string, Model>
}

type Json = Record<string, unknown>

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: Json) => ({ 'application/json': { schema } })
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
})
const REFUSALS: Record<string, Json> = {
  400: problem('The body or the query does not fit the schema.'),
  401: problem('Nobody is signed in.'),
  403: problem('A right is missing.'),
  404: problem('There is no such row.'),
  409: problem('A unique value is taken, or the state does not allow it.'),
  412: problem('The row has changed since it was read.'),
  422: problem('A referenced row is not there, or the idempotency key was used with another body.'),
  428: problem('If-Match is missing.'),
}
const refusals = (...codes: number[]) => Object.fromEntries(codes.map((code) => [code, REFUSALS[code]]))

const parameter = (name: string, place: string, schema: Json, more: Json = {}) => ({ name, in: place, schema, ...more })
const ID = parameter('id', 'path', { type: 'string', format: 'uuid' }, { required: true })
const IF_MATCH = parameter(
  'If-Match',
  'header',
  { type: 'string' },
  {
    required: true,
    description: 'The ETag of the row as it was read.',
  },
)

const componentOf = (model: Model) =>
  model.name
    .split(/[.-]/)
    .map((part) => `${part[0]?.toUpperCase()}${part.slice(1)}`)
    .join('')

function filterParameters(field: Field): Json[] {
  const { type, format, enum: values } = field.schema as { type: string; format?: string; enum?: unknown[] }
  const schema =
    type === 'array' ? { type: 'string' } : { type, ...(format ? { format } : {}), ...(values ? { enum: values } : {}) }
  const isOrdered = ['date', 'timestamptz', 'integer', 'bigint', 'double precision', 'numeric'].includes(field.type)
  const operators = isOrdered ? ['', '.gte', '.lt', '.empty'] : ['', '.in', '.empty']
  return operators.map((operator) => {
    const given = operator === '.empty' ? { type: 'boolean' } : operator === '.in' ? { type: 'string' } : schema
    return parameter(`${field.key}${operator}`, 'query', given)
  })
}

const fieldParameters = ({ fields }: Model): Json[] =>
  [...fields.values()].filter((field) => field.filter).flatMap(filterParameters)

function listParameters({ model, children }: Described): Json[] {
  const fields = [...model.fields.values()]
  const sorts = fields.filter((field) => field.sort).map(({ key }) => key)
  return [
    parameter('q', 'query', { type: 'string', maxLength: 200 }, { description: 'Words to search for.' }),
    parameter('filter', 'query', { type: 'string' }, { description: 'The full form of the filter language, as JSON.' }),
    parameter(
      'sort',
      'query',
      { type: 'string' },
      { description: `Any of ${sorts.join(', ')}; "-" before a name turns it round.` },
    ),
    parameter('limit', 'query', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
    parameter('after', 'query', { type: 'string' }, { description: 'The cursor `next` of the page before.' }),
    parameter('count', 'query', { type: 'string', enum: ['exact'] }),
    ...includeParameter(children),
    ...fieldParameters(model),
  ]
}

const includeParameter = (children: ReadonlyMap<string, Model>): Json[] =>
  children.size === 0
    ? []
    : [parameter('include', 'query', { type: 'string' }, { description: `Any of ${[...children.keys()].join(', ')}.` })]

function collectionOf(described: Described, name: string): Json {
  const { model } = described
  const row = { description: 'The row.', headers: { ETag: { schema: { type: 'string' } } }, content: json(ref(name)) }
  return {
    get: {
      operationId: `list_${model.name}`,
      tags: [model.name],
      parameters: listParameters(described),
      responses: {
        200: {
          description: 'One page.',
          content: json({
            type: 'object',
            required: ['items', 'next', 'total'],
            properties: {
              items: { type: 'array', items: ref(name) },
              next: { type: ['string', 'null'] },
              total: ref('Total'),
            },
          }),
        },
        ...refusals(400, 401, 403),
      },
    },
    post: {
      operationId: `create_${model.name}`,
      tags: [model.name],
      parameters: [parameter('Idempotency-Key', 'header', { type: 'string', maxLength: 255 })],
      requestBody: { required: true, content: json(ref(`${name}Input`)) },
      responses: {
        201: { ...row, headers: { ...row.headers, Location: { schema: { type: 'string' } } } },
        ...HELD,
        ...refusals(400, 401, 403, 409, 422),
      },
    },
  }
}

function itemOf({ model, children }: Described, name: string): Json {
  const row = { description: 'The row.', headers: { ETag: { schema: { type: 'string' } } }, content: json(ref(name)) }
  const common = { tags: [model.name] }
  const get = {
    ...common,
    operationId: `get_${model.name}`,
    parameters: [ID, ...includeParameter(children)],
    responses: { 200: row, ...MERGED, ...refusals(400, 401, 403, 404) },
  }
  if (model.keep === 'log') return { get }
  const isRecord = model.keep === 'record'
  return {
    get,
    patch: {
      ...common,
      operationId: `update_${model.name}`,
      parameters: [ID, IF_MATCH],
      requestBody: { required: true, content: { 'application/merge-patch+json': { schema: ref(`${name}Patch`) } } },
      responses: { 200: row, ...HELD, ...MERGED, ...refusals(400, 401, 403, 404, 409, 412, 422, 428) },
    },
    delete: {
      ...common,
      operationId: `delete_${model.name}`,
      parameters: [ID, IF_MATCH],
      responses: {
        204: { description: isRecord ? 'Deleted; it can be restored.' : 'Deleted for good.' },
        ...HELD,
        ...MERGED,
        ...refusals(401, 403, 404, 409, 412, 428),
      },
    },
  }
}

function pathsOf(described: Described): Json {
  const { model } = described
  const name = componentOf(model)
  return {
    [model.path]: collectionOf(described, name),
    [`${model.path}/{id}`]: itemOf(described, name),
    ...aggregatePath(model, fieldParameters(model), refusals(400, 401, 403)),
    ...(model.keep === 'record' ? recordPaths(model, name) : {}),
  }
}

/** What only records know: what is deleted, what was before, and who they are. */
function recordPaths(model: Model, name: string): Json {
  const row = { description: 'The row.', content: json(ref(name)) }
  return {
    [`${model.path}/{id}/restore`]: {
      post: {
        operationId: `restore_${model.name}`,
        tags: [model.name],
        parameters: [ID],
        responses: { 200: row, ...MERGED, ...refusals(401, 403, 404, 409) },
      },
    },
    [`${model.path}/{id}/history`]: {
      get: {
        operationId: `history_of_${model.name}`,
        tags: [model.name],
        parameters: [ID, parameter('after', 'query', { type: 'string' })],
        responses: {
          200: {
            description: 'Its own changes and those of rows that belong to it, newest first.',
            content: json({
              type: 'object',
              properties: { items: { type: 'array', items: ref('HistoryEntry') }, next: { type: ['string', 'null'] } },
            }),
          },
          ...MERGED,
          ...refusals(401, 403, 404),
        },
      },
    },
    ...privacyPaths(model, [ID], refusals(401, 403, 404)),
    ...mergePaths(model, [ID], refusals(400, 401, 403, 404, 409, 422)),
  }
}

/** The kernel's annotations mean nothing to other readers of the document. */
function plain(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plain)
  if (typeof schema !== 'object' || schema === null) return schema
  const kept = Object.entries(schema).filter(([key]) => !key.startsWith('x-') && key !== '$schema')
  return Object.fromEntries(kept.map(([key, value]) => [key, plain(value)]))
}

/** What a new row must bring, with what the tenant demands of its own fields. */
function inputOf({ write, demanded }: Described): Schema {
  if (demanded.length === 0) return write
  const input = structuredClone(write) as { required?: string[]; properties: Record<string, Schema> }
  const groups = input.properties.extensions as { required?: string[]; properties: Record<string, Schema> }
  for (const [plugin, fields] of Map.groupBy(demanded, ({ extension }) => extension as string))
    groups.properties[plugin] = { ...groups.properties[plugin], required: fields.map(({ name }) => name) }
  groups.required = [...new Set(demanded.map(({ extension }) => extension as string))]
  return { ...input, required: [...(input.required ?? []), 'extensions'] }
}

function schemasOf(described: Described): Json {
  const { model, read, patch } = described
  const name = componentOf(model)
  const changes = model.keep === 'log' ? {} : { [`${name}Patch`]: plain(patch) }
  return { [name]: plain(read), [`${name}Input`]: plain(inputOf(described)), ...changes }
}

const SHARED = {
  Total: {
    type: 'object',
    required: ['value', 'exact'],
    properties: { value: { type: 'integer' }, exact: { type: 'boolean', description: 'False for an estimate.' } },
  },
  HistoryEntry: {
    type: 'object',
    properties: {
      id: { type: 'string' },
      at: { type: 'string', format: 'date-time' },
      event: { type: 'string' },
      resource: { type: ['string', 'null'], description: 'Null for a decision on a write that was held.' },
      rowId: { type: ['string', 'null'], format: 'uuid' },
      actor: { type: ['object', 'null'], properties: { id: { type: 'string' }, name: { type: ['string', 'null'] } } },
      actingBy: {
        type: ['object', 'null'],
        description: 'Who did it in the name of the actor.',
        properties: { id: { type: 'string', format: 'uuid' }, name: { type: 'string' } },
      },
      actorKind: { type: 'string', enum: ['user', 'key', 'system', 'public', 'link'] },
      plugin: { type: ['string', 'null'] },
      changes: {
        type: 'array',
        items: { type: 'object', properties: { field: { type: 'string' }, before: {}, after: {} } },
      },
    },
  },
  Problem: {
    type: 'object',
    required: ['type', 'title', 'status', 'code', 'errors'],
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      code: { type: 'string' },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['path', 'code'],
          properties: { path: { type: 'string' }, code: { type: 'string' }, params: { type: 'object' } },
        },
      },
    },
  },
}

/** @param more paths of routes that are not verbs of a resource */
export function describeApi(resources: readonly Described[], more: Json, version: string): Json {
  return {
    openapi: '3.1.0',
    info: { title: 'Weft', version },
    security: [{ session: [] }, { key: [] }],
    paths: Object.assign({}, ...resources.map(pathsOf), more),
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'weft_session' },
        key: { type: 'http', scheme: 'bearer' },
        link: { type: 'http', scheme: 'link' },
      },
      schemas: Object.assign({}, SHARED, ...resources.map(schemasOf)),
    },
  }
}
