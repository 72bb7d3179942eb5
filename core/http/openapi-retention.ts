/** The rules of retention as OpenAPI describes them, and the body of that of the history. */
import type { Schema } from '../contract.ts'
import { RULE_BODY, RULE_CHANGE } from '../work/retention.ts'
import { answerList, answerOf, body, COUNT, ID, type Json, MAYBE_TIME, NO_CONTENT, operation } from './openapi-parts.ts'

export const HISTORY = {
  type: 'object',
  required: ['months'],
  additionalProperties: false,
  properties: {
    months: { type: ['integer', 'null'], minimum: 1, maximum: 1_200, description: 'Null keeps all of it.' },
  },
} as const satisfies Schema

const RULE: Json = {
  type: 'object',
  properties: {
    id: ID,
    ...RULE_BODY.properties,
    enabled: { type: 'boolean', description: 'A rule is off when it is made, and when it becomes another one.' },
    nextRunAt: MAYBE_TIME,
    lastRunAt: MAYBE_TIME,
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
export const RETENTION_PATHS: Json = {
  '/api/privacy/retention': {
    get: operation('Rules by which records are erased or deleted, once a day', answerList(RULE)),
    post: operation('Make a rule; it is off', { ...body(RULE_BODY), ...answerOf(RULE, 201) }),
  },
  '/api/privacy/retention/dry-run': {
    post: operation('What a rule would do now', { ...body(RULE_BODY), ...answerOf(DRY_RUN) }),
  },
  '/api/privacy/retention/{id}': {
    patch: operation('Change a rule, switch it on or off; switched on it is applied after an hour', {
      parameters: [PATH],
      ...body(RULE_CHANGE),
      ...answerOf(RULE),
    }),
    delete: operation('Take a rule away', { parameters: [PATH], ...NO_CONTENT }),
  },
  '/api/privacy/retention/{id}/dry-run': {
    post: operation('What this rule would do now', { parameters: [PATH], ...answerOf(DRY_RUN) }),
  },
  '/api/privacy/history': {
    get: operation('For how many months the history is kept', answerOf(HISTORY)),
    patch: operation('Keep the history for some months, or all of it', { ...body(HISTORY), ...answerOf(HISTORY) }),
  },
}
