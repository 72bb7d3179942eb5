/**
 * `npm run test:deletion`: a plugin is a folder that can be deleted, and added. In a copy of the repository one is deleted,
 * also from under a database that holds its tables, and a new one made; everything generates, compiles, boots, serves and
 * passes its tests.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { chromium } from 'playwright-core'
import { openServer } from '../../core/data/server.ts'
import { ROOT } from '../../core/host/catalogue.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { demandChromium } from '../../core/commands/conformance/chromium.ts'
import { PASSWORD, SECRET } from '../support/settings.ts'

const EMAIL = 'admin@demo.example'
/** Whether `plugin check` finds what it looks for does not hang on which plugins are there. */
const HOUSE = ['tests/house', '--exclude', 'tests/house/check.test.ts']
const NOT_COPIED = ['node_modules', '.git', '.build', '.data', 'coverage']

const began = Date.now()
const say = (line: string) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`)

function copyWithout(plugin: string, folder: string): string {
  const copy = join(folder, `without-${plugin}`)
  cpSync(ROOT, copy, {
    recursive: true,
    filter: (path) => !NOT_COPIED.includes(basename(path)) && path !== join(ROOT, 'plugins', plugin),
  })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction')
  return copy
}

/** Tests of the core that name a plugin have to pass without it. */
function testsNaming(plugin: string, copy: string): string[] {
  const files = readdirSync(join(copy, 'core'), { recursive: true, encoding: 'utf8' })
  const tests = files.filter((file) => file.endsWith('.test.ts')).map((file) => join('core', file))
  return tests.filter((file) => readFileSync(join(copy, file), 'utf8').includes(plugin))
}

/** @throws Error with what the program said */
function run(copy: string, words: readonly string[], env: Record<string, string> = {}): void {
  const options = { cwd: copy, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', ...env } } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, words, options)
  if (status !== 0) throw new Error(`${words.join(' ')} failed:\n${stdout.slice(-4000)}${stderr.slice(-4000)}`)
  say(words.join(' '))
}

/** A database with the tables of every shipped plugin. */
async function createDatabase(ownerUrl: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `weft_deletion_${process.pid}_${Date.now()}`
  const server = new Client({ connectionString: ownerUrl })
  await server.connect()
  await server.query(`create database ${name}`)
  const url = new URL(ownerUrl)
  url.pathname = `/${name}`
  const { described } = await describePlugins([])
  await migrateDatabase({ ownerUrl: url.href, secret: SECRET, described })
  return {
    url: url.href,
    async drop() {
      await server.query(`drop database if exists ${name} with (force)`)
      await server.end()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

async function awaitReady(child: ChildProcess, address: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(100)) {
    if (child.exitCode !== null) throw new Error(`It ended with code ${child.exitCode}.`)
    const ready = await fetch(`${address}/health/ready`).catch(() => null)
    if (ready?.ok) return
  }
  throw new Error('It was not ready within a minute.')
}

type Send = (path: string, body?: unknown) => Promise<{ status: number; body: { id: string } }>

async function signIn(address: string): Promise<Send> {
  let cookie = ''
  const send = async (path: string, body?: unknown) => {
    const headers = { origin: address, cookie, ...(body ? { 'content-type': 'application/json' } : {}) }
    const asked = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers }
    const reply = await fetch(`${address}${path}`, asked)
    cookie ||= (reply.headers.get('set-cookie') ?? '').split(';')[0] as string
    const isJson = reply.headers.get('content-type')?.includes('json')
    return { status: reply.status, body: (isJson ? await reply.json() : {}) as { id: string } }
  }
  await send('/api/session', { email: EMAIL, password: PASSWORD })
  return send
}

/** Asks each path for its status. */
async function assertServes(send: Send, expected: Record<string, number>): Promise<void> {
  for (const [path, wanted] of Object.entries(expected)) {
    const { status } = await send(path)
    if (status !== wanted) throw new Error(`${path} answered ${status} instead of ${wanted}.`)
  }
}

/** The tab of a new plugin, in a real browser: nothing there, then the row that was added. */
async function assertShows(address: string, send: Send, plugin: string, title: string): Promise<void> {
  const { body: client } = await send('/api/clients', { type: 'person', lastName: 'Lovelace' })
  const executablePath = demandChromium(process.env.CHROMIUM)
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage({ baseURL: address, locale: 'en-GB' })
    await page.goto('/')
    await page.getByLabel('E-mail').fill(EMAIL)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { level: 1, name: 'Clients' }).waitFor()
    await page.goto(`/clients/${client.id}`)
    await page.getByRole('tab', { name: title }).click()
    await page.getByText('Nothing here yet.').waitFor()
    await send(`/api/${plugin}`, { clientId: client.id, title: 'A vase', date: '2026-06-20' })
    await page.reload()
    await page.getByRole('tab', { name: title }).click()
    await page.getByText('A vase, ').waitFor()
  } finally {
    await browser.close()
  }
  say(`the widget of ${plugin} in Chromium`)
}

/** Starts the whole program, screen included, and ends it in good order. */
async function boot(
  copy: string,
  databaseUrl: string,
  assert: (address: string, send: Send) => Promise<void>,
): Promise<void> {
  const port = await freePort()
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    WEFT_SECRET: SECRET,
    WEFT_DATA_DIR: join(copy, '.data'),
    WEFT_ADMIN_EMAIL: EMAIL,
    WEFT_ADMIN_PASSWORD: PASSWORD,
  }
  const child = spawn(process.execPath, ['core/main.ts', 'start'], {
    cwd: copy,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk))
  const ended = once(child, 'exit')
  try {
    const address = `http://127.0.0.1:${port}`
    await awaitReady(child, address)
    await assert(address, await signIn(address))
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${Buffer.concat(said).toString().slice(-4000)}`, { cause: error })
  } finally {
    child.kill('SIGTERM')
    await ended
  }
  if (child.exitCode !== 0) throw new Error(`It ended with code ${child.exitCode} after SIGTERM.`)
  say('start, sign in, requests, stop')
}

async function check(folder: string, ownerUrl: string): Promise<void> {
  const { url, drop } = await createDatabase(ownerUrl)
  try {
    const without = copyWithout('interactions', folder)
    say('a copy without interactions')
    run(without, ['core/main.ts', 'generate'])
    run(without, ['.ci/check.mjs', 'typecheck'])
    const expected = { '/api/clients': 200, '/api/interactions': 404, '/api/ui': 200, '/': 200 }
    await boot(without, url, (_, send) => assertServes(send, expected))
    run(without, ['node_modules/vitest/vitest.mjs', 'run', ...testsNaming('interactions', without), ...HOUSE], {
      DATABASE_URL: ownerUrl,
    })
    const single = copyWithout('couple', folder)
    say('a copy without couple')
    run(single, ['core/main.ts', 'plugin', 'new', 'wedding-gifts'], { DATABASE_URL: url, WEFT_SECRET: SECRET })
    run(single, ['core/main.ts', 'plugin', 'check', 'wedding-gifts'], { DATABASE_URL: ownerUrl, WEFT_SECRET: SECRET })
    run(single, ['.ci/check.mjs', 'typecheck'])
    run(single, ['node_modules/prettier/bin/prettier.cjs', '--check', 'plugins'])
    run(single, ['node_modules/vitest/vitest.mjs', 'run', ...HOUSE], { DATABASE_URL: ownerUrl })
    await boot(single, url, async (address, send) => {
      await assertServes(send, { '/api/clients': 200, '/api/interactions': 200, '/api/wedding-gifts': 200, '/': 200 })
      await assertShows(address, send, 'wedding-gifts', 'Wedding gifts')
    })
  } finally {
    await drop()
  }
}

const folder = mkdtempSync(join(tmpdir(), 'weft-deletion-'))
const server = await openServer({
  dataDir: join(folder, 'data'),
  databaseUrl: process.env.DATABASE_URL ?? null,
  log: () => {},
})
try {
  await check(folder, server.ownerUrl)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
