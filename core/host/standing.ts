/** Which plugins of an installation are at work, and why the others are not. */
import type { Database } from '../data/database.ts'
import { detachedCause, type Kept, readKept, withKept } from '../data/schemas.ts'
import { StartFault } from '../fault.ts'
import type { Described } from '../resource/description.ts'
import { describe, loadPlugins } from './catalogue.ts'
import { sealPrototypes } from './seal.ts'
import type { Fault, Installed, Text } from './manifest.ts'
import { type Quarantine, readQuarantine } from './quarantine.ts'
import { faultOf, type Reason } from './reason.ts'

/** A plugin that is known and whose code does not run. */
export interface LeftOut {
  readonly id: string
  readonly version: string | null
  readonly name: Text
  readonly state: 'quarantined' | 'detached'
  readonly reason: Reason
  /** Whether an administrator may have it loaded again. */
  readonly resumable: boolean
  /** What it handles: what happens meanwhile is kept for it. */
  readonly handlers: Described['handlers']
}

export interface Standing {
  readonly installed: readonly Installed[]
  readonly faults: readonly Fault[]
  readonly leftOut: readonly LeftOut[]
  /** Those at work, and the others as they were when they were last migrated, so that their rows are still understood. */
  readonly described: readonly Described[]
}

function missingFaults(kept: readonly Kept[], known: ReadonlySet<string>): Fault[] {
  const gone = kept.filter(({ plugin, description, detached }) => description && !detached && !known.has(plugin))
  return gone.map(({ plugin, version }) => faultOf(plugin, { code: 'missing', params: { plugin } }, version))
}

function leftOutOf(faults: readonly Fault[], kept: readonly Kept[], shutOut: readonly Quarantine[]): LeftOut[] {
  const ids = [...new Set(faults.map(({ plugin }) => plugin))].sort()
  return ids.map((id) => {
    const { code, params, rule, mend, version } = faults.find(({ plugin }) => plugin === id) as Fault
    const known = kept.find(({ plugin }) => plugin === id)
    return {
      id,
      version: version ?? known?.version ?? null,
      name: known?.name ?? { en: id, fr: id },
      state: known?.detached ? 'detached' : 'quarantined',
      reason: { code, params, rule, mend },
      resumable: shutOut.some(({ plugin }) => plugin === id),
      handlers: known?.description?.handlers ?? [],
    }
  })
}

/**
 * Loads the plugins of an installation.
 * @param tried what the trial and the migration have said against some of them
 * @throws StartFault where the kernel's own resource cannot be loaded
 */
export async function takeStock(
  database: Database,
  further: readonly string[],
  tried: readonly Fault[],
): Promise<Standing> {
  const kept = await readKept((query) => database.door(query))
  const quarantines = await readQuarantine(database)
  const refused = kept.flatMap(({ plugin, refused: reason, detached }) => {
    const why = detached ? detachedCause(plugin) : reason
    return why === null ? [] : [faultOf(plugin, why)]
  })
  const faults: Fault[] = []
  const without = [...refused, ...quarantines.map(({ plugin, reason }) => faultOf(plugin, reason)), ...tried]
  sealPrototypes()
  const installed = await loadPlugins(further, faults, { without })
  const kernel = faults.find(({ plugin }) => plugin === 'clients')
  if (kernel) throw new StartFault(`The kernel's own resource cannot be loaded: ${kernel.rule}.`)
  const known = new Set([...installed.map(({ id }) => id), ...faults.map(({ plugin }) => plugin)])
  faults.push(...missingFaults(kept, known))
  const detached = kept.filter((each) => each.detached && !known.has(each.plugin))
  const all = [...faults, ...detached.map(({ plugin }) => faultOf(plugin, detachedCause(plugin)))]
  const mine = describe(installed)
  const described = [...mine, ...withKept(mine, kept).filter(({ id }) => !installed.some((each) => each.id === id))]
  return { installed, faults: all, leftOut: leftOutOf(all, kept, quarantines), described }
}
