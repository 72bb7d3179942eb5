/** `ctx.files`: the files of one plugin, as far as the actor may read the records that they belong to. */
import type { Readable } from 'node:stream'
import { type Ctx, type FileInfo, Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import { problemOf } from '../data/problems.ts'
import type { Files, Scan, StoredFile } from '../files/files.ts'
import { demandRecord } from './references.ts'
import type { Unit } from './unit.ts'

interface Place {
  readonly unit: Unit | null
  readonly claims: Claims
  readonly signal: AbortSignal
  assertLives(): void
  can(permission: string): boolean
  readonly scanned: string | null
  scan(): Promise<Scan | null>
}

export const infoOf = ({ id, name, type, bytes, sha256, recordId, createdAt, createdBy }: StoredFile): FileInfo => ({
  id,
  name,
  type,
  bytes,
  sha256,
  recordId,
  createdAt,
  createdBy,
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Ends with the ctx. */
async function* guarded(stream: Readable, assertLives: () => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of stream) {
      assertLives()
      yield part as Uint8Array
    }
  } finally {
    stream.destroy()
  }
}

export function filesOf(files: Files, place: Place, unit: Pick<Unit, 'read' | 'write'>): Ctx['files'] {
  const { claims, signal, can } = place
  const { tenant } = claims
  const outside = (name: string) => {
    place.assertLives()
    if (place.unit)
      throw new Error(`ctx.files.${name} is for an exchange, outside of ctx.work: a transaction waits for nobody.`)
  }
  const find = async (id: string): Promise<StoredFile> => {
    place.assertLives()
    const file = await files.find(unit.read, tenant, id)
    // Who is asked about a file reads it, whosever it is.
    if (file && file.id === place.scanned) return file
    // A record that is gone hides its files from people, not from the plugin that clears them away.
    const isOpen = file?.plugin === claims.plugin && (!file?.resource || can(`${file.resource}.read`))
    if (!file || !isOpen) throw new Problem(404, 'not_found')
    if (file.state === 'scanning') throw new Problem(409, 'scanning')
    return file
  }
  return Object.freeze({
    async put(name: string, content: Uint8Array | AsyncIterable<Uint8Array>, options = {}) {
      outside('put')
      const { type, recordId } = options as { type?: string; recordId?: string }
      if (recordId !== undefined) await demandRecord({ files, read: unit.read, tenant, can }, recordId)
      const source = content instanceof Uint8Array ? once(content) : content
      const more = { ...(type === undefined ? {} : { type }), recordId: recordId ?? null, signal }
      const file = { name, content: source, state: 'kept', scan: await place.scan(), ...more } as const
      return infoOf(await files.put(claims, file).catch((error: unknown) => Promise.reject(problemOf(error))))
    },
    async open(id: string) {
      outside('open')
      const file = await find(id)
      return { ...infoOf(file), stream: guarded(await files.open(tenant, id), place.assertLives) }
    },
    info: async (id: string) => infoOf(await find(id)),
    async claim(id: string, recordId?: string) {
      await find(id)
      if (recordId !== undefined) await demandRecord({ files, read: unit.read, tenant, can }, recordId)
      await files.claim(unit.write, claims, id, recordId ?? null)
      return infoOf(await find(id))
    },
    async remove(id: string) {
      await find(id)
      await files.remove(unit.write, claims, id)
    },
  })
}
