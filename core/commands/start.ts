/** Running processes: everything in one, or web and worker apart. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { takeConfig } from '../config.ts'
import { StartFault, codeOf } from '../fault.ts'
import { buildServer } from '../http/server.ts'
import { type Kernel, openKernel } from '../kernel.ts'
import { ensureDemo, type DemoLogin } from './demo.ts'
import { prepare } from './preparation.ts'
import { prepareScreen } from './screen.ts'

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

async function listen(kernel: Kernel, port: number): Promise<{ address: string; close: () => Promise<void> }> {
  const app = await buildServer(kernel.services)
  try {
    await app.listen({ port, host: HOST })
  } catch (error) {
    throw portFault(port, error)
  }
  const found = app.server.address()
  const chosen = typeof found === 'object' ? found?.port : port
  return { address: `http://localhost:${chosen}`, close: () => app.close() }
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

export const start = {
  usage: 'start',
  summary:
    'Starts PostgreSQL where none is given, migrates, makes the demo tenant, serves the web and runs the worker.',
  run: () => serve({ web: true, worker: true, demo: true }),
}
export const web = {
  usage: 'web',
  summary: 'Serves the web only; run `migrate` first.',
  run: () => serve({ web: true, worker: false, demo: false }),
}
export const worker = {
  usage: 'worker',
  summary: 'Runs handlers and scheduled work only; run `migrate` first.',
  run: () => serve({ web: false, worker: true, demo: false }),
}

async function serve(parts: { web: boolean; worker: boolean; demo: boolean }): Promise<void> {
  const config = takeConfig()
  if (parts.web) await assertPortFree(config.port)
  const building = parts.web ? prepareScreen(config.plugins) : Promise.resolve(null)
  // It is awaited further down; until then its failure must not end the process.
  building.catch(() => {})
  const { course, databaseUrl } = await prepare(config, { migrate: parts.demo })
  try {
    const screen = await building
    const open = () => openKernel({ config, databaseUrl, screen, report })
    const kernel = await course.begin(open, (each) => each.close())
    const demo = parts.demo ? await ensureDemo(kernel, config) : null
    if (parts.worker) await kernel.worker.start()
    if (!parts.web) return console.log('Weft works.')
    const { address } = await course.begin(
      () => listen(kernel, config.port),
      (each) => each.close(),
    )
    greet(config.url ?? address, demo)
  } catch (error) {
    return course.fail(error)
  }
}
