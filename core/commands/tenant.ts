/** Makes a tenant with its administrator, also beside a running server. */
import { parseArgs } from 'node:util'
import { takeConfig } from '../config.ts'
import { Problem } from '../contract.ts'
import { openDatabase } from '../data/database.ts'
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

function readOptions(args: readonly string[]) {
  const [action, ...rest] = args
  if (action !== 'create') throw new StartFault(`Usage: npm run weft -- ${tenant.usage}`)
  try {
    const { values } = parseArgs({ args: [...rest], options: OPTIONS, strict: true })
    const missing = (['slug', 'name', 'admin-email', 'admin-password'] as const).filter((name) => !values[name])
    if (missing.length > 0)
      throw new Error(`--${missing.join(' and --')} ${missing.length > 1 ? 'are' : 'is'} missing.`)
    return values as typeof values & { slug: string; name: string; 'admin-email': string; 'admin-password': string }
  } catch (error) {
    throw new StartFault((error as Error).message)
  }
}

/** @throws Problem for what no tenant may be, before anything is started for it */
function inputOf(given: ReturnType<typeof readOptions>): TenantInput {
  const { slug, name, language = 'en', country, 'admin-email': email, 'admin-password': password } = given
  const admin = { email, name: given['admin-name'] ?? (email.split('@')[0] as string), password }
  const input = { slug, name, language, ...(country ? { country } : {}), admin }
  assertTenant(input)
  return input
}

async function create(input: TenantInput): Promise<void> {
  const config = takeConfig()
  const { course, databaseUrl } = await prepare(config, { migrate: true })
  try {
    const open = () => openDatabase(databaseUrl, config.secret, config.databaseConnections)
    const { database } = await course.begin(open, (each) => each.database.close())
    const { tenant: made, user } = await createTenant(database, input)
    console.log(`The tenant '${made.slug}' is made; ${user.email} can sign in.`)
    if (!user.isNew) console.log('This user was here already and keeps the password.')
  } catch (error) {
    return course.fail(error)
  }
  await course.end()
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
  usage: 'tenant create --slug <slug> --name <name> --admin-email <email> --admin-password <password>',
  summary:
    'Makes a tenant; its administrator can sign in at once, and every plugin is on. Also --admin-name, --language, --country.',
  async run(args: readonly string[]): Promise<void> {
    try {
      await create(inputOf(readOptions(args)))
    } catch (error) {
      throw explain(error)
    }
  },
}
