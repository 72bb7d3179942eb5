/** What the API says of roles and teams. */
import { ROLE_BODY, ROLE_CHANGE, TEAM_BODY, TEAM_CHANGE } from '../access/grants.ts'
import { body, CREATED, ID, NO_CONTENT, operation } from './openapi-parts.ts'

const ACTING = { type: 'object', required: ['user'], properties: { user: ID } }

export const ROLE_PATHS = {
  '/api/roles': {
    get: operation('Roles of the tenant’s own, by name'),
    post: operation('Make a role: permissions, which rows of a resource, which fields of them', {
      ...body(ROLE_BODY),
      ...CREATED,
    }),
  },
  '/api/roles/{id}': {
    get: operation('A role'),
    patch: operation('Change a role; it holds at once; 412 where somebody was faster', body(ROLE_CHANGE)),
    delete: operation('Remove a role; 409 where somebody has it', NO_CONTENT),
  },
  '/api/teams': {
    get: operation('Teams, whose members may meet each other’s rows'),
    post: operation('Make a team', { ...body(TEAM_BODY), ...CREATED }),
  },
  '/api/teams/{id}': {
    patch: operation('Change a team; 412 where somebody was faster', body(TEAM_CHANGE)),
    delete: operation('Remove a team', NO_CONTENT),
  },
  '/api/acting-sessions': { get: operation('When administrators acted as members, newest first') },
  '/api/session/acting': {
    post: operation('Act as a member for an hour, with what that one may do', body(ACTING)),
    delete: operation('Be oneself again'),
  },
} as const
