import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StartFault } from '../fault.ts'
import { type DatabaseServer, openServer } from './server.ts'

const log = () => {}
const base = mkdtempSync(join(tmpdir(), 'weft-server-'))
const dataDir = join(base, 'data')
const open = (folder = dataDir) => openServer({ dataDir: folder, databaseUrl: null, log })

afterAll(() => rmSync(base, { recursive: true, force: true }))

async function ask<T>(url: string, sql: string): Promise<T[]> {
  const client = new Client(url)
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const postmaster = (folder = dataDir) =>
  Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])

async function faultOf(opening: Promise<DatabaseServer>): Promise<string> {
  try {
    await (await opening).stop()
  } catch (error) {
    if (error instanceof StartFault) return error.message
    throw error
  }
  return 'started'
}

/** Another Weft process that opens the same folder and holds it until it is killed. */
async function otherProcess(): Promise<{ process: ChildProcess; url: string }> {
  const code = `import { openServer } from ${JSON.stringify(join(import.meta.dirname, 'server.ts'))}
    const server = await openServer({ dataDir: process.argv[1], databaseUrl: null, log() {} })
    console.log(server.ownerUrl)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = await once(createInterface(child.stdout!), 'line')
  return { process: child, url }
}

describe("Weft's own server", { timeout: 20_000 }, () => {
  let server: DatabaseServer
  beforeAll(async () => {
    server = await open()
    await ask(server.ownerUrl, 'create table kept (n int)')
  }, 30_000)
  afterAll(() => server.stop())

  test('it speaks UTF-8 in UTC and brings the collation and extensions that Weft needs', async () => {
    await ask(
      server.ownerUrl,
      'create extension pg_trgm; create extension unaccent; create extension btree_gin; create extension pgcrypto',
    )
    const [row] = await ask(
      server.ownerUrl,
      `select current_setting('server_encoding') encoding, current_setting('timezone') zone,
         current_setting('fsync') fsync,
         current_setting('data_checksums') checksums, lower('ÉCOLE') lower, unaccent('Éloïse') plain,
         (select string_agg(word, ' ' order by word collate "und-x-icu")
          from unnest('{zoé,été,eve}'::text[]) word) sorted`,
    )
    const [encoding, zone, fsync, checksums] = ['UTF8', 'UTC', 'on', 'on']
    expect(row).toEqual({ encoding, zone, fsync, checksums, lower: 'école', plain: 'Eloise', sorted: 'été eve zoé' })
  })

  test('it listens on the loopback only, asks for its generated password, and keeps both to their owner', async () => {
    const [row] = await ask(server.ownerUrl, 'select inet_server_addr()::text address, current_user as user')
    expect(row).toEqual({ address: '127.0.0.1/32', user: 'postgres' })
    const wrong = new URL(server.ownerUrl)
    wrong.password = 'postgres'
    await expect(ask(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/)
    const mode = (name: string) => statSync(join(dataDir, name)).mode & 0o777
    expect([mode('.'), mode('postgres'), mode('postgres.password'), mode('postgres.log')]).toEqual([
      0o700, 0o700, 0o600, 0o600,
    ])
  })

  test('a second opener shares the server and does not stop it', async () => {
    const second = await open()
    expect(second.ownerUrl).toBe(server.ownerUrl)
    await second.stop()
    await second.stop()
    expect(await ask(server.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('it outlives the stop of its starter while another process uses it, and the last one out stops it', async () => {
    const other = await otherProcess()
    expect(other.url).toBe(server.ownerUrl)
    await server.stop()
    expect(await ask(other.url, 'select 1 as one')).toEqual([{ one: 1 }])
    const pid = postmaster()
    other.process.kill('SIGKILL')
    await once(other.process, 'exit')
    server = await open()
    expect(postmaster(), 'the orphan is adopted').toBe(pid)
    await server.stop()
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false)
    server = await open()
  })

  test('a killed postmaster is replaced at once and no committed row is lost', async () => {
    for (const n of [1, 2, 3]) {
      await ask(server.ownerUrl, `insert into kept values (${n})`)
      process.kill(postmaster(), 'SIGKILL')
      const next = await open()
      await server.stop()
      server = next
    }
    expect(await ask(server.ownerUrl, 'select array_agg(n order by n) kept from kept')).toEqual([{ kept: [1, 2, 3] }])
  })

  test('the number of a dead server that another process has taken does not keep it from starting', async () => {
    await server.stop()
    const stale = [process.pid, '/nowhere', 1, 1, '', '127.0.0.1', '1 1', 'ready']
    writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), `${stale.join('\n')}\n`)
    server = await open()
    expect(await ask(server.ownerUrl, 'select count(*)::int rows from kept')).toEqual([{ rows: 3 }])
  })
})

describe('a folder that cannot be used', { timeout: 20_000 }, () => {
  test('openers at once on an empty folder make one cluster', async () => {
    const folder = join(base, 'race')
    const servers = await Promise.all([open(folder), open(folder), open(folder)])
    expect(new Set(servers.map((each) => each.ownerUrl)).size).toBe(1)
    await Promise.all(servers.map((each) => each.stop()))
    expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(false)
  })

  test.each([
    ['another major version', 'PG_VERSION', '12\n', /was made by PostgreSQL 12 and this machine has PostgreSQL \d+/],
    ['a broken version', 'PG_VERSION', '', /is damaged \(no valid PG_VERSION\): restore the folder from a backup/],
    ['a broken control file', 'global/pg_control', 'x'.repeat(8192), /does not start: .+; see .+postgres\.log\.$/],
    ['a broken configuration', 'postgresql.conf', 'nonsense', /does not start: .+; see .+postgres\.log\.$/],
    ['a broken catalogue', 'global/pg_filenode.map', 'x', /(does not start|is damaged): .+; see .+postgres\.log\.$/],
  ])('%s is refused in one sentence', async (_name, file, text, sentence) => {
    const folder = join(base, 'damaged')
    rmSync(folder, { recursive: true, force: true })
    cpSync(join(base, 'race'), folder, { recursive: true })
    writeFileSync(join(folder, 'postgres', file), text)
    const message = await faultOf(open(folder))
    expect(message).toMatch(sentence)
    expect(message).toContain(join(folder, 'postgres'))
    expect(message).not.toMatch(/\n|\/proc\//)
    expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(false)
  })

  test('a password file that was lost is named', async () => {
    const folder = join(base, 'locked')
    cpSync(join(base, 'race'), folder, { recursive: true })
    rmSync(join(folder, 'postgres.password'))
    expect(await faultOf(open(folder))).toContain(`refuses the password in ${join(folder, 'postgres.password')}`)
  })

  test('a file in place of the folder is named', async () => {
    writeFileSync(join(base, 'file'), '')
    expect(await faultOf(open(join(base, 'file')))).toMatch(/^Cannot make the folder .+\/file: /)
  })
})

describe('DATABASE_URL', { timeout: 20_000 }, () => {
  const reach = (databaseUrl: string) => openServer({ dataDir: '/nowhere', databaseUrl, log, patience: 300 })

  test('a server that answers is used and never stopped', async () => {
    const own = await open()
    const server = await reach(own.ownerUrl)
    expect(server).toMatchObject({ ownerUrl: own.ownerUrl, origin: 'url' })
    await server.stop()
    expect(await ask(own.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }])
    const wrong = own.ownerUrl.replace(/:[^:@]+@/, ':hunter2@')
    const message = await faultOf(reach(wrong))
    expect(message).toMatch(/^DATABASE_URL: 127\.0\.0\.1:\d+ refuses the connection: password authentication failed/)
    expect(message).not.toContain('hunter2')
    await own.stop()
  })

  test('a server that cannot be reached is named without its password', async () => {
    expect(await faultOf(reach('postgresql://a:hunter2@127.0.0.1:1/weft'))).toBe(
      'DATABASE_URL: cannot reach 127.0.0.1:1: nothing listens there.',
    )
  })

  test('a server older than 15 is refused', async () => {
    const old = createServer((socket) =>
      socket.on('error', () => {}).on('data', (bytes) => socket.write(answerAs14(bytes))),
    )
    old.listen(0, '127.0.0.1')
    await once(old, 'listening')
    const { port } = old.address() as { port: number }
    expect(await faultOf(reach(`postgresql://a:b@127.0.0.1:${port}/weft`))).toBe(
      'PostgreSQL 14 is too old: Weft needs 15 or later.',
    )
    old.close()
  })
})

/** The few messages of PostgreSQL's protocol that one login and one question for the version need. */
function answerAs14(bytes: Buffer): Buffer {
  const message = (kind: string, body: Buffer) => {
    const head = Buffer.alloc(5)
    head.write(kind)
    head.writeInt32BE(body.length + 4, 1)
    return Buffer.concat([head, body])
  }
  const ready = message('Z', Buffer.from('I'))
  if (bytes[0] === 0) return Buffer.concat([message('R', Buffer.alloc(4)), ready])
  if (bytes[0] !== 'Q'.charCodeAt(0)) return Buffer.alloc(0)
  const int4 = 23
  const column = Buffer.from([
    0,
    1,
    ...Buffer.from('number\0'),
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    int4,
    0,
    4,
    255,
    255,
    255,
    255,
    0,
    0,
  ])
  const row = Buffer.from([0, 1, 0, 0, 0, 6, ...Buffer.from('140009')])
  return Buffer.concat([message('T', column), message('D', row), message('C', Buffer.from('SELECT 1\0')), ready])
}
