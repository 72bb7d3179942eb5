/** What is tried on a database made for it, with the shipped plugins beside: tables, the way back, serving, switches. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { readCatalogue } from '../../data/catalogue.ts'
import { compare } from '../../data/comparison.ts'
import { numberOf, readFolder } from '../../data/migration.ts'
import { createScratch, type Scratch } from '../../data/scratch.ts'
import { standingOn } from '../../data/steps.ts'
import { reasonOf } from '../../fault.ts'
import { migrateDatabase, type MigrateOrders } from '../../host/preparation.ts'
import { wordReason } from '../../host/reason.ts'
import { buildServer } from '../../http/server.ts'
import { openKernel } from '../../kernel.ts'
import { compileModels, type Described } from '../../resource/description.ts'
import { createTenant } from '../../tenancy/directory.ts'
import { type Candidate, type Check, type Finding, findings } from './rule.ts'

export interface Lab {
  readonly config: Config
  /** Where databases can be made. */
  readonly ownerUrl: string
  readonly described: readonly Described[]
}

interface Trial extends Lab {
  readonly candidate: Candidate
  readonly scratch: Scratch
}

const migrateIn = (
  { scratch, config, described }: Lab & { readonly scratch: Scratch },
  more: Partial<MigrateOrders> = {},
) => migrateDatabase({ ownerUrl: scratch.url, secret: config.secret, described, ...more })

async function judgeTables({ scratch, described, candidate }: Trial): Promise<Finding[]> {
  const { id } = candidate.installed
  const { passed, refused } = await compare(scratch.url, compileModels(described), id)
  const missing = [...passed, ...refused.map(({ statement }) => statement)]
  return findings(
    missing.map((statement) => `its schemas say more than its migrations: ${statement.slice(0, 200)}`),
    `npm run weft -- plugin migrate ${id} writes what is missing`,
  )
}

/** All that stands on it, also by way of others. */
function above(plugin: Described, described: readonly Described[]): Described[] {
  const ids = standingOn(plugin, described)
  const found = described.filter(({ id }) => ids.includes(id))
  return [...new Set([...found, ...found.flatMap((each) => above(each, described))])]
}

/** Down through every number, and up at once, in a database without what stands on it. */
async function judgeSteps(lab: Lab, { installed: { id, dir } }: Candidate): Promise<Finding[]> {
  const mine = lab.described.find((each) => each.id === id) as Described
  const others = above(mine, lab.described)
  const scratch = await createScratch(lab.ownerUrl)
  const trial = { ...lab, scratch, described: lab.described.filter((each) => !others.includes(each)) }
  try {
    await migrateIn(trial)
    const files = readFolder({ plugin: id, folder: join(dir, 'migrations'), isKernel: false, requires: [] })
    const last = numberOf(files.at(-1)?.name)
    const before = await readCatalogue(scratch)
    for (let to = last - 1; to >= 0; to--) await migrateIn(trial, { step: { plugin: id, to, losesData: false } })
    if (last > 0) await migrateIn(trial, { raises: true })
    const after = await readCatalogue(scratch)
    const differing = [
      ...before.filter((line) => !after.includes(line)),
      ...after.filter((line) => !before.includes(line)),
    ]
    return findings(
      differing.slice(0, 10).map((line) => `after down and up the database differs in ${line.slice(0, 200)}`),
      'take back in the .down.sql all that the migration does, and no more',
    )
  } catch (error) {
    return [{ finding: reasonOf(error), mend: 'mend the file that takes the migration back' }]
  } finally {
    await scratch.drop()
  }
}

interface Site {
  call(method: 'GET' | 'POST' | 'PATCH', url: string, body?: object): Promise<{ status: number; text: string }>
  close(): Promise<void>
}

/** The whole server, without a port, with a tenant and its administrator signed in. */
async function openSite({ config, scratch }: Trial, slug: string): Promise<Site> {
  const dataDir = mkdtempSync(join(tmpdir(), 'weft-check-'))
  const alone = { redisUrl: null, s3Url: null, smtpUrl: null, url: null, databaseConnections: 6 }
  const kernel = await openKernel({
    config: { ...config, ...alone, dataDir },
    databaseUrl: scratch.url,
    screen: null,
    report: () => {},
  }).catch((error: unknown) => {
    rmSync(dataDir, { recursive: true, force: true })
    throw error
  })
  const app = await buildServer(kernel.services)
  // Its answers tell what it would log.
  app.log.level = 'silent'
  const login = { email: `${slug}@check.example`, password: 'a password of some length' }
  const tenant = { slug, name: 'Check', language: 'en' as const, country: 'FR' }
  await createTenant(kernel.services.database, { ...tenant, admin: { ...login, name: 'Check' } })
  let cookie = ''
  const call: Site['call'] = async (method, url, body) => {
    const headers = { host: 'localhost', origin: 'http://localhost', accept: 'application/json', cookie }
    const reply = await app.inject({ method, url, headers, ...(body ? { payload: body } : {}) })
    const set = reply.headers['set-cookie']
    if (set) cookie = String(set).split(';')[0] as string
    return { status: reply.statusCode, text: reply.payload }
  }
  await call('POST', '/api/session', login)
  return {
    call,
    async close() {
      await app.close()
      await kernel.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

const listsOf = ({ installed: { plugin } }: Candidate) =>
  (plugin.resources ?? []).map(({ name }) => `/api/${name.replaceAll('.', '/')}?limit=1`)

async function askAll(site: Site, paths: readonly string[], expected: number): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    const { status, text } = await site.call('GET', path)
    if (status !== expected) found.push(`GET ${path} answers ${status} instead of ${expected}: ${text.slice(0, 200)}`)
  }
  return found
}

const notStarted = (error: unknown) => `the server does not start with it: ${reasonOf(error)}`

async function judgeServing(trial: Trial): Promise<Finding[]> {
  const mend = 'mend what the answer says; npm start serves it too'
  const { id } = trial.candidate.installed
  const site = await openSite(trial, 'serving').catch(notStarted)
  if (typeof site === 'string') return findings([site], mend)
  try {
    const catalogue = await site.call('GET', '/api/plugins')
    const items = (JSON.parse(catalogue.text) as { items: { id: string; state: string }[] }).items
    const mine = items.find((each) => each.id === id)
    const absent = mine?.state === 'active' ? [] : ['it is not among the plugins that are at work']
    const paths = [...listsOf(trial.candidate), '/api/ui', '/api/openapi.json', '/api/clients?limit=1']
    return findings([...absent, ...(await askAll(site, paths, 200))], mend)
  } finally {
    await site.close()
  }
}

/** Off, its addresses are not there; on again, they are. */
async function judgeSwitch(trial: Trial): Promise<Finding[]> {
  const { id, isKernel } = trial.candidate.installed
  if (isKernel) return []
  const mend = 'mend what the answer says: a plugin is switched for each tenant, at any time'
  const site = await openSite(trial, 'switching').catch(notStarted)
  if (typeof site === 'string') return findings([site], mend)
  const found: string[] = []
  const flip = async (enabled: boolean) => {
    const { status, text } = await site.call('PATCH', `/api/plugins/${id}`, { enabled })
    if (status !== 200) found.push(`switching it ${enabled ? 'on' : 'off'} answers ${status}: ${text.slice(0, 200)}`)
    found.push(...(await askAll(site, listsOf(trial.candidate), enabled ? 200 : 404)))
    found.push(...(await askAll(site, ['/api/ui', '/api/clients?limit=1'], 200)))
  }
  try {
    const mine = trial.described.find((each) => each.id === id) as Described
    for (const each of above(mine, trial.described).toReversed())
      await site.call('PATCH', `/api/plugins/${each.id}`, { enabled: false })
    await flip(true)
    await flip(false)
    await flip(true)
  } finally {
    await site.close()
  }
  return findings(found, mend)
}

const RULES: Readonly<Record<string, (trial: Trial) => Promise<Finding[]>>> = {
  tables: judgeTables,
  serving: judgeServing,
  switch: judgeSwitch,
  'down and up': (trial) => judgeSteps(trial, trial.candidate),
}

/** The checks share one database, made by the first and dropped by `close`. */
export function databaseChecks(lab: Lab, candidate: Candidate): { checks: Check[]; close(): Promise<void> } {
  const { id } = candidate.installed
  let trial: Trial | null = null
  const migrates = async (): Promise<Finding[]> => {
    trial = { ...lab, candidate, scratch: await createScratch(lab.ownerUrl) }
    const { refused } = await migrateIn(trial)
    const mine = refused.find(({ plugin }) => plugin === id)
    return mine
      ? [{ finding: wordReason(mine.reason, 'en').rule, mend: 'mend the migration or the schema that it names' }]
      : []
  }
  let isMigrated = false
  const tried = Object.entries(RULES).map(([rule, judge]) => ({
    plugin: id,
    rule,
    run: async () => {
      if (!isMigrated || !trial)
        return [{ finding: 'it cannot be tried, because it is not migrated', mend: 'see above' }]
      return judge(trial)
    },
  }))
  const first: Check = {
    plugin: id,
    rule: 'migrates',
    run: async () => {
      const found = await migrates()
      isMigrated = found.length === 0
      return found
    },
  }
  return { checks: [first, ...tried], close: async () => trial?.scratch.drop() }
}
