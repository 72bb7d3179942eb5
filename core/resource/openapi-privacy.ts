/** Access pack and erasure as OpenAPI describes them. */
import { MERGED } from './openapi-merge.ts'

type Json = Record<string, unknown>

const COUNT = { type: 'integer', minimum: 0 }
const json = (schema: Json) => ({ 'application/json': { schema } })
const PACK = {
  type: 'object',
  required: ['subject', 'at', 'rows', 'history', 'held', 'isWhole'],
  properties: {
    subject: { type: 'object', properties: { resource: { type: 'string' }, id: { type: 'string', format: 'uuid' } } },
    at: { type: 'string', format: 'date-time' },
    rows: { type: 'object', additionalProperties: { type: 'array', items: { type: 'object' } } },
    history: { type: 'array', items: { type: 'object' } },
    held: {
      type: 'array',
      items: { type: 'object' },
      description: 'Writes about it that wait for a person or have waited.',
    },
    isWhole: {
      type: 'boolean',
      description: 'False where there is more of the history or of held writes than is told.',
    },
  },
}

/** The paths of one resource; `refusals` are their answers of 400 and more. */
export function privacyPaths(resource: { name: string; path: string }, parameters: Json[], refusals: Json): Json {
  const common = { tags: [resource.name], parameters }
  const answer = (description: string, schema: Json) => ({
    200: { description, content: json(schema) },
    ...MERGED,
    ...refusals,
  })
  return {
    [`${resource.path}/{id}/access-pack`]: {
      get: {
        ...common,
        operationId: `pack_${resource.name}`,
        summary: 'All that is kept of the record, also of plugins that are off or gone',
        responses: answer('A file for the person.', PACK),
      },
    },
    [`${resource.path}/{id}/erase`]: {
      post: {
        ...common,
        operationId: `erase_${resource.name}`,
        summary:
          'Blank every personal value of the record, of what was merged into it and of what belongs to it, for good',
        responses: answer('How many rows and facts have lost values.', {
          type: 'object',
          required: ['rows', 'facts'],
          properties: { rows: COUNT, facts: COUNT },
        }),
      },
    },
  }
}
