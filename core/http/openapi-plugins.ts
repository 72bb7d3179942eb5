/** What plugins' own routes take and give, for the description of the API. */
import type { Route, Schema } from '../contract.ts'
import { addressOf } from '../host/addresses.ts'
import type { Installed } from '../host/manifest.ts'
import { HELD } from '../resource/openapi-merge.ts'

type Json = Record<string, unknown>

const BYTES = { schema: { type: 'string', format: 'binary' } }
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

function parametersOf(route: Route, url: string): Json[] {
  const path = [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...(route.access === 'link' && name === 'token'
      ? { description: 'The token, or `-` where the header `Authorization: Link <token>` bears it.' }
      : {}),
  }))
  const required = (route.query?.required ?? []) as string[]
  const query = Object.entries((route.query?.properties ?? {}) as Record<string, Schema>).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
  const password = {
    name: 'Weft-Link-Password',
    in: 'header',
    schema: { type: 'string' },
    description: 'Percent-encoded.',
  }
  return [...path, ...query, ...(route.access === 'link' ? [password] : [])]
}

function bodyOf({ body, types = [], maxBytes }: Route): Json {
  if (body === undefined) return {}
  if (body !== 'raw') return { requestBody: { content: { 'application/json': { schema: body } } } }
  const content = Object.fromEntries(types.map((type) => [type, BYTES]))
  return { requestBody: { required: true, description: `At most ${maxBytes} bytes.`, content } }
}

function successOf({ reply, kind, access, body }: Route): Json {
  if (reply === 'socket')
    return { 101: { description: 'A WebSocket of JSON messages.' }, 426: problem('The request asks for no socket.') }
  if (reply === 'stream')
    return {
      200: {
        description: 'Each value as it comes.',
        content: { 'text/event-stream': { schema: { type: 'string' } }, 'application/x-ndjson': { schema: {} } },
      },
      406: problem('The client accepts neither kind of stream.'),
    }
  if (reply === 'raw') return { 200: { description: 'Bytes.', content: { '*/*': BYTES } } }
  const done = { description: 'Done.', ...(reply ? { content: { 'application/json': { schema: reply } } } : {}) }
  const isHeld = kind === 'command' && access !== 'link' && access !== 'public' && body !== 'raw'
  return { 200: done, ...(isHeld ? HELD : {}) }
}

function refusalsOf({ access, body, reply }: Route): Json {
  const isRaw = body === 'raw'
  const lasts = reply === 'stream' || reply === 'socket' || reply === 'raw'
  return {
    ...(access === 'link'
      ? {
          401: problem('The password of the link is missing or wrong.'),
          404: problem('There is no such link, or it is revoked, used up or over.'),
        }
      : {}),
    ...(access === 'public' ? { 404: problem('There is no such tenant, or it has no such plugin.') } : {}),
    ...(isRaw ? { 413: problem('The body is too long.'), 415: problem('A body of this type is not taken.') } : {}),
    ...(lasts || access === 'link' || access === 'public'
      ? { 429: problem('Asked too often, or open too often.') }
      : {}),
  }
}

function securityOf({ access }: Route): Json {
  if (access === 'public') return { security: [] }
  return access === 'link' ? { security: [{}, { link: [] }] } : {}
}

/** Paths of the routes of plugins that are on. */
export function pluginPaths(installed: readonly Installed[], isOn: (plugin: string) => boolean): Json {
  const paths: Record<string, Json> = {}
  for (const { id, plugin } of installed.filter((each) => isOn(each.id))) {
    for (const route of plugin.routes ?? []) {
      const url = addressOf(id, route)
      const key = url.replace(/:(\w+)/g, '{$1}')
      const responses = { ...successOf(route), ...refusalsOf(route) }
      const operation = {
        tags: [id],
        parameters: parametersOf(route, url),
        ...bodyOf(route),
        ...securityOf(route),
        responses,
      }
      const preflight = {
        tags: [id],
        security: [],
        responses: { 204: { description: 'Pages of other sites may ask.' } },
      }
      paths[key] = {
        ...paths[key],
        [route.method.toLowerCase()]: operation,
        ...(route.origins === 'any' ? { options: preflight } : {}),
      }
    }
  }
  return paths
}
