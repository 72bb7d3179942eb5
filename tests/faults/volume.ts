/** A small volume of its own, in memory, that can be filled to the last byte. */
import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf } from '../../core/fault.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export class Volume {
  readonly #base = mkdtempSync(join(tmpdir(), 'weft-volume-'))
  readonly path = join(this.#base, 'volume')

  /** @throws Error where this account may not mount */
  constructor(megabytes: number, { uid, gid }: Owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }) {
    // Whoever owns the volume has to walk there.
    chmodSync(this.#base, 0o755)
    mkdirSync(this.path)
    const options = `size=${megabytes}m,uid=${uid},gid=${gid},mode=700`
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', this.path], { stdio: 'pipe' })
    } catch (error) {
      rmSync(this.#base, { recursive: true })
      throw error
    }
  }

  get #ballast(): string {
    return join(this.path, 'ballast')
  }

  /** Takes all the room that is left. */
  fill(): void {
    const file = openSync(this.#ballast, 'a')
    try {
      for (const bytes of [65_536, 4_096]) writeAll(file, Buffer.alloc(bytes))
    } finally {
      closeSync(file)
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true })
  }

  remove(): void {
    execFileSync('umount', ['--lazy', this.path])
    rmSync(this.#base, { recursive: true })
  }
}

function writeAll(file: number, part: Buffer): void {
  for (;;) {
    try {
      if (writeSync(file, part) < part.length) return
    } catch (error) {
      if (codeOf(error) === 'ENOSPC') return
      throw error
    }
  }
}

/** Why there can be no volumes here; null where there can. */
export function whyNoVolume(): string | null {
  try {
    new Volume(1).remove()
    return null
  } catch {
    return 'needs root and mount'
  }
}
