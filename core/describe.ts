/**
 * A process of its own that loads the plugins and prints what their resources are. It has no credentials, so that no
 * plugin code ever shares a process with the login that owns the tables.
 */
import { describe, loadPlugins } from './host/catalogue.ts'
import type { Fault } from './host/manifest.ts'

const faults: Fault[] = []
const installed = await loadPlugins(JSON.parse(process.argv[2] ?? '[]') as string[], faults)
process.stdout.write(JSON.stringify({ described: describe(installed), faults }))
