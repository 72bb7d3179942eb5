/** Access pack and erasure as OpenAPI describes them. */
import { MERGED } from './openapi-merge.ts'

type Json = Record<string, unknown>

const COUNT = { type: 'integer', minimum: 0 }
const json = (schema: Json) => ({ 'application/json': { schema } })
const LIST = { type: 'array', items: { type: 'object' } }
const PACK = {
  type: 'object',
  required: ['subject', 'at', 'rows', 'history', 'held', 'files', 'mails', 'notices', 'links', 'isWhole'],
  properties: {
    subject: { type: 'object', properties: { resource: { type: 'string' }, id: { type: 'string', format: 'uuid' } } },
    at: { type: 'string', format: 'date-time' },
    rows: { type: 'object', additionalProperties: { type: 'array', items: { type: 'object' } } },
    history: LIST,
    held: { ...LIST, description: 'Writes about it that wait for a person or have waited.' },
    files: { ...LIST, description: 'Files that belong to it; the bytes of each are at /api/files/{id}.' },
    mails: { ...LIST, description: 'Mails whose sender said that they are about it.' },
    notices: { ...LIST, description: 'What members were told of it.' },
    links: { ...LIST, description: 'Links that were given out for it.' },
    isWhole: {
      type: 'boolean',
      description: 'False where there is more of anything but rows than is told.',
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
          'Blank every personal value of the record, of what was merged into it and of what belongs to it, for good, and remove its files',
        responses: answer('How many rows and facts have lost values.', {
          type: 'object',
          required: ['rows', 'facts'],
          properties: { rows: COUNT, facts: COUNT },
        }),
      },
    },
  }
}
