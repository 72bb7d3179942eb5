/** A thread beside the one that tries plugins: where the process has taken too much memory it says so and ends it. */
import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import type { TrialLine } from './trial.ts'

const LOOK_MS = 50
const MB = 1024 * 1024
const most = workerData as number

setInterval(() => {
  if (process.memoryUsage.rss() <= most * MB) return
  const line: TrialLine = { fills: most }
  writeSync(3, `${JSON.stringify(line)}\n`)
  process.kill(process.pid, 'SIGKILL')
}, LOOK_MS)
