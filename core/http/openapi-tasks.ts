/** Tasks and batches as OpenAPI describes them, and as their bodies are checked. */
import type { Schema } from '../contract.ts'
import { BATCH_BODY } from '../work/batch.ts'

type Json = Record<string, unknown>

export const CANCEL_BODY: Schema = {
  type: 'object',
  required: ['state'],
  additionalProperties: false,
  properties: { state: { const: 'cancelled' } },
}
export const UNDO_BODY: Schema = {
  type: 'object',
  required: ['undo'],
  additionalProperties: false,
  properties: { undo: { const: true } },
}

const json = (schema: Json | Schema) => ({ 'application/json': { schema } })
const ID = { type: 'string', format: 'uuid' }
const MAYBE_ID = { type: ['string', 'null'], format: 'uuid' }
const TIME = { type: ['string', 'null'], format: 'date-time' }
const COUNT = { type: 'integer', minimum: 0 }
const TASK: Json = {
  type: 'object',
  properties: {
    id: ID,
    plugin: { type: ['string', 'null'], description: 'Null for the kernel itself.' },
    name: {
      type: 'string',
      description:
        '`batch.update`, `batch.delete`, `batch.restore`, `undo`, `merge`, `unmerge`, or what a plugin calls it.',
    },
    resource: { type: ['string', 'null'] },
    state: { type: 'string', enum: ['waiting', 'running', 'done', 'failed', 'cancelled', 'undoing', 'undone'] },
    total: { type: ['integer', 'null'] },
    done: COUNT,
    failed: COUNT,
    errors: {
      type: 'array',
      description: 'The first hundred that failed. `changed_since`: left by an undo, because it has changed since.',
      items: {
        type: 'object',
        properties: { id: MAYBE_ID, code: { type: 'string' }, path: { type: 'string' } },
      },
    },
    reason: { type: ['string', 'null'], description: 'Why it failed as a whole.' },
    createdBy: MAYBE_ID,
    createdAt: TIME,
    startedAt: TIME,
    finishedAt: TIME,
    undoes: { ...MAYBE_ID, description: 'The task that this one undoes.' },
    undoneBy: MAYBE_ID,
    undoable: { type: 'boolean' },
    cancellable: { type: 'boolean', description: 'False for a merge, which is not left half done.' },
  },
}
const BEGUN = {
  202: {
    description: 'Begun. Location is the task.',
    headers: { Location: { schema: { type: 'string' } } },
    content: json({ type: 'object', required: ['task'], properties: { task: ID } }),
  },
}
const answer = (schema: Json) => ({ 200: { description: 'Done.', content: json(schema) } })
const operation = (summary: string, more: Json): Json => ({ summary, tags: ['kernel'], ...more })
const body = (schema: Schema) => ({ required: true, content: json(schema) })
const PATH = { name: 'id', in: 'path', required: true, schema: ID }

export const TASK_PATHS: Json = {
  '/api/tasks': {
    get: operation('Long work, newest first: one’s own, or with `tasks.manage` all', {
      parameters: [
        { name: 'after', in: 'query', schema: { type: 'string' } },
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } },
        {
          name: 'kind',
          in: 'query',
          schema: { type: 'string' },
          description: 'The first part of their names: `retention`, `batch`.',
        },
      ],
      responses: answer({
        type: 'object',
        required: ['items', 'next'],
        properties: { items: { type: 'array', items: TASK }, next: { type: ['string', 'null'] } },
      }),
    }),
  },
  '/api/tasks/{id}': {
    get: operation('How far a task is', { parameters: [PATH], responses: answer(TASK) }),
    patch: operation('Cancel a task; what is done stays, and can be undone', {
      parameters: [PATH],
      requestBody: body(CANCEL_BODY),
      responses: answer(TASK),
    }),
    post: operation('Undo a task, as a task of its own', {
      parameters: [PATH],
      requestBody: body(UNDO_BODY),
      responses: BEGUN,
    }),
  },
}

/** The batch of one resource. */
export const batchPath = ({ name, path }: { name: string; path: string }): Json => ({
  [`${path}/batch`]: {
    post: {
      operationId: `batch_${name}`,
      tags: [name],
      summary: 'Change, delete or restore many rows: exactly one verb, and either ids or a filter',
      parameters: [{ name: 'Idempotency-Key', in: 'header', schema: { type: 'string', maxLength: 255 } }],
      requestBody: body(BATCH_BODY),
      responses: BEGUN,
    },
  },
})
