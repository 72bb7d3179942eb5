/** The API described for machines at `/api/openapi.json` and for people at `/api/docs`. */
import type { FastifyInstance } from 'fastify'
import pkg from '../../package.json' with { type: 'json' }
import { Problem } from '../contract.ts'
import { describeApi } from '../resource/openapi.ts'
import type { Composition } from '../work/composition.ts'
import { LIST_BODY } from '../work/lists.ts'
import { readCaller } from './caller.ts'
import { REJECTION } from './proposal-routes.ts'
import { DOCS_STYLE, drawDocs } from './docs-page.ts'
import { answerList, answerOf, body, type Json, NO_CONTENT, operation } from './openapi-parts.ts'
import { OVERSIGHT_PATHS } from './openapi-oversight.ts'
import { PROVIDER_PATHS } from './openapi-providers.ts'
import { RETENTION_PATHS } from './openapi-retention.ts'
import { ROLE_PATHS } from './openapi-roles.ts'
import { batchPath, TASK_PATHS } from './openapi-tasks.ts'
import { pluginPaths } from './openapi-plugins.ts'
import type { Services } from './services.ts'

const AFTER = {
  name: 'after',
  in: 'query',
  schema: { type: 'string' },
  description: 'The cursor `next` of the page before, or `now`.',
}
const CHANGE = {
  type: 'object',
  required: ['id', 'at', 'event', 'resource', 'rowId', 'recordId', 'changed', 'deleted', 'plugin', 'actor'],
  properties: {
    id: { type: 'string' },
    at: { type: 'string', format: 'date-time' },
    event: { type: 'string' },
    resource: { type: ['string', 'null'], description: 'Null for a named fact of a plugin.' },
    rowId: { type: ['string', 'null'], format: 'uuid' },
    recordId: {
      type: ['string', 'null'],
      format: 'uuid',
      description: 'The record that the row belongs to, or itself.',
    },
    changed: { type: 'array', items: { type: 'string' }, description: 'Names of fields, never values.' },
    deleted: { type: 'boolean', description: 'The row is gone.' },
    plugin: { type: ['string', 'null'], description: 'The plugin whose code made the change.' },
    actor: {
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['user', 'key', 'system', 'public', 'link'] },
        id: { type: ['string', 'null'], format: 'uuid' },
      },
    },
  },
}
const CHANGES = {
  type: 'object',
  required: ['items', 'next'],
  properties: { items: { type: 'array', items: CHANGE }, next: { type: 'string' } },
}
const PLUGIN = {
  type: 'object',
  required: ['id', 'enabled', 'state', 'reason', 'resumable'],
  properties: {
    id: { type: 'string' },
    enabled: { type: 'boolean' },
    state: { type: 'string', enum: ['active', 'suspended', 'quarantined', 'detached'] },
    reason: {
      type: ['object', 'null'],
      required: ['code', 'rule', 'mend'],
      properties: {
        code: { type: 'string' },
        rule: { type: 'string', description: 'Why it is away, in the language of the caller.' },
        mend: { type: 'string', description: 'What is to be done.' },
      },
    },
    resumable: { type: 'boolean', description: 'An administrator may have it tried again now.' },
  },
}
const KERNEL_PATHS: Json = {
  '/api/session': {
    post: operation('Sign in'),
    get: operation('Who am I'),
    patch: operation('Change tenant or language'),
    delete: operation('Sign out', { responses: { 204: { description: 'Signed out.' } } }),
  },
  '/api/api-keys': { get: operation('API keys of the tenant'), post: operation('Make an API key; it is shown once') },
  '/api/api-keys/{id}': { delete: operation('Revoke an API key') },
  ...OVERSIGHT_PATHS,
  ...TASK_PATHS,
  '/api/lists': { get: operation('Lists of values that fields are filled from, as the tenant has them') },
  '/api/lists/{name}': {
    patch: operation('Say the values of a list anew, in their order; 412 where somebody was faster', {
      ...body(LIST_BODY),
    }),
  },
  ...RETENTION_PATHS,
  '/api/users': { get: operation('Members of the tenant') },
  '/api/users/{id}': {
    patch: operation('Change the role of a member, suspend or readmit; its sessions here end'),
    delete: operation('Remove a member; what it made stays', NO_CONTENT),
  },
  ...ROLE_PATHS,
  '/api/invitations': {
    get: operation('Invitations that nobody has accepted yet, newest first'),
    post: operation('Invite an address by mail, or once more'),
  },
  '/api/invitations/{id}': { delete: operation('Take an invitation back', NO_CONTENT) },
  '/api/invitations/look': { post: operation('What an invitation is to, for who holds its token') },
  '/api/invitations/accept': { post: operation('Become a member, with a new account where there is none') },
  '/api/password-resets': { post: operation('Have leave to choose a new password mailed to an account') },
  '/api/password-resets/redeem': {
    post: operation('Choose a new password; every session of the account ends', NO_CONTENT),
  },
  '/api/account/password': { put: operation('Change one’s own password; every other session ends', NO_CONTENT) },
  '/api/account/passkeys': {
    get: operation('Passkeys of one’s own, newest first'),
    post: operation('Keep a passkey that the browser has made'),
  },
  '/api/account/passkeys/options': { post: operation('What the browser needs to make a passkey (WebAuthn)') },
  '/api/account/passkeys/{id}': { delete: operation('Forget a passkey', NO_CONTENT) },
  '/api/session/passkey/options': { post: operation('What the browser needs to ask for a passkey (WebAuthn)') },
  '/api/session/passkey': { post: operation('Sign in with a passkey') },
  ...PROVIDER_PATHS,
  '/api/account/second-factor': {
    get: operation('Whether a code is asked for beside the password'),
    post: operation('Begin with an authenticator app; it counts once a first code was confirmed'),
  },
  '/api/account/second-factor/confirm': { post: operation('Confirm the app by a code; recovery codes are shown once') },
  '/api/account/second-factor/recovery-codes': { post: operation('New recovery codes in place of all before') },
  '/api/account/second-factor/disable': { post: operation('Ask for no code any more', NO_CONTENT) },
  '/api/users/{id}/second-factor': {
    delete: operation('Ask a member for no code any more, who has lost it', NO_CONTENT),
  },
  '/api/sessions': {
    get: operation('One’s own sessions, the last used first'),
    delete: operation('End every session of one’s own but this', NO_CONTENT),
  },
  '/api/sessions/{id}': { delete: operation('End a session of one’s own', NO_CONTENT) },
  '/api/plugins': {
    get: operation('Every installed plugin, and whether it is on', {
      parameters: [{ name: 'lang', in: 'query', schema: { type: 'string' }, description: 'Else the caller’s own.' }],
      ...answerList(PLUGIN),
    }),
  },
  '/api/plugins/metrics': { get: operation('Calls, failures and times of each plugin in the process that answers') },
  '/api/plugins/{id}': { patch: operation('Switch a plugin on or off, change its settings') },
  '/api/plugins/{id}/resume': {
    post: operation('Have a plugin that is suspended or in quarantine tried again', {
      responses: { 200: { description: 'It works.' }, 202: { description: 'It is being loaded.' } },
    }),
  },
  '/api/plugins/{id}/secrets/{name}': {
    put: operation('Entrust a secret to a plugin; it is never shown again', NO_CONTENT),
    delete: operation('Take a secret back from a plugin', NO_CONTENT),
  },
  '/api/notifications': {
    get: operation('What oneself was told, newest first, and how much of it is unread', {
      parameters: [
        { name: 'after', in: 'query', schema: { type: 'string' }, description: 'The `next` of the page before.' },
        { name: 'unread', in: 'query', schema: { type: 'string', enum: ['true'] } },
      ],
    }),
  },
  '/api/notifications/{id}': { patch: operation('Mark one as read or unread') },
  '/api/notifications/read': { post: operation('Mark all as read', NO_CONTENT) },
  '/api/notifications/preferences': {
    get: operation('What one wants to be told of each plugin, and how'),
    patch: operation('Change it for one plugin'),
  },
  '/api/mailbox': {
    get: operation('Mails that plugins have sent, newest first', {
      parameters: [
        { name: 'after', in: 'query', schema: { type: 'string' }, description: 'The `next` of the page before.' },
      ],
    }),
  },
  '/api/mailbox/{id}': { get: operation('One mail; its bodies where no mail server is set') },
  '/api/files': {
    post: operation('Upload a file as the body, for a plugin to claim within a day', {
      parameters: [
        { name: 'plugin', in: 'query', required: true, schema: { type: 'string' } },
        { name: 'name', in: 'query', required: true, schema: { type: 'string' } },
      ],
      requestBody: { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } },
      responses: {
        201: { description: 'What is known of the file.' },
        413: { description: 'Larger than 2 GB.' },
        507: { description: 'The tenant has used up its room, or the disk is full.' },
      },
    }),
  },
  '/api/files/{id}': {
    get: operation('The bytes of a file; `inline=1` shows images and PDF instead of saving them', {
      parameters: [
        { name: 'inline', in: 'query', schema: { type: 'string', enum: ['1'] } },
        { name: 'Range', in: 'header', schema: { type: 'string' } },
      ],
      responses: {
        200: { description: 'The file.', content: { '*/*': { schema: { type: 'string', format: 'binary' } } } },
        206: { description: 'A part of it.' },
        304: { description: 'It has not changed.' },
        416: { description: 'No such part.' },
      },
    }),
  },
  '/api/schemas/{resource}': { get: operation('The composed schema of a resource') },
  '/api/changes': {
    get: operation('What changed, oldest first; ask again with `next`, which is always there', {
      parameters: [
        AFTER,
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } },
        { name: 'resource', in: 'query', schema: { type: 'string' }, description: 'Names of resources, with commas.' },
      ],
      ...answerOf(CHANGES),
    }),
  },
  '/api/stream': {
    get: operation('The same changes as they happen; begins now, or after the last event that was heard', {
      parameters: [AFTER, { name: 'Last-Event-ID', in: 'header', schema: { type: 'string' } }],
      responses: {
        200: {
          description:
            'Events `change`; `composition` when plugins of the tenant were switched; and, of what concerns the listener, ' +
            '`notified`, `task`, `approvals` and `deliveries`, which say only that there is something to fetch again.',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        406: { description: 'The client does not accept `text/event-stream`.' },
        429: { description: 'The user has eight streams already.' },
      },
    }),
  },
  '/api/proposals': {
    get: operation('Writes that wait for a decision: those that one may decide, else one’s own', {
      parameters: [
        AFTER,
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } },
        { name: 'state', in: 'query', schema: { type: 'string', enum: ['waiting', 'approved', 'rejected', 'failed'] } },
      ],
    }),
  },
  '/api/proposals/{id}': { get: operation('One of them') },
  '/api/proposals/{id}/approve': { post: operation('Have it done as its asker; 409 `decided` the second time') },
  '/api/proposals/{id}/reject': {
    post: operation('Leave it undone', body(REJECTION)),
  },
  '/api/ui': { get: operation('What the screen composes itself from') },
}

const batchPaths = ({ resources }: Composition): Json =>
  Object.assign(
    {},
    ...[...resources.values()].flatMap(({ model }) => (model.keep === 'record' ? [batchPath(model)] : [])),
  ) as Json

export function registerOpenApi(app: FastifyInstance, services: Services): void {
  /** For somebody signed in, what their tenant has; for anybody else, what this installation can have. */
  const compositionFor = async (request: Parameters<typeof readCaller>[1]): Promise<Composition> => {
    try {
      return (await readCaller(services, request)).composition
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return services.compositions.whole
      throw error
    }
  }
  const describe = (composition: Composition) =>
    describeApi(
      [...composition.resources.values()],
      {
        ...KERNEL_PATHS,
        ...batchPaths(composition),
        ...pluginPaths(services.installed, (id) => composition.plugins.has(id)),
      },
      pkg.version,
    )

  app.get('/api/openapi.json', { config: { access: 'public' } }, async (request) =>
    describe(await compositionFor(request)),
  )
  app.get('/api/docs.css', { config: { access: 'public' } }, (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(DOCS_STYLE),
  )
  app.get('/api/docs', { config: { access: 'public' } }, async (request, reply) =>
    reply.type('text/html; charset=utf-8').send(drawDocs(describe(await compositionFor(request)))),
  )
}
