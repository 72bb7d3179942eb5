/** Tasks and batches as OpenAPI describes them, and as their bodies are checked. */
import type { Schema } from '../contract.ts'
import { BATCH_BODY } from '../work/batch.ts'
import { answerOf, body, COUNT, ID, json, type Json, MAYBE_TIME, operation } from './openapi-parts.ts'

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

const MAYBE_ID = { type: ['string', 'null'], format: 'uuid' }
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
    createdAt: MAYBE_TIME,
    startedAt: MAYBE_TIME,
    finishedAt: MAYBE_TIME,
    undoes: { ...MAYBE_ID, description: 'The task that this one undoes.' },
    undoneBy: MAYBE_ID,
    undoable: { type: 'boolean' },
    cancellable: { type: 'boolean', description: 'False for a merge, which is not left half done.' },
  },
}
const BEGUN = {
  responses: {
    202: {
      description: 'Begun. Location is the task.',
      headers: { Location: { schema: { type: 'string' } } },
      content: json({ type: 'object', required: ['task'], properties: { task: ID } }),
    },
  },
}
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
      ...answerOf({
        type: 'object',
        required: ['items', 'next'],
        properties: { items: { type: 'array', items: TASK }, next: { type: ['string', 'null'] } },
      }),
    }),
  },
  '/api/tasks/{id}': {
    get: operation('How far a task is', { parameters: [PATH], ...answerOf(TASK) }),
    patch: operation('Cancel a task; what is done stays, and can be undone', {
      parameters: [PATH],
      ...body(CANCEL_BODY),
      ...answerOf(TASK),
    }),
    post: operation('Undo a task, as a task of its own', {
      parameters: [PATH],
      ...body(UNDO_BODY),
      ...BEGUN,
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
      ...body(BATCH_BODY),
      ...BEGUN,
    },
  },
})
