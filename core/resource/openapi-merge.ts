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
const MOVED = { type: 'integer', description: 'How many rows belong or refer to another row now.' }

/** For every route whose path names a row. */
export const MERGED = {
  308: {
    description: 'The row was merged: Location is the same request for the survivor.',
    headers: { Location: { schema: { type: 'string' } } },
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  },
}

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
            content: json({
              type: 'object',
              required: ['mergeId', 'moved', 'conflicts'],
              properties: {
                mergeId: ID,
                moved: MOVED,
                conflicts: {
                  type: 'array',
                  items: { type: 'object', properties: { field: { type: 'string' }, kept: {}, other: {} } },
                },
              },
            }),
          },
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
            content: json({ type: 'object', required: ['moved'], properties: { moved: MOVED } }),
          },
          ...MERGED,
          ...refusals,
        },
      },
    },
  }
}
