/**
 * A process of its own that loads the plugins, one after the other, and says on descriptor 3 which it begins with and what
 * their resources are. It has no credentials, so that no plugin code ever shares a process with the login that owns the
 * tables; and it may be blocked, flooded or ended by any of them.
 */
import { writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, loadPlugins } from './host/catalogue.ts'
import type { Fault } from './host/manifest.ts'
import type { TrialLine, TrialOrders } from './host/trial.ts'

/** What comes last is long and the pipe may be full. */
function say(line: TrialLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  for (let at = 0; at < bytes.length;) at += writeSync(3, bytes, at)
}

const { further, without, ms, memoryMb } = JSON.parse(process.argv[2] ?? '') as TrialOrders
// A plugin that fills the memory also keeps this thread.
new Worker(new URL('./host/scales.ts', import.meta.url), { workerData: memoryMb, execArgv: [] }).unref()
const faults: Fault[] = []
const installed = await loadPlugins(further, faults, { without, ms, begin: (begin) => say({ begin }) })
say({ described: describe(installed), faults })
// A timer that a plugin has left running must not keep the process.
process.exit(0)
