/** Merge and unmerge as OpenAPI describes them, and as their bodies are checked. */
import type { Schema } from '../contract.ts'

type Json = Record<string, unknown>

const ID = { type: 'string', format: 'uuid' }

export const MERGE_BODY: Schema = {
  type: 'object',
  required: ['with'],
  additionalProperties: false,
  properties: { with: ID },
}
export const UNMERGE_BODY: Schema = {
  type: 'object',
  required: ['mergeId'],
  additionalProperties: false,
  properties: { mergeId: ID },
}

const json = (schema: Json | Schema) => ({ 'application/json': { schema } })
const TASK = { ...ID, description: 'Of many rows: the task that moves them. `moved` counts none of them yet.' }
const MOVED = { type: 'integer', description: 'How many rows belong or refer to another row now.' }

/** For every route whose path names a row. */
export const MERGED = {
  308: {
    description: 'The row was merged: Location is the same request for the survivor.',
    headers: { Location: { schema: { type: 'string' } } },
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  },
}

/** For every write that a plugin may hold. */
export const HELD = {
  202: {
    description: 'A plugin holds it: nothing is written until somebody approves. Location is the proposal.',
    headers: { Location: { schema: { type: 'string' } } },
    content: json({
      type: 'object',
      required: ['proposal'],
      properties: {
        proposal: { type: 'object', required: ['id', 'state', 'code'], properties: { id: ID, state: {}, code: {} } },
      },
    }),
  },
}

const MERGE: Json = {
  type: 'object',
  required: ['mergeId', 'moved', 'conflicts'],
  properties: {
    mergeId: ID,
    moved: MOVED,
    conflicts: {
      type: 'array',
      items: { type: 'object', properties: { field: { type: 'string' }, kept: {}, other: {} } },
    },
    task: TASK,
  },
}
const UNMERGE: Json = { type: 'object', required: ['moved'], properties: { moved: MOVED, task: TASK } }

/** Of many rows, which follow in pieces. */
const begun = (description: string, schema: Json) => ({
  202: { description, headers: HELD[202].headers, content: json(schema) },
})

/** The paths of merge and unmerge of one resource; `refusals` are their answers of 400 and more. */
export function mergePaths(resource: { name: string; path: string }, parameters: Json[], refusals: Json): Json {
  const common = { tags: [resource.name], parameters }
  return {
    [`${resource.path}/{id}/merge`]: {
      post: {
        ...common,
        operationId: `merge_${resource.name}`,
        requestBody: { required: true, content: json(MERGE_BODY) },
        responses: {
          200: {
            description: 'The row in the path survives. Conflicts are values of the other row that it did not take.',
            content: json(MERGE),
          },
          ...begun(
            'Of many rows: the other id leads to the survivor already, and its rows follow; Location is the task. Or a plugin ' +
              'holds it: nothing is written until somebody approves, and Location is the proposal.',
            {
              anyOf: [
                { ...MERGE, required: ['mergeId', 'moved', 'conflicts', 'task'] },
                HELD[202].content['application/json'].schema,
              ],
            },
          ),
          ...MERGED,
          ...refusals,
        },
      },
    },
    [`${resource.path}/{id}/unmerge`]: {
      post: {
        ...common,
        operationId: `unmerge_${resource.name}`,
        requestBody: { required: true, content: json(UNMERGE_BODY) },
        responses: {
          200: {
            description: 'Both rows, and all that moved with them, are as they were.',
            content: json(UNMERGE),
          },
          ...begun(
            'Of many rows: Location is the task. It fails with `changed_since`, and has put back nothing, where a row has changed.',
            { ...UNMERGE, required: ['moved', 'task'] },
          ),
          ...MERGED,
          ...refusals,
        },
      },
    },
  }
}
