/** The rules of retention as OpenAPI describes them, and the body of that of the history. */
import type { Schema } from '../contract.ts'
import { RULE_BODY, RULE_CHANGE } from '../work/retention.ts'

type Json = Record<string, unknown>

export const HISTORY = {
  type: 'object',
  required: ['months'],
  additionalProperties: false,
  properties: {
    months: { type: ['integer', 'null'], minimum: 1, maximum: 1_200, description: 'Null keeps all of it.' },
  },
} as const satisfies Schema

const json = (schema: Json | Schema) => ({ 'application/json': { schema } })
const ID = { type: 'string', format: 'uuid' }
const TIME = { type: ['string', 'null'], format: 'date-time' }
const COUNT = { type: 'integer', minimum: 0 }
const RULE: Json = {
  type: 'object',
  properties: {
    id: ID,
    ...RULE_BODY.properties,
    enabled: { type: 'boolean', description: 'A rule is off when it is made, and when it becomes another one.' },
    nextRunAt: TIME,
    lastRunAt: TIME,
    lastCount: { type: ['integer', 'null'], minimum: 0 },
    lastReason: { type: ['string', 'null'], description: 'Why it was not applied the last time, or not to its end.' },
  },
}
const DRY_RUN: Json = {
  type: 'object',
  required: ['count', 'sample'],
  properties: { count: COUNT, sample: { type: 'array', maxItems: 20, items: { type: 'object' } } },
}
const PATH = { name: 'id', in: 'path', required: true, schema: ID }
const body = (schema: Schema) => ({ required: true, content: json(schema) })
const answer = (schema: Json | Schema, status = 200) => ({ [status]: { description: 'Done.', content: json(schema) } })
const operation = (summary: string, more: Json): Json => ({ summary, tags: ['kernel'], ...more })

export const RETENTION_PATHS: Json = {
  '/api/privacy/retention': {
    get: operation('Rules by which records are erased or deleted, once a day', {
      responses: answer({ type: 'object', properties: { items: { type: 'array', items: RULE } } }),
    }),
    post: operation('Make a rule; it is off', { requestBody: body(RULE_BODY), responses: answer(RULE, 201) }),
  },
  '/api/privacy/retention/dry-run': {
    post: operation('What a rule would do now', { requestBody: body(RULE_BODY), responses: answer(DRY_RUN) }),
  },
  '/api/privacy/retention/{id}': {
    patch: operation('Change a rule, switch it on or off; switched on it is applied after an hour', {
      parameters: [PATH],
      requestBody: body(RULE_CHANGE),
      responses: answer(RULE),
    }),
    delete: operation('Take a rule away', { parameters: [PATH], responses: { 204: { description: 'Done.' } } }),
  },
  '/api/privacy/retention/{id}/dry-run': {
    post: operation('What this rule would do now', { parameters: [PATH], responses: answer(DRY_RUN) }),
  },
  '/api/privacy/history': {
    get: operation('For how many months the history is kept', { responses: answer(HISTORY) }),
    patch: operation('Keep the history for some months, or all of it', {
      requestBody: body(HISTORY),
      responses: answer(HISTORY),
    }),
  },
}
