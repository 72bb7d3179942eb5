/** The plugins of this installation: read, judged, ordered and, once the database is ready, loaded. */
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { existsSync } from 'node:fs'
import type { Plugin } from '../contract.ts'
import type { Described } from '../resource/description.ts'
import { type Fault, type Folder, type Installed, readFolder, readFolders } from './manifest.ts'
import { judge } from './judgement.ts'
import { orderFolders } from './order.ts'
import pkg from '../../package.json' with { type: 'json' }

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The folders of the kernel's own resource, of `plugins/` and of WEFT_PLUGINS, in the order of what they require. */
export function findFolders(further: readonly string[], faults: Fault[]): Folder[] {
  const kernel = readFolder(join(ROOT, 'core/client'), { name: 'clients', isKernel: true }, faults)
  const shipped = readFolders(join(ROOT, 'plugins'), faults)
  const added = further.flatMap(
    (dir) => readFolder(dir, { name: dir.split('/').at(-1) as string, isKernel: false }, faults) ?? [],
  )
  const all = [...(kernel ? [kernel] : []), ...shipped, ...added]
  const twice = all.filter((folder, i) => all.findIndex((each) => each.manifest.id === folder.manifest.id) !== i)
  for (const { manifest, dir } of twice) {
    faults.push({ plugin: manifest.id, rule: `there are two of it, one in ${dir}`, mend: 'remove one' })
  }
  return orderFolders(
    all.filter((folder) => !twice.includes(folder)),
    pkg.version,
    faults,
  )
}

async function load(folder: Folder, faults: Fault[]): Promise<Installed | null> {
  const { id } = folder.manifest
  const path = join(folder.dir, 'server.ts')
  if (!existsSync(path)) return { ...folder, id, plugin: {} }
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: Plugin }
    if (module.default) return { ...folder, id, plugin: module.default }
    faults.push({ plugin: id, rule: 'server.ts has no default export', mend: 'export default definePlugin({...})' })
  } catch (error) {
    faults.push({ plugin: id, rule: `server.ts throws: ${(error as Error).message}`, mend: 'mend the plugin' })
  }
  return null
}

/** Runs the plugins' code. A plugin with a fault is left out together with those that require it. */
export async function loadPlugins(further: readonly string[], faults: Fault[]): Promise<Installed[]> {
  const installed: Installed[] = []
  for (const folder of findFolders(further, faults)) {
    const missing = Object.keys(folder.manifest.requires).filter((id) => !installed.some((each) => each.id === id))
    if (missing.length > 0) continue
    const loaded = await load(folder, faults)
    if (loaded && judge(loaded, installed, faults)) installed.push(loaded)
  }
  return installed
}

export function describe(installed: readonly Installed[]): Described[] {
  return installed.map(({ id, dir, isKernel, plugin, extensions }) => ({
    id,
    dir,
    isKernel,
    resources: (plugin.resources ?? []).map(({ name, schema, belongsTo }) => ({
      name,
      schema,
      ...(belongsTo ? { belongsTo } : {}),
    })),
    extensions: [...extensions],
  }))
}
