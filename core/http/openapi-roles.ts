/** What the API says of roles and teams. */
import { ROLE_BODY, ROLE_CHANGE, TEAM_BODY, TEAM_CHANGE } from '../access/grants.ts'
import type { Schema } from '../contract.ts'

const operation = (summary: string, more: object = {}) => ({
  summary,
  tags: ['kernel'],
  responses: { 200: { description: 'Done.' } },
  ...more,
})
const bodyOf = (schema: Schema) => ({ requestBody: { content: { 'application/json': { schema } } } })
const CREATED = { responses: { 201: { description: 'Done.' } } }
const ACTING = { type: 'object', required: ['user'], properties: { user: { type: 'string', format: 'uuid' } } } as const
const NO_CONTENT = { responses: { 204: { description: 'Done.' } } }

export const ROLE_PATHS = {
  '/api/roles': {
    get: operation('Roles of the tenant’s own, by name'),
    post: operation('Make a role: permissions, which rows of a resource, which fields of them', {
      ...bodyOf(ROLE_BODY),
      ...CREATED,
    }),
  },
  '/api/roles/{id}': {
    get: operation('A role'),
    patch: operation('Change a role; it holds at once; 412 where somebody was faster', bodyOf(ROLE_CHANGE)),
    delete: operation('Remove a role; 409 where somebody has it', NO_CONTENT),
  },
  '/api/teams': {
    get: operation('Teams, whose members may meet each other’s rows'),
    post: operation('Make a team', { ...bodyOf(TEAM_BODY), ...CREATED }),
  },
  '/api/teams/{id}': {
    patch: operation('Change a team; 412 where somebody was faster', bodyOf(TEAM_CHANGE)),
    delete: operation('Remove a team', NO_CONTENT),
  },
  '/api/acting-sessions': { get: operation('When administrators acted as members, newest first') },
  '/api/session/acting': {
    post: operation('Act as a member for an hour, with what that one may do', bodyOf(ACTING)),
    delete: operation('Be oneself again'),
  },
} as const
