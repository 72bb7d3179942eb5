/** The bytes of files: uploaded for a plugin to claim, and downloaded by whoever may read what they belong to. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import { dispositionOf } from '../files/name.ts'
import type { StoredFile } from '../files/files.ts'
import { isShowable } from '../files/type.ts'
import { infoOf } from '../work/files.ts'
import { openSingle } from '../work/unit.ts'
import { type Caller, claimsOf, ownOccasion } from './caller.ts'
import { readRange } from './ranges.ts'
import { callerOf, pairsOf } from './request.ts'
import type { Services } from './services.ts'

/** A page that were made of it could load nothing, run nothing and send nothing. */
const POLICY = "sandbox; default-src 'none'"

/**
 * For whom the file is. Of a record: who may read the record, and its plugin's rows where it has any. Of none: who
 * made it.
 */
function mayRead(services: Services, { permissions, state, identity }: Caller, file: StoredFile): boolean {
  if (!state.enabled.has(file.plugin)) return false
  if (file.recordId === null) return file.createdBy === identity.user.id
  if (file.resource === null || !permissions.has(`${file.resource}.read`)) return false
  const readers = services.permissions.filter(({ plugin, verb }) => plugin === file.plugin && verb === 'read')
  return readers.length === 0 || readers.some(({ name }) => permissions.has(name))
}

/** Whoever may create rows of a plugin, or has its permission `<plugin>.upload`, may upload files for it. */
function assertUploads(services: Services, caller: Caller, plugin: string | undefined): string {
  if (!plugin) throw new Problem(400, 'invalid_query', [{ path: 'plugin', code: 'required' }])
  if (!caller.state.enabled.has(plugin)) throw new Problem(404, 'not_found')
  const rights = services.permissions.filter((each) => each.plugin === plugin && /[.](create|upload)$/.test(each.name))
  if (!rights.some(({ name }) => caller.permissions.has(name))) throw new Problem(403, 'forbidden')
  return plugin
}

/** A client that hangs up is no fault of ours. */
async function* readUpload(source: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    // Destroyed, the request would take the refusal along.
    for await (const part of source.iterator({ destroyOnReturn: false })) yield part as Uint8Array
  } catch {
    throw new Problem(400, 'interrupted')
  }
}

async function upload(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const caller = callerOf(request)
  const asked = new Map(pairsOf(request))
  // What is refused is not read to its end.
  reply.header('connection', 'close')
  const plugin = assertUploads(services, caller, asked.get('plugin'))
  const name = asked.get('name')
  if (!name) throw new Problem(400, 'invalid_query', [{ path: 'name', code: 'required' }])
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  const content = readUpload((request.body as IncomingMessage | undefined) ?? request.raw)
  const file = await services.files.put(claimsOf(caller, plugin), {
    name,
    content,
    ...(type ? { type } : {}),
    state: 'staged',
    scan: await services.contexts.scanOf(ownOccasion(services, caller)),
  })
  reply.removeHeader('connection')
  return reply.code(201).header('location', `/api/files/${file.id}`).send(infoOf(file))
}

async function download(services: Services, request: FastifyRequest<{ Params: { id: string } }>, reply: FastifyReply) {
  const caller = callerOf(request)
  const tenant = caller.identity.tenant.id
  const unit = openSingle(services.database, claimsOf(caller, null))
  const file = await services.files.find(unit.read, tenant, request.params.id)
  if (!file || !mayRead(services, caller, file)) throw new Problem(404, 'not_found')
  // Its uploader alone is told that it is not there yet.
  if (file.state === 'scanning') throw new Problem(409, 'scanning')
  const inline = new Map(pairsOf(request)).get('inline') === '1' && isShowable(file.type)
  const etag = `"${file.sha256}"`
  if (request.headers['if-none-match']?.split(/,\s*/).includes(etag)) return reply.code(304).header('etag', etag).send()
  const range = partOf(request, reply, file.bytes, etag)
  const [start, end] = range ? [range.start, range.end] : [0, file.bytes - 1]
  const content =
    request.method === 'HEAD' ? Readable.from([]) : await services.files.open(tenant, file.id, range ?? undefined)
  if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${file.bytes}`)
  reply.type(file.type).headers({
    etag,
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
    'content-security-policy': POLICY,
    'content-disposition': dispositionOf(inline ? 'inline' : 'attachment', file.name),
  })
  return reply.send(content)
}

function partOf(request: FastifyRequest, reply: FastifyReply, bytes: number, etag: string) {
  try {
    return readRange(request.headers, bytes, etag)
  } catch (error) {
    reply.header('content-range', `bytes */${bytes}`)
    throw error
  }
}

export async function registerFiles(app: FastifyInstance, services: Services): Promise<void> {
  const config = { access: 'session' }
  app.get<{ Params: { id: string } }>(
    '/api/files/:id',
    { config: { ...config, query: ['inline'] } },
    (request, reply) => download(services, request, reply),
  )
  // Only here a body may be anything.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.post('/api/files', { config: { ...config, query: ['plugin', 'name'], isUpload: true } }, (request, reply) =>
      upload(services, request, reply),
    )
  })
}
