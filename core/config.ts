/** The only reader of process.env: every variable that Weft knows, typed and judged once at start. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartFault } from './fault.ts'
import { makeFolder } from './folder.ts'
import { keepSecret } from './secret-file.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface Config {
  /** TCP port of the web server, 0 for any free one (PORT, default 3000). */
  readonly port: number
  /** Absolute path of the folder of database, files and secret (WEFT_DATA_DIR, default `.data` in the clone). */
  readonly dataDir: string
  /** Public address without a slash at its end, e.g. `https://crm.example.org` (WEFT_URL). */
  readonly url: string | null
  /** The demo tenant's administrator (WEFT_ADMIN_EMAIL, WEFT_ADMIN_PASSWORD); null is generated. */
  readonly adminEmail: string | null
  readonly adminPassword: string | null
  /** At least 32 characters (WEFT_SECRET, else kept in `<dataDir>/secret`). */
  readonly secret: string
  /** Absolute paths of further plugin folders, each with a manifest.json (WEFT_PLUGINS, comma-separated). */
  readonly plugins: readonly string[]
  /** PostgreSQL of the operator (DATABASE_URL); null is Weft's own server. */
  readonly databaseUrl: string | null
  /** The login that may make roles and tables (DATABASE_OWNER_URL, default DATABASE_URL). */
  readonly databaseOwnerUrl: string | null
  /** How many connections this process holds at most for its requests and its work (DATABASE_CONNECTIONS, default 24). */
  readonly databaseConnections: number
  /** How many MB of memory a serving process may take (WEFT_MEMORY); null is what the machine and Node allow. */
  readonly memoryMb: number | null
  /** The browser that `plugin check` looks with (CHROMIUM); null is where one usually stands. */
  readonly chromium: string | null
  readonly redisUrl: string | null
  readonly s3Url: string | null
  readonly smtpUrl: string | null
  /** Identity providers may be called at loopback addresses without TLS: for tests alone, so no variable sets it. */
  readonly localProviders?: boolean
}

/** The folder of the clone: the parent of `core`. */
const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * Reads and judges the environment; an empty variable counts as unset. Makes the data folder (mode 0700) and, when
 * WEFT_SECRET is unset, the secret in it. Throws StartFault at the first bad value, never quoting a password.
 */
export function readConfig(env: Environment = process.env): Config {
  const read = (name: string) => env[name]?.trim() || null
  const databaseUrl = readUrl(read, 'DATABASE_URL', ['postgres', 'postgresql'])
  const ownerUrl = readUrl(read, 'DATABASE_OWNER_URL', ['postgres', 'postgresql'])
  if (ownerUrl !== null && databaseUrl === null) {
    throw new StartFault('DATABASE_OWNER_URL is set without DATABASE_URL: set both or none.')
  }
  const settings = {
    port: readWhole('PORT', read, { min: 0, max: 65_535, else: 3000 }),
    url: readUrl(read, 'WEFT_URL', ['http', 'https'])?.replace(/\/+$/, '') ?? null,
    adminEmail: readEmail(read('WEFT_ADMIN_EMAIL')),
    // A password may begin or end with a space, so it is taken as it stands.
    adminPassword: env['WEFT_ADMIN_PASSWORD'] || null,
    plugins: readFolders(read('WEFT_PLUGINS')),
    databaseUrl,
    databaseOwnerUrl: ownerUrl ?? databaseUrl,
    databaseConnections: readWhole('DATABASE_CONNECTIONS', read, { min: 6, max: 1_000, else: 24 }),
    chromium: read('CHROMIUM'),
    memoryMb: readWhole('WEFT_MEMORY', read, { min: 256, max: 1_048_576, else: null }),
    redisUrl: readUrl(read, 'REDIS_URL', ['redis', 'rediss']),
    s3Url: readS3Url(read),
    smtpUrl: readUrl(read, 'SMTP_URL', ['smtp', 'smtps']),
  }
  const dataDir = resolve(read('WEFT_DATA_DIR') ?? join(root, '.data'))
  makeFolder(dataDir)
  return { ...settings, dataDir, secret: readSecret(read('WEFT_SECRET'), dataDir) }
}

const SECRETS = [
  'WEFT_SECRET',
  'WEFT_ADMIN_PASSWORD',
  'DATABASE_URL',
  'DATABASE_OWNER_URL',
  'REDIS_URL',
  'S3_URL',
  'SMTP_URL',
]

/** Reads the environment and takes the secrets out of it: plugin code runs in this process. */
export function takeConfig(): Config {
  const config = readConfig()
  for (const name of SECRETS) delete process.env[name]
  return config
}

/** What a foreign program (PostgreSQL, npm) needs of the environment: never a password or secret of ours. */
export function programEnvironment(env: Environment = process.env): Record<string, string> {
  const names = ['PATH', 'Path', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'NODE_COMPILE_CACHE']
  const kept = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))
  // LC_ALL=C keeps PostgreSQL's messages in English whatever the operator's language.
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' }
}

function readWhole<Else extends number | null>(
  name: string,
  read: (name: string) => string | null,
  bounds: { readonly min: number; readonly max: number; readonly else: Else },
): number | Else {
  const value = read(name)
  if (value === null) return bounds.else
  const number = Number(value)
  if (/^\d+$/.test(value) && number >= bounds.min && number <= bounds.max) return number
  throw new StartFault(`${name} must be a number from ${bounds.min} to ${bounds.max}, not ${JSON.stringify(value)}.`)
}

function readUrl(read: (name: string) => string | null, name: string, schemes: readonly string[]): string | null {
  const value = read(name)
  if (value === null) return null
  const url = URL.parse(value)
  // The value may hold a password, so it is not repeated.
  if (url !== null && schemes.includes(url.protocol.slice(0, -1))) return value
  const forms = schemes.map((scheme) => `${scheme}://`).join(' or ')
  throw new StartFault(`${name} is not an address that begins with ${forms}.`)
}

/** Where files lie in an object store. */
export interface S3Address {
  /** Scheme, host and port. */
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  readonly key: string
  readonly secret: string
}

/**
 * Reads `s3://key:secret@host[:port]/bucket?region=eu-west-3&tls=false`, or the same with `https` or `http`.
 * @throws StartFault that never quotes it
 */
export function readS3Address(value: string): S3Address {
  const url = new URL(value)
  const { searchParams, host } = url
  const bucket = decodeURIComponent(url.pathname).replace(/^[/]|[/]$/g, '')
  const isPlain = url.protocol === 'http:' || (url.protocol === 's3:' && searchParams.get('tls') === 'false')
  if (!host || !url.username || !url.password || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new StartFault('S3_URL has not the form s3://key:secret@host/bucket?region=eu-west-3.')
  }
  return {
    endpoint: `${isPlain ? 'http' : 'https'}://${host}`,
    bucket,
    region: searchParams.get('region') ?? 'us-east-1',
    key: decodeURIComponent(url.username),
    secret: decodeURIComponent(url.password),
  }
}

function readS3Url(read: (name: string) => string | null): string | null {
  const value = readUrl(read, 'S3_URL', ['s3', 'http', 'https'])
  if (value !== null) readS3Address(value)
  return value
}

function readEmail(value: string | null): string | null {
  if (value === null || /^[^\s@]+@[^\s@]+$/.test(value)) return value
  throw new StartFault(`WEFT_ADMIN_EMAIL must be an e-mail address, not ${JSON.stringify(value)}.`)
}

function readFolders(value: string | null): string[] {
  const folders = (value ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [resolve(part.trim())]))
  for (const folder of folders) {
    if (existsSync(join(folder, 'manifest.json'))) continue
    throw new StartFault(`WEFT_PLUGINS: there is no manifest.json in ${folder}.`)
  }
  return [...new Set(folders)]
}

function readSecret(value: string | null, dataDir: string): string {
  if (value === null) return keepSecret(join(dataDir, 'secret'))
  if (value.length >= 32) return value
  throw new StartFault(`WEFT_SECRET must have at least 32 characters, it has ${value.length}.`)
}
