/** What serves: everything in one process, or web and worker apart. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Config, takeConfig } from '../config.ts'
import { StartFault, codeOf } from '../fault.ts'
import { buildServer } from '../http/server.ts'
import { HOST_CHANNEL } from '../host/quarantine.ts'
import { Watch } from '../host/watch.ts'
import { type Kernel, openKernel } from '../kernel.ts'
import { watchIndexes } from '../worker/index-watch.ts'
import { ensureDemo, type DemoLogin } from './demo.ts'
import type { Course } from './course.ts'
import { prepare } from './preparation.ts'
import type { Part, Ready, Said, ServeOrders } from './supervisor.ts'
import { OUT, prepareScreen } from './screen.ts'

const HOST = '127.0.0.1'

function report(message: string, fields: Record<string, unknown>): void {
  const err = fields.err instanceof Error ? { name: fields.err.name, message: fields.err.message } : undefined
  console.error(JSON.stringify({ time: new Date().toISOString(), message, ...fields, ...(err ? { err } : {}) }))
}

const PORT_FAULTS: Record<string, string> = {
  EADDRINUSE: 'is in use: end what listens there, or set PORT to another one',
  EACCES: 'needs a right that this user has not: set PORT to 1024 or higher',
}

function portFault(port: number, error: unknown): unknown {
  const reason = PORT_FAULTS[codeOf(error) ?? '']
  return reason ? new StartFault(`Port ${port} ${reason}.`) : error
}

/** Said before a minute of preparation rather than after it. @throws StartFault */
async function assertPortFree(port: number): Promise<void> {
  const probe = createServer()
  try {
    probe.listen(port, HOST)
    await once(probe, 'listening')
  } catch (error) {
    throw portFault(port, error)
  } finally {
    probe.close()
  }
}

async function listen(
  kernel: Kernel,
  port: number,
): Promise<{ address: string; port: number; close: () => Promise<void> }> {
  const app = await buildServer(kernel.services)
  try {
    await app.listen({ port, host: HOST })
  } catch (error) {
    throw portFault(port, error)
  }
  const found = app.server.address()
  const chosen = (typeof found === 'object' ? found?.port : port) ?? port
  return { address: `http://localhost:${chosen}`, port: chosen, close: () => app.close() }
}

function greet(address: string, demo: DemoLogin | null): void {
  console.log(`\nWeft is ready at ${address}`)
  if (!demo) return
  console.log(`  sign in as  ${demo.email}`)
  console.log(
    demo.password
      ? `  password    ${demo.password}`
      : '  with the password that the first start printed or WEFT_ADMIN_PASSWORD gave',
  )
}

interface Parts {
  readonly web: boolean
  readonly worker: boolean
  readonly demo: boolean
}

const PARTS: Readonly<Record<Part, Parts>> = {
  start: { web: true, worker: true, demo: true },
  web: { web: true, worker: false, demo: false },
  worker: { web: false, worker: true, demo: false },
}

/** Ties this process to its supervisor: what endangers it is told, and it does not outlive it. */
async function supervised(kernel: Kernel, { memoryMb }: Config): Promise<() => Promise<void>> {
  const { installed, guard, database } = kernel.services
  const watch = new Watch(installed, guard, report)
  watch.catchStrays()
  watch.beat(memoryMb)
  const say = (said: Said) => process.send?.(said)
  return database.listen(HOST_CHANNEL, { message: () => say('anew'), gap: () => {} })
}

/** Who owns the tables is not known here: the supervisor has it done. */
function askForIndexes({ services: { database, switches } }: Kernel): () => void {
  const ask: Said = 'indexes'
  const watching = { database, switches, report: (err: unknown) => report('indexes are not looked for', { err }) }
  return watchIndexes(watching, () => void process.send?.(ask))
}

interface Means {
  readonly config: Config
  readonly course: Course
  readonly isFirst: boolean
}

/** @returns where it listens, null for a worker alone */
async function begin(kernel: Kernel, parts: Parts, { config, course, isFirst }: Means) {
  const demo = parts.demo && isFirst ? await ensureDemo(kernel, config) : null
  if (parts.worker) await kernel.worker.start()
  if (parts.worker)
    await course.begin(
      async () => askForIndexes(kernel),
      async (end) => end(),
    )
  if (!parts.web) return null
  const at = await course.begin(
    () => listen(kernel, config.port),
    (each) => each.close(),
  )
  return { ...at, demo }
}

/** What the process before this one served is served on, until somebody starts anew. */
const findScreen = async (before: Ready | null, { plugins }: Config) => (before ? OUT : prepareScreen(plugins))

/** Runs until it is asked to end. @throws StartFault */
export async function serve({ part, before, quarantine }: ServeOrders): Promise<void> {
  const parts = PARTS[part]
  const given = takeConfig()
  const config = { ...given, port: before?.port || given.port }
  if (parts.web) await assertPortFree(config.port)
  const building = parts.web ? findScreen(before, config) : Promise.resolve(null)
  // It is awaited further down; until then its failure must not end the process.
  building.catch(() => {})
  const tried = before?.faults ?? null
  const { course, databaseUrl, faults } = await prepare(config, { migrate: parts.demo, tried })
  try {
    const screen = await building
    const hasServed = before !== null
    const open = () => openKernel({ config, databaseUrl, screen, report, faults, quarantine, hasServed })
    const kernel = await course.begin(open, (each) => each.close())
    await course.begin(
      () => supervised(kernel, config),
      (end) => end(),
    )
    const at = await begin(kernel, parts, { config, course, isFirst: before === null })
    const ready: Said = { faults, port: at?.port ?? 0 }
    process.send?.(ready)
    if (at) greet(config.url ?? at.address, at.demo)
    else console.log('Weft works.')
  } catch (error) {
    return course.fail(error)
  }
}
