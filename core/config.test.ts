import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { programEnvironment, readConfig, readS3Address } from './config.ts'
import { StartFault } from './fault.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (env: Record<string, string>) => readConfig({ WEFT_DATA_DIR: folder, ...env })
const refused = (env: Record<string, string>) => {
  try {
    read(env)
  } catch (error) {
    if (error instanceof StartFault) return error.message
    throw error
  }
  return 'accepted'
}

test('an empty environment gives a whole configuration', () => {
  expect(read({})).toEqual({
    port: 3000,
    dataDir: folder,
    url: null,
    adminEmail: null,
    adminPassword: null,
    secret: expect.stringMatching(/^[\w-]{43}$/),
    plugins: [],
    databaseUrl: null,
    databaseOwnerUrl: null,
    databaseConnections: 24,
    memoryMb: null,
    chromium: null,
    redisUrl: null,
    s3Url: null,
    smtpUrl: null,
  })
})

test('empty variables count as unset', () => {
  expect(read({ PORT: '', WEFT_SECRET: ' ', DATABASE_URL: '', WEFT_PLUGINS: '' })).toEqual(read({}))
})

test('the secret is made once, for its owner only, and kept', () => {
  const dataDir = join(folder, 'deep', 'data')
  const first = read({ WEFT_DATA_DIR: dataDir }).secret
  expect(read({ WEFT_DATA_DIR: dataDir }).secret).toBe(first)
  expect(readFileSync(join(dataDir, 'secret'), 'utf8').trim()).toBe(first)
  expect(statSync(join(dataDir, 'secret')).mode & 0o777).toBe(0o600)
  expect(statSync(dataDir).mode & 0o777).toBe(0o700)
})

test('a given secret is taken as it is and leaves no file', () => {
  const secret = 'x'.repeat(32)
  expect(read({ WEFT_SECRET: secret }).secret).toBe(secret)
  expect(existsSync(join(folder, 'secret'))).toBe(false)
  expect(refused({ WEFT_SECRET: 'short' })).toBe('WEFT_SECRET must have at least 32 characters, it has 5.')
})

test('a truncated secret file is refused instead of used', () => {
  writeFileSync(join(folder, 'secret'), 'abc\n')
  expect(refused({})).toBe(`The secret in ${join(folder, 'secret')} is damaged: it has fewer than 32 characters.`)
})

test.each(['-1', '65536', '3e3', '0x50', '80 81', 'http'])('PORT=%s is refused', (port) => {
  expect(refused({ PORT: port })).toBe(`PORT must be a number from 0 to 65535, not "${port}".`)
})

test('a process holds as many connections as it is told, and never too few to work', () => {
  expect(read({ DATABASE_CONNECTIONS: '6' }).databaseConnections).toBe(6)
  const sentence = (value: string) => `DATABASE_CONNECTIONS must be a number from 6 to 1000, not "${value}".`
  for (const value of ['5', '1001', 'many']) expect(refused({ DATABASE_CONNECTIONS: value })).toBe(sentence(value))
})

test('the public address loses its slash at the end', () => {
  expect(read({ WEFT_URL: 'https://crm.example.org/' }).url).toBe('https://crm.example.org')
  expect(refused({ WEFT_URL: 'crm.example.org' })).toBe(
    'WEFT_URL is not an address that begins with http:// or https://.',
  )
})

test.each([
  ['s3://key:se%2Fcret@s3.example.com/files?region=eu-west-3', 'https://s3.example.com', 'eu-west-3'],
  ['s3://key:se%2Fcret@127.0.0.1:9000/files?tls=false', 'http://127.0.0.1:9000', 'us-east-1'],
  ['https://key:se%2Fcret@s3.example.com:8443/files/', 'https://s3.example.com:8443', 'us-east-1'],
])('S3_URL %s leads to %s', (value, endpoint, region) => {
  expect(readS3Address(value)).toEqual({ endpoint, region, bucket: 'files', key: 'key', secret: 'se/cret' })
})

test.each(['s3://host/files', 's3://key:hush@host/', 's3://key:hush@host/a/b', 's3://key:hush@host/UPPER'])(
  'S3_URL %s is refused without showing it',
  (value) => {
    expect(() => readS3Address(value)).toThrow(/^S3_URL has not the form/)
  },
)

test.each(['DATABASE_URL', 'REDIS_URL', 'S3_URL', 'SMTP_URL'])('a bad %s is refused without showing it', (name) => {
  const message = refused({ [name]: 'mysql://root:hunter2@db/x' })
  expect(message).toMatch(new RegExp(`^${name} is not an address that begins with `))
  expect(message).not.toContain('hunter2')
})

test('the owner of the database is its user unless another is named', () => {
  const databaseUrl = 'postgresql://app:a@db/weft'
  const databaseOwnerUrl = 'postgres://owner:b@db/weft'
  expect(read({ DATABASE_URL: databaseUrl })).toMatchObject({ databaseUrl, databaseOwnerUrl: databaseUrl })
  const both = { DATABASE_URL: databaseUrl, DATABASE_OWNER_URL: databaseOwnerUrl }
  expect(read(both)).toMatchObject({ databaseUrl, databaseOwnerUrl })
  expect(refused({ DATABASE_OWNER_URL: databaseOwnerUrl })).toBe(
    'DATABASE_OWNER_URL is set without DATABASE_URL: set both or none.',
  )
})

test('plugin folders are absolute, listed once, and have a manifest', () => {
  const plugin = join(folder, 'seating')
  mkdirSync(plugin)
  expect(refused({ WEFT_PLUGINS: plugin })).toBe(`WEFT_PLUGINS: there is no manifest.json in ${plugin}.`)
  writeFileSync(join(plugin, 'manifest.json'), '{}')
  expect(read({ WEFT_PLUGINS: ` ${plugin} ,, ${plugin}/` }).plugins).toEqual([plugin])
})

test("the administrator's password keeps its spaces and the e-mail must be one", () => {
  expect(read({ WEFT_ADMIN_PASSWORD: ' a b ' }).adminPassword).toBe(' a b ')
  expect(read({ WEFT_ADMIN_EMAIL: ' a@b.fr ' }).adminEmail).toBe('a@b.fr')
  expect(refused({ WEFT_ADMIN_EMAIL: 'admin' })).toBe('WEFT_ADMIN_EMAIL must be an e-mail address, not "admin".')
})

test('a data folder that cannot be made is refused with the reason', () => {
  writeFileSync(join(folder, 'file'), '')
  expect(refused({ WEFT_DATA_DIR: join(folder, 'file') })).toBe(
    `Cannot make the folder ${join(folder, 'file')}: there is a file where a folder should be.`,
  )
})

test('a refused environment leaves no data folder behind', () => {
  const dataDir = join(folder, 'data')
  expect(refused({ WEFT_DATA_DIR: dataDir, PORT: 'x' })).toMatch(/^PORT/)
  expect(existsSync(dataDir)).toBe(false)
})

test('foreign programs get no secret of ours', () => {
  const environment = programEnvironment({ PATH: '/bin', WEFT_SECRET: 's', DATABASE_URL: 'd', LANG: 'fr_FR.UTF-8' })
  expect(environment).toEqual({ PATH: '/bin', LC_ALL: 'C', TZ: 'UTC' })
})
