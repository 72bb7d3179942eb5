/**
 * Which plugins load, and in which order: what a plugin requires comes before it, the kernel's own
 * resource before all, and ties go by id. Of the folders that
 * are there the greatest set is taken in which every range is met, and each plugin outside of it is told why in one sentence.
 */
import semver from 'semver'
import type { Cause } from '../data/schemas.ts'
import type { Fault, Folder } from './manifest.ts'
import { faultOf, leftOutWith } from './reason.ts'

/** With who else of the set requires the plugin, and as which range: the other end of a conflict. */
function conflictOver(
  params: { other: string; range: string; found: string },
  asking: string,
  folders: readonly Folder[],
): Cause {
  const third = folders.find(({ manifest }) => manifest.id !== asking && params.other in manifest.requires)?.manifest
  if (!third) return { code: 'requires_version', params }
  const thirdRange = third.requires[params.other] as string
  return {
    code: 'requires_disputed',
    params: { ...params, third: third.id, thirdVersion: third.version, thirdRange },
  }
}

class Solution {
  readonly #broken: ReadonlyMap<string, Cause>
  readonly #all: readonly Folder[]
  readonly #byId: ReadonlyMap<string, Folder>
  readonly reasons = new Map<string, Cause>()

  /** @param broken folders that could not be read, with the reason */
  constructor(folders: readonly Folder[], weft: string, broken: ReadonlyMap<string, Cause>) {
    this.#broken = broken
    this.#all = folders.toSorted(
      (a, b) => Number(b.isKernel) - Number(a.isKernel) || (a.manifest.id < b.manifest.id ? -1 : 1),
    )
    this.#byId = new Map(folders.map((folder) => [folder.manifest.id, folder]))
    for (const { manifest } of this.#all) {
      if (!semver.satisfies(weft, manifest.weft))
        this.#leaveOut(manifest.id, {
          code: 'needs_weft',
          params: { range: manifest.weft, weft },
        })
    }
    // Each round may take away what another one requires. It ends, because the set only shrinks.
    while (this.#shrink());
  }

  #leaveOut(id: string, reason: Cause): void {
    this.reasons.set(id, reason)
  }

  #isIn = (id: string): boolean => this.#byId.has(id) && !this.reasons.has(id)

  #shrink(): boolean {
    const before = this.reasons.size
    for (const { manifest } of this.#all) {
      if (!this.#isIn(manifest.id)) continue
      const reason = this.#conflictOf(manifest.id)
      if (reason) this.#leaveOut(manifest.id, reason)
    }
    if (this.reasons.size > before) return true
    return this.#breakCircle()
  }

  #conflictOf(id: string): Cause | null {
    const { requires } = (this.#byId.get(id) as Folder).manifest
    for (const [other, range] of Object.entries(requires).toSorted()) {
      const found = this.#byId.get(other)?.manifest.version
      const broken = this.#broken.get(other)
      if (broken !== undefined) return leftOutWith(other, broken)
      if (found === undefined) return { code: 'requires_missing', params: { other, range } }
      if (!semver.satisfies(found, range)) return conflictOver({ other, range, found }, id, this.#all)
      const reason = this.reasons.get(other)
      if (reason) return leftOutWith(other, reason)
    }
    return null
  }

  /** Every plugin that is left requires only what is left: who comes back to itself is in a circle. */
  #breakCircle(): boolean {
    for (const { manifest } of this.#all) {
      const circle = this.#isIn(manifest.id) ? this.#circleOf(manifest.id) : null
      if (!circle) continue
      const params = { circle: circle.join(' -> ') }
      for (const id of circle) this.#leaveOut(id, { code: 'requires_itself', params })
      return true
    }
    return false
  }

  #circleOf(id: string): string[] | null {
    const seen = new Set<string>()
    const paths: string[][] = [[id]]
    for (let path = paths.shift(); path; path = paths.shift()) {
      for (const next of Object.keys(this.#byId.get(path.at(-1) as string)?.manifest.requires ?? {}).toSorted()) {
        if (next === id) return [...path, id]
        if (!seen.has(next)) paths.push([...path, next])
        seen.add(next)
      }
    }
    return null
  }

  order(): Folder[] {
    const ordered = new Set<Folder>()
    const visit = (folder: Folder): void => {
      if (ordered.has(folder)) return
      for (const other of Object.keys(folder.manifest.requires).toSorted()) visit(this.#byId.get(other) as Folder)
      ordered.add(folder)
    }
    for (const folder of this.#all) if (this.#isIn(folder.manifest.id)) visit(folder)
    return [...ordered]
  }
}

/** Solves the set as a whole; what cannot load is left out and reported, each with the chain that leaves it out. */
export function orderFolders(folders: readonly Folder[], weft: string, faults: Fault[]): Folder[] {
  const solution = new Solution(folders, weft, new Map(faults.map((fault) => [fault.plugin, fault])))
  for (const folder of folders) {
    const { id, version } = folder.manifest
    const reason = solution.reasons.get(id)
    if (reason) faults.push(faultOf(id, reason, version))
  }
  return solution.order()
}
