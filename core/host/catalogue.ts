/** The plugins of this installation: read, judged, ordered and, once the database is ready, loaded. */
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { existsSync } from 'node:fs'
import type { Plugin } from '../contract.ts'
import type { Cause } from '../data/schemas.ts'
import { reasonOf } from '../fault.ts'
import type { Described } from '../resource/description.ts'
import { type Fault, type Folder, type Installed, readFolder, readFolders } from './manifest.ts'
import { judge } from './judgement.ts'
import { orderFolders } from './order.ts'
import { asksOf } from './powers.ts'
import { faultOf, illMade, leftOutWith } from './reason.ts'
import pkg from '../../package.json' with { type: 'json' }

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The kernel's own resources, each with the folder that it stands in. */
const KERNEL = [
  ['core/client', 'clients'],
  ['core/view', 'views'],
] as const

/** The folders of the kernel's own resources, of `plugins/` and of WEFT_PLUGINS, in the order of what they require. */
export function findFolders(further: readonly string[], faults: Fault[]): Folder[] {
  const kernel = KERNEL.flatMap(
    ([folder, name]) => readFolder(join(ROOT, folder), { name, isKernel: true }, faults) ?? [],
  )
  const shipped = readFolders(join(ROOT, 'plugins'), faults)
  const added = further.flatMap(
    (dir) => readFolder(dir, { name: dir.split('/').at(-1) as string, isKernel: false }, faults) ?? [],
  )
  const all = [...kernel, ...shipped, ...added]
  const twice = all.filter((folder, i) => all.findIndex((each) => each.manifest.id === folder.manifest.id) !== i)
  for (const { manifest, dir } of twice) {
    faults.push(faultOf(manifest.id, { code: 'folder_twice', params: { folder: dir } }))
  }
  return orderFolders(
    all.filter((folder) => !twice.includes(folder)),
    pkg.version,
    faults,
  )
}

/** How long a plugin's code may take to load, in ms. */
export const LOAD_MS = 10_000

/** @returns null where it takes longer */
async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(resolve, ms, null)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const EXPORT = 'export default definePlugin({...})'

async function load(folder: Folder, faults: Fault[], ms: number): Promise<Installed | null> {
  const { id, version } = folder.manifest
  const path = join(folder.dir, 'server.ts')
  if (!existsSync(path)) return { ...folder, id, plugin: {} }
  const report = (cause: Cause) => faults.push(faultOf(id, cause, version))
  try {
    const module = (await within(ms, import(pathToFileURL(path).href))) as { default?: Plugin } | null
    if (module?.default) return { ...folder, id, plugin: module.default }
    if (module) report(illMade('server.ts has no default export', EXPORT))
    else report({ code: 'load_late', params: { ms } })
  } catch (error) {
    report({ code: 'load_fails', params: { error: reasonOf(error) } })
  }
  return null
}

export interface Loading {
  /** Plugins whose code is not to be run, with the reason. */
  readonly without?: readonly Fault[]
  /** Told before the code of each plugin is run. */
  readonly begin?: (plugin: string) => void
  /** How long each may take, in ms. */
  readonly ms?: number
}

/** What it requires is left out by one of the faults, or is at work. */
function refusalOf({ manifest }: Folder, installed: readonly Installed[], faults: readonly Fault[]): Fault | null {
  const missing = Object.keys(manifest.requires).find((other) => !installed.some(({ id }) => id === other))
  const fault = faults.find(({ plugin }) => plugin === missing)
  return missing && fault ? faultOf(manifest.id, leftOutWith(missing, fault), manifest.version) : null
}

/**
 * Runs the plugins' code. A plugin with a fault is left out together with those that require it. Code that blocks or ends
 * the process is not survived here: `host/trial.ts` finds it first, in a process of its own.
 */
export async function loadPlugins(
  further: readonly string[],
  faults: Fault[],
  loading: Loading = {},
): Promise<Installed[]> {
  const installed: Installed[] = []
  for (const folder of findFolders(further, faults)) {
    const { id, version } = folder.manifest
    const known = loading.without?.find(({ plugin }) => plugin === id)
    const refusal = known ? { ...known, version } : refusalOf(folder, installed, faults)
    if (refusal) {
      faults.push(refusal)
      continue
    }
    loading.begin?.(id)
    const loaded = await load(folder, faults, loading.ms ?? LOAD_MS)
    if (loaded && isSound(loaded, installed, faults)) installed.push(loaded)
  }
  return installed
}

/** What is exported may be anything; judging it must not end the start. */
function isSound(loaded: Installed, installed: readonly Installed[], faults: Fault[]): boolean {
  try {
    return judge(loaded, installed, faults)
  } catch (error) {
    const cause = illMade(`what server.ts exports cannot be read: ${reasonOf(error)}`, EXPORT)
    faults.push(faultOf(loaded.id, cause, loaded.manifest.version))
    return false
  }
}

export function describe(installed: readonly Installed[]): Described[] {
  return installed.map(({ id, dir, isKernel, manifest, plugin, extensions, opens }) => ({
    id,
    dir,
    isKernel,
    version: manifest.version,
    name: manifest.name,
    requires: Object.keys(manifest.requires),
    handlers: (plugin.handlers ?? []).map(({ name, event }) => ({ name, event: event.name })),
    resources: (plugin.resources ?? []).map(({ name, schema, belongsTo, rule, keep, retention }) => ({
      name,
      schema,
      ...(belongsTo ? { belongsTo } : {}),
      ...(rule ? { rule } : {}),
      ...(keep === 'record' ? {} : { keep }),
      ...(retention ? { retention } : {}),
    })),
    extensions: [...extensions],
    asks: asksOf(manifest),
    ...(opens.length > 0 ? { opens } : {}),
    ...(Object.keys(manifest.lists).length > 0
      ? { lists: Object.entries(manifest.lists).map(([name, values]) => [`${id}.${name}`, values] as const) }
      : {}),
  }))
}
