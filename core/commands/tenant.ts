/** Makes a tenant with its administrator, and says how much it may take; also beside a running server. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { LEAST, type Quotas, setQuotas } from '../access/quotas.ts'
import { takeConfig } from '../config.ts'
import { Problem } from '../contract.ts'
import { type Database, openDatabase } from '../data/database.ts'
import { StartFault } from '../fault.ts'
import { assertTenant, createTenant, type TenantInput } from '../tenancy/directory.ts'
import { prepare } from './preparation.ts'

const OPTIONS = {
  slug: { type: 'string' },
  name: { type: 'string' },
  'admin-email': { type: 'string' },
  'admin-password': { type: 'string' },
  'admin-name': { type: 'string' },
  language: { type: 'string' },
  country: { type: 'string' },
} as const

const REASONS: Record<string, string> = {
  unique: 'is taken',
  reserved: 'is a name that Weft itself uses',
  format: 'has not the right form',
  pattern: 'has not the right form',
  minLength: 'is too short',
}

const QUOTAS = {
  slug: { type: 'string' },
  requests: { type: 'string' },
  members: { type: 'string' },
  files: { type: 'string' },
} as const

function parse<const T extends ParseArgsConfig['options']>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values
  } catch (error) {
    throw new StartFault((error as Error).message)
  }
}

function assertGiven(values: object, names: readonly string[]): void {
  const missing = names.filter((name) => !(values as Record<string, unknown>)[name])
  if (missing.length > 0)
    throw new StartFault(`--${missing.join(' and --')} ${missing.length > 1 ? 'are' : 'is'} missing.`)
}

function readOptions(args: readonly string[]) {
  const values = parse(args, OPTIONS)
  assertGiven(values, ['slug', 'name', 'admin-email', 'admin-password'])
  return values as typeof values & { slug: string; name: string; 'admin-email': string; 'admin-password': string }
}

/** @throws StartFault for what is no quota */
function readChange(given: Readonly<Record<string, string | undefined>>): Partial<Quotas> {
  const names = Object.keys(LEAST) as (keyof Quotas)[]
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = given[name]
      if (value === undefined) return []
      const most = name === 'files' ? Number.MAX_SAFE_INTEGER : 2_147_483_647
      if (/^\d+$/.test(value) && Number(value) >= LEAST[name] && Number(value) <= most) return [[name, Number(value)]]
      throw new StartFault(`--${name} must be a number from ${LEAST[name]} to ${most}, not ${JSON.stringify(value)}.`)
    }),
  )
}

/** @throws Problem for what no tenant may be, before anything is started for it */
function inputOf(given: ReturnType<typeof readOptions>): TenantInput {
  const { slug, name, language = 'en', country, 'admin-email': email, 'admin-password': password } = given
  const admin = { email, name: given['admin-name'] ?? (email.split('@')[0] as string), password }
  const input = { slug, name, language, ...(country ? { country } : {}), admin }
  assertTenant(input)
  return input
}

async function within(work: (database: Database) => Promise<void>): Promise<void> {
  const config = takeConfig()
  const { course, databaseUrl } = await prepare(config, { migrate: true })
  try {
    const open = () => openDatabase(databaseUrl, config.secret, config.databaseConnections)
    const { database } = await course.begin(open, (each) => each.database.close())
    await work(database)
  } catch (error) {
    return course.fail(error)
  }
  await course.end()
}

const create = (input: TenantInput): Promise<void> =>
  within(async (database) => {
    const { tenant: made, user } = await createTenant(database, input)
    console.log(`The tenant '${made.slug}' is made; ${user.email} can sign in.`)
    if (!user.isNew) console.log('This user was here already and keeps the password.')
  })

function limit(args: readonly string[]): Promise<void> {
  const given = parse(args, QUOTAS)
  assertGiven(given, ['slug'])
  const { slug = '' } = given
  const change = readChange(given)
  return within(async (database) => {
    const quotas = await setQuotas(database, slug, change)
    if (!quotas) throw new StartFault(`There is no tenant '${slug}'.`)
    console.log(`'${slug}' may have ${quotas.members} members and keep ${quotas.files} bytes of files.`)
    console.log(`It may ask ${quotas.requests} times a minute of each process, one member half as often.`)
  })
}

function explain(error: unknown): unknown {
  if (!(error instanceof Problem)) return error
  const [first] = error.errors
  const option = (first?.path ?? '')
    .slice(1)
    .replace('/', '-')
    .replace(/^password$/, 'admin-password')
  return new StartFault(
    `--${option} ${REASONS[first?.code ?? ''] ?? `is not accepted (${first?.code ?? error.code})`}.`,
  )
}

export const tenant = {
  usage:
    'tenant create --slug <slug> --name <name> --admin-email <email> --admin-password <password> | tenant quota --slug <slug>',
  summary:
    'Makes a tenant; its administrator can sign in at once, and every plugin is on. Also --admin-name, --language, --country. Or says what a tenant may take, and changes it by --requests (a minute), --members, --files (bytes).',
  async run([action, ...args]: readonly string[]): Promise<void> {
    try {
      if (action === 'create') await create(inputOf(readOptions(args)))
      else if (action === 'quota') await limit(args)
      else throw new StartFault(`Usage: npm run weft -- ${tenant.usage}`)
    } catch (error) {
      throw explain(error)
    }
  },
}
