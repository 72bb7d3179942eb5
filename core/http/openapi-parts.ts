/** What the descriptions of the kernel's own routes are put together from. */
import type { Schema } from '../contract.ts'

export type Json = Record<string, unknown>

export const json = (schema: Json | Schema) => ({ 'application/json': { schema } })

export const operation = (summary: string, more: Json = {}): Json => ({
  summary,
  tags: ['kernel'],
  responses: { 200: { description: 'Done.' } },
  ...more,
})

export const body = (schema: Json | Schema): Json => ({ requestBody: { required: true, content: json(schema) } })

/** @param properties of the object that is answered */
export const answer = (properties: Json, status = 200): Json => answerOf({ type: 'object', properties }, status)

export const answerOf = (schema: Json | Schema, status = 200): Json => ({
  responses: { [status]: { description: 'Done.', content: json(schema) } },
})

/** @param item the schema of one */
export const answerList = (item: Json): Json =>
  answerOf({ type: 'object', required: ['items'], properties: { items: { type: 'array', items: item } } })

export const NO_CONTENT: Json = { responses: { 204: { description: 'Done.' } } }
export const CREATED: Json = { responses: { 201: { description: 'Done.' } } }

export const ID = { type: 'string', format: 'uuid' }
export const COUNT = { type: 'integer', minimum: 0 }
export const MAYBE_TIME = { type: ['string', 'null'], format: 'date-time' }
