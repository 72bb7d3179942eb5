/** Takes in a stream: bounded, hashed and safe on the disk, before anything else is known of it. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, opendir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../contract.ts'
import { codeOf } from '../fault.ts'

export interface Spooled {
  readonly path: string
  readonly bytes: number
  readonly sha256: Buffer
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

export class Spool {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Runs `use` with the whole content; afterwards nothing is left here.
   * @param limit the most bytes; what is more is refused with `refuse`
   * @throws Problem 507 `disk_full`
   */
  async take<T>(
    content: AsyncIterable<Uint8Array>,
    bound: { limit: number; refuse: () => Problem; signal?: AbortSignal },
    use: (spooled: Spooled) => Promise<T>,
  ): Promise<T> {
    const path = join(this.#folder, randomUUID())
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      return await use({ path, ...(await this.#write(path, content, bound)) })
    } catch (error) {
      throw FULL.has(codeOf(error) ?? '') ? new Problem(507, 'disk_full') : error
    } finally {
      await rm(path, { force: true })
    }
  }

  async #write(
    path: string,
    content: AsyncIterable<Uint8Array>,
    { limit, refuse, signal }: { limit: number; refuse: () => Problem; signal?: AbortSignal },
  ): Promise<Omit<Spooled, 'path'>> {
    const hash = createHash('sha256')
    let bytes = 0
    const file = await open(path, 'wx', 0o600)
    try {
      for await (const part of content) {
        signal?.throwIfAborted()
        bytes += part.byteLength
        if (bytes > limit) throw refuse()
        hash.update(part)
        // Writes all of it or throws; `write` may write a part of it where the disk is full, and say nothing.
        await file.appendFile(part)
      }
      await file.sync()
    } finally {
      await file.close()
    }
    return { bytes, sha256: hash.digest() }
  }

  /** Removes what a process that was killed has left. */
  async sweep(before: Date): Promise<void> {
    const folder = await opendir(this.#folder).catch(() => null)
    if (!folder) return
    for await (const { name } of folder) {
      const path = join(this.#folder, name)
      const found = await stat(path).catch(() => null)
      if (found && found.mtime < before) await rm(path, { force: true })
    }
  }
}
