/** The order in which plugins load: what a plugin requires comes before it, and ties go by id. */
import semver from 'semver'
import type { Fault, Folder } from './manifest.ts'

/** Checks versions and puts the folders in order; what cannot load is left out and reported. */
export function orderFolders(folders: readonly Folder[], weft: string, faults: Fault[]): Folder[] {
  const byId = new Map(folders.map((folder) => [folder.manifest.id, folder]))
  const sound = folders.filter((folder) => isSound(folder, { byId, weft, faults }))
  const ordered: Folder[] = []
  const visit = (folder: Folder, trace: readonly string[]): boolean => {
    const { id, requires } = folder.manifest
    if (ordered.includes(folder)) return true
    if (trace.includes(id)) {
      faults.push({ plugin: id, rule: `it requires itself: ${[...trace, id].join(' -> ')}`, mend: 'break the circle' })
      return false
    }
    const needed = Object.keys(requires).sort()
    const isMet = needed.every((other) => {
      const found = sound.find((each) => each.manifest.id === other)
      return found !== undefined && visit(found, [...trace, id])
    })
    if (isMet) ordered.push(folder)
    return isMet
  }
  for (const folder of sound.toSorted((a, b) => (a.manifest.id < b.manifest.id ? -1 : 1))) visit(folder, [])
  return ordered
}

type Surroundings = { byId: ReadonlyMap<string, Folder>; weft: string; faults: Fault[] }

function isSound({ manifest }: Folder, { byId, weft, faults }: Surroundings): boolean {
  const before = faults.length
  const report = (rule: string, mend: string) => faults.push({ plugin: manifest.id, rule, mend })
  if (!semver.satisfies(weft, manifest.weft)) {
    report(`it needs weft ${manifest.weft} and this is ${weft}`, 'take a version of the plugin made for this kernel')
  }
  for (const [other, range] of Object.entries(manifest.requires)) {
    const found = byId.get(other)?.manifest.version
    if (found === undefined) report(`it requires '${other}', which is not here`, `add the plugin '${other}'`)
    else if (!semver.satisfies(found, range)) {
      report(
        `it requires '${other}' ${range} and ${found} is here`,
        `change the version of '${other}' or of this plugin`,
      )
    }
  }
  return faults.length === before
}
