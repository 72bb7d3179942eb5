/** Judges the routes of a plugin: who may call them, and what they take and give. */
import type { Route } from '../contract.ts'
import { addressOf } from './addresses.ts'
import type { Installed } from './manifest.ts'

export type Report = (rule: string, mend: string) => void

export const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const MEDIA_TYPE = /^([a-z]+|[*])\/([a-z0-9.+-]+|[*])$/
const MAX_BYTES = 1024 ** 3

function judgeAccess(name: string, { access, link, counts, origins }: Route, report: Report): void {
  if (access === 'link') {
    if (!link || !NAME.test(link)) report(`${name} is for links of no name`, "name them, as link: 'share'")
  } else if (link !== undefined || counts !== undefined) {
    report(`${name} speaks of links and is not for them`, "give it access: 'link', or leave out link and counts")
  }
  if (origins !== undefined && access !== 'public')
    report(`${name} is open to other sites and not public`, "give it access: 'public', or leave out origins")
}

function judgeBody(name: string, { method, body, maxBytes, types }: Route, report: Report): void {
  if (body !== 'raw') {
    if (typeof body === 'string') report(`the body of ${name} is '${body}'`, "give a schema or 'raw'")
    if (maxBytes !== undefined || types !== undefined)
      report(`${name} bounds a raw body and takes none`, "give it body: 'raw', or leave out maxBytes and types")
    return
  }
  if (method === 'GET') report(`${name} takes a raw body by GET`, 'use POST or PUT')
  if (!Number.isInteger(maxBytes) || maxBytes! < 1 || maxBytes! > MAX_BYTES)
    report(`${name} does not say how long a raw body may be`, 'give it maxBytes, up to 1 GB')
  if (!types?.length || types.some((type) => !MEDIA_TYPE.test(type)))
    report(`${name} does not say which raw bodies it takes`, "give it types, as ['text/csv', 'image/*']")
}

function judgeReply(name: string, { method, kind, body, reply }: Route, report: Report): void {
  if (typeof reply === 'string' && !['raw', 'stream', 'socket'].includes(reply))
    report(`the reply of ${name} is '${reply as string}'`, "give a schema, 'raw', 'stream' or 'socket'")
  const isJson = body !== 'raw' && typeof reply !== 'string'
  if (!isJson && kind !== 'exchange')
    report(`${name} is a ${kind} and takes or gives what is not JSON`, "make it an 'exchange'")
  if (reply === 'socket' && (method !== 'GET' || body !== undefined))
    report(`${name} gives a socket and is no GET without a body`, 'make it a GET without a body')
}

export function judgeRoutes({ id, plugin }: Installed, permissions: ReadonlySet<string>, report: Report): void {
  const known = new Set<string>()
  for (const route of plugin.routes ?? []) {
    const { method, path, access } = route
    const name = `${method} ${addressOf(id, route)}${path === '/' ? '/' : ''}`
    if (!path.startsWith('/')) report(`the path of ${name} does not begin with a slash`, 'begin it with a slash')
    if (!access) report(`${name} has no access`, "give it a permission, 'link' or 'public'")
    else if (access !== 'link' && access !== 'public' && !permissions.has(access))
      report(`${name} asks for '${access}', which nobody has`, 'declare it in permissions')
    if (known.has(name)) report(`${name} is there twice`, 'rename one')
    known.add(name)
    judgeAccess(name, route, report)
    judgeBody(name, route, report)
    judgeReply(name, route, report)
  }
}
