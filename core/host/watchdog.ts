/**
 * A thread beside the serving one. When that one is blocked, or the process has taken too much memory, it looks whose code runs,
 * says so to the supervisor and ends the process: nothing else can.
 */
import { writeSync } from 'node:fs'
import { Session } from 'node:inspector'
import { workerData } from 'node:worker_threads'
import type { Cause } from '../data/schemas.ts'
import type { WatchLine, WatchOrders } from './watch.ts'

const { cells, plugins, channel, blockedMs, slowMs, memoryMb } = workerData as WatchOrders
const LOOK_MS = 250
/** How long the other thread may take to say where it is; within native code it cannot say. */
const ANSWER_MS = 2_500
const MB = 1024 * 1024

/** Where the serving thread is, from the innermost call outwards, as addresses of files. */
async function readStack(): Promise<string[]> {
  const session = new Session()
  session.connectToMainThread()
  const scripts = new Map<string, string>()
  const { promise, resolve } = Promise.withResolvers<string[]>()
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url))
  session.on('Debugger.paused', ({ params }) =>
    resolve(params.callFrames.map(({ location }) => scripts.get(location.scriptId) ?? '')),
  )
  // Not one after the other: the answer to the first may come only after the second has stopped it.
  session.post('Debugger.enable')
  session.post('Debugger.pause')
  setTimeout(resolve, ANSWER_MS, [])
  return promise
}

const say = (line: WatchLine) => writeSync(channel, `${JSON.stringify(line)}\n`)

let isEnding = false

async function tellAndEnd(reason: Cause): Promise<void> {
  if (isEnding) return
  isEnding = true
  const stack = await readStack().catch(() => [])
  const seen = stack.map((url) => plugins.find(({ base }) => url.startsWith(base))?.id).find((id) => id !== undefined)
  const entered = plugins[Atomics.load(cells, 1) - 1]?.id ?? null
  const plugin = seen ?? (stack.length === 0 ? entered : null)
  say({ plugin, reason })
  process.kill(process.pid, 'SIGKILL')
}

let last = -1
let still = 0
setInterval(() => {
  const beat = Atomics.load(cells, 0)
  if (beat !== last && still * LOOK_MS >= slowMs) say({ isSlow: false })
  // Counted in looks, so that a machine that slept has not missed a beat.
  still = beat === last ? still + 1 : 0
  last = beat
  if (still * LOOK_MS === slowMs) say({ isSlow: true })
  if (still * LOOK_MS === blockedMs) void tellAndEnd({ code: 'blocked', params: { ms: blockedMs } })
  if (process.memoryUsage.rss() > memoryMb * MB) void tellAndEnd({ code: 'memory', params: { mb: memoryMb } })
}, LOOK_MS)
