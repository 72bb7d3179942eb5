/** Where the bytes of files lie. */
import { createReadStream } from 'node:fs'
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { Problem } from '../contract.ts'
import { codeOf } from '../fault.ts'

export interface FilePlace {
  readonly tenant: string
  readonly id: string
}
/** The first and the last byte, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface Store {
  /** Takes over a file that is whole on the disk. The bytes are safe when it returns. */
  keep(place: FilePlace, path: string, bytes: number): Promise<void>
  /** @throws Problem 503 `file_store_unavailable` */
  open(place: FilePlace, range?: ByteRange): Promise<Readable>
  /** What is not there is removed already. */
  remove(place: FilePlace): Promise<void>
  list(): AsyncIterable<FilePlace & { readonly at: Date }>
}

export const unavailable = (): Problem => new Problem(503, 'file_store_unavailable')

const isMissing = (error: unknown) => codeOf(error) === 'ENOENT'

/** Whether a name is one that the store has given. */
export const isId = (name: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)

async function* entriesOf(path: string): AsyncGenerator<string> {
  const folder = await opendir(path).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (folder) for await (const { name } of folder) if (isId(name)) yield name
}

/** A folder: one for each tenant, one file for each file. */
export class LocalStore implements Store {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  #path({ tenant, id }: FilePlace): string {
    return join(this.#root, tenant, id)
  }

  async keep(place: FilePlace, path: string): Promise<void> {
    const target = this.#path(place)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await rename(path, target)
    // The name is safe only with its folder.
    const folder = await open(dirname(target), 'r')
    await folder.sync().finally(() => folder.close())
  }

  async open(place: FilePlace, range?: ByteRange): Promise<Readable> {
    const path = this.#path(place)
    await stat(path).catch(() => {
      throw unavailable()
    })
    return createReadStream(path, range)
  }

  async remove(place: FilePlace): Promise<void> {
    await rm(this.#path(place), { force: true })
  }

  async *list(): AsyncGenerator<FilePlace & { at: Date }> {
    for await (const tenant of entriesOf(this.#root)) {
      for await (const id of entriesOf(join(this.#root, tenant))) {
        const found = await stat(this.#path({ tenant, id })).catch(() => null)
        if (found) yield { tenant, id, at: found.mtime }
      }
    }
  }
}
