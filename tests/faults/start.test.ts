/** What an operator may get wrong ends in one sentence that says what to mend, and leaves nothing behind. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { SECRET } from '../support/settings.ts'
import { startOldPostgres } from './old-postgres.ts'
import { Folders, run, type Settings } from './program.ts'

const folders = new Folders()
const OTHER_SECRET = 'the secret of another installation, also long enough'

/** The sentence with which a command ends. */
async function faultOf(words: readonly string[], settings: Settings): Promise<string> {
  const { code, signal, err } = await run(words, { WEFT_DATA_DIR: folders.path('plain'), ...settings }).ended
  expect({ code, signal }, err).toEqual({ code: 1, signal: null })
  expect(err, 'one line').toMatch(/^[^\n]+\.\n$/)
  expect(err, 'no stack, no log').not.toMatch(/ at .+:\d+|^\{|Warning/)
  return err.trim()
}

const tenant = (slug: string, email = 'a@b.example', password = 'a password of some length') => [
  'tenant',
  'create',
  '--slug',
  slug,
  '--name',
  'T',
  '--admin-email',
  email,
  '--admin-password',
  password,
]

describe.concurrent('an operator who', { timeout: 120_000 }, () => {
  let database: TestDatabase
  /** Without any table, with a login that owns it and may do nothing else. */
  const bare = { name: `weft_test_${randomBytes(6).toString('hex')}`, password: 'hunter2' }
  let server: Client
  const urlTo = (name: string) => Object.assign(new URL(inject('ownerUrl')), { pathname: `/${name}` })

  beforeAll(async () => {
    database = await createTestDatabase()
    server = new Client({ connectionString: inject('ownerUrl') })
    await server.connect()
    await server.query(`create role ${bare.name} login password '${bare.password}'`)
    await server.query(`create database ${bare.name} owner ${bare.name}`)
  })
  afterAll(async () => {
    await server.query(`drop database ${bare.name} with (force)`)
    await server.query(`drop role ${bare.name}`)
    await server.end()
    await database.drop()
    folders.remove(['plain', 'damaged'])
  })

  test.each([
    [['frobnicate'], {}, "There is no command 'frobnicate': npm run weft -- help lists them."],
    [
      ['start', '--port'],
      {},
      "'start' takes no words like '--port': what can be set is set by the environment (README.md).",
    ],
    [['start'], { PORT: '80a' }, 'PORT must be a number from 0 to 65535, not "80a".'],
    [['start'], { WEFT_SECRET: 'short' }, 'WEFT_SECRET must have at least 32 characters, it has 5.'],
    [
      ['tenant', 'quota', '--slug', 'a', '--members', 'many'],
      {},
      '--members must be a number from 1 to 2147483647, not "many".',
    ],
    [['tenant', 'create', '--slug', 'a'], {}, '--name and --admin-email and --admin-password are missing.'],
  ])('writes %j with %j', async (words, settings, sentence) => {
    expect(await faultOf(words, settings)).toBe(sentence)
  })

  test('takes a busy port', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    expect(await faultOf(['start'], { PORT: `${port}` })).toBe(
      `Port ${port} is in use: end what listens there, or set PORT to another one.`,
    )
    other.close()
  })

  test('names a database that cannot be reached', async () => {
    const sentence = await faultOf(['worker'], { DATABASE_URL: 'postgresql://a:hunter2@127.0.0.1:1/weft' })
    expect(sentence).toBe('DATABASE_URL: cannot reach 127.0.0.1:1: nothing listens there.')
  })

  test('names a server that is too old', async () => {
    const old = await startOldPostgres(140_009)
    const sentence = await faultOf(['migrate'], { DATABASE_URL: `postgresql://a:b@127.0.0.1:${old.port}/weft` })
    expect(sentence).toBe('PostgreSQL 14 is too old: Weft needs 15 or later.')
    old.server.close()
  })

  test('gives a login that may not make roles', async () => {
    const url = Object.assign(urlTo(bare.name), { username: bare.name, password: bare.password })
    const sentence = await faultOf(['migrate'], { DATABASE_URL: url.href, WEFT_SECRET: OTHER_SECRET })
    expect(sentence).toMatch(/may not create roles/)
    expect(sentence).not.toContain(bare.password)
  })

  test('runs `web` before `migrate`', async () => {
    expect(await faultOf(['web'], { DATABASE_URL: urlTo(bare.name).href, PORT: '0' })).toMatch(/is not prepared/)
  })

  test.each(['migrate', 'worker'])('runs `%s` with the secret of another installation', async (command) => {
    const sentence = await faultOf([command], { DATABASE_URL: database.ownerUrl, WEFT_SECRET: OTHER_SECRET })
    expect(sentence).toMatch(/WEFT_SECRET is not the secret that .+ was made with\.$/)
  })

  test.each([
    ['a bad e-mail', tenant('fresh', 'nobody'), '--admin-email has not the right form.'],
    ['a short password', tenant('fresh', 'a@b.example', 'short'), '--admin-password is too short.'],
    ['a reserved slug', tenant('admin'), '--slug is a name that Weft itself uses.'],
  ])('makes a tenant with %s', async (_name, words, sentence) => {
    expect(await faultOf(words, { DATABASE_URL: database.ownerUrl, WEFT_SECRET: SECRET })).toBe(sentence)
  })

  test.each(['clients', 'Gifts', 'two--hyphens', '../elsewhere', 'interactions'])(
    'makes a plugin called %s',
    async (id) => {
      expect(await faultOf(['plugin', 'new', id], {})).toMatch(/cannot be called|There is a plugin .* already/)
    },
  )

  test('makes a tenant twice', async () => {
    const settings = { DATABASE_URL: database.ownerUrl, WEFT_SECRET: SECRET, WEFT_DATA_DIR: folders.path('plain') }
    const first = await run(tenant('twice'), settings).ended
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(await faultOf(tenant('twice'), settings)).toBe('--slug is taken.')
  })

  test('has a damaged data folder', async () => {
    const settings = { WEFT_DATA_DIR: folders.path('damaged') }
    const made = await run(['migrate'], settings).ended
    expect(made).toMatchObject({ code: 0, err: '' })
    const folder = join(folders.path('damaged'), 'postgres')
    writeFileSync(join(folder, 'global/pg_control'), 'x'.repeat(8192))
    const sentence = await faultOf(['worker'], settings)
    expect(sentence).toContain(`The database in ${folder} does not start: `)
    expect(folders.postmaster('damaged')).toBeNull()
  })
})
