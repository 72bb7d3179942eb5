/** Groups of rows as OpenAPI describes them. */
import { FUNCTIONS, UNITS } from './aggregate.ts'
import type { Model } from './model.ts'

type Json = Record<string, unknown>

const parameter = (name: string, schema: Json, description: string) => ({ name, in: 'query', schema, description })
const VALUES = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] } }

/** @param filters the parameters of the list's filters, which mean the same here */
export function aggregatePath({ name, path }: Model, filters: Json[], refusals: Json): Json {
  const text = { type: 'string' }
  const parameters = [
    parameter(
      'by',
      text,
      `Filterable fields, with commas or repeated; days and moments as \`field:${UNITS.join('|')}\`.`,
    ),
    parameter(
      'values',
      text,
      `\`count\` and \`${FUNCTIONS.join('|')}:field\`, with commas. Decimals are exact, as text.`,
    ),
    parameter('sort', text, 'Any of the keys and values as they are asked for; "-" before a name turns it round.'),
    parameter('limit', { type: 'integer', minimum: 1, maximum: 1000, default: 100 }, 'How many groups at most.'),
    parameter('tz', { type: 'string', default: 'UTC' }, 'The time zone in which periods begin.'),
    parameter('q', { type: 'string', maxLength: 200 }, 'Words to search for.'),
    parameter('filter', text, 'The full form of the filter language, as JSON.'),
    ...filters,
  ]
  const group = { type: 'object', required: ['by', 'values'], properties: { by: VALUES, values: VALUES } }
  const reply = {
    type: 'object',
    required: ['items', 'more'],
    properties: {
      items: { type: 'array', items: group },
      more: { type: 'boolean', description: 'There are groups beyond the limit.' },
    },
  }
  const timeout = {
    description: 'Too much for five seconds: narrow the filter.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  return {
    [`${path}/aggregate`]: {
      get: {
        operationId: `aggregate_${name}`,
        tags: [name],
        parameters,
        responses: {
          200: { description: 'Groups of rows.', content: { 'application/json': { schema: reply } } },
          ...refusals,
          503: timeout,
        },
      },
    },
  }
}
