/** What an author runs before shipping: everything that can be judged of one plugin, by its folder and on a database. */
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type Config, takeConfig } from '../config.ts'
import { openServer } from '../data/server.ts'
import { reasonOf, StartFault } from '../fault.ts'
import { loadPlugins } from '../host/catalogue.ts'
import type { Fault, Installed } from '../host/manifest.ts'
import { describePlugins } from '../host/trial.ts'
import { readCandidate } from './check/candidate.ts'
import { conformanceChecks } from './check/conformance-rules.ts'
import { databaseChecks } from './check/database-rules.ts'
import { FOLDER_RULES } from './check/folder-rules.ts'
import type { Candidate, Check, Finding } from './check/rule.ts'
import { Course } from './course.ts'
import { findStale } from './generate.ts'

interface Outcome {
  readonly plugin: string
  readonly rule: string
  readonly findings: readonly Finding[]
  /** How many things were tried, where it is counted. */
  readonly tried?: number
  /** Why it was not tried. */
  readonly skipped?: string
}

/** An id of an installation's plugin, or the folder of one that is nowhere named. */
function placeOf(word: string, known: readonly string[]): { id: string; further: readonly string[] } {
  const isFolder = existsSync(join(word, 'manifest.json')) || /[\\/]/.test(word)
  if (!isFolder) return { id: word, further: known }
  const folder = resolve(word)
  const isThere = known.includes(folder) || existsSync(join(folder, '../../core/main.ts'))
  return { id: basename(folder), further: isThere ? known : [...known, folder] }
}

/** Beside a plugin of another folder nothing is generated. */
const generated = (candidate: Candidate): Check => ({
  plugin: candidate.installed.id,
  rule: 'generated',
  run: async () =>
    candidate.isShipped
      ? (await findStale()).map((path) => ({ finding: `${path} is not fresh`, mend: 'npm run generate writes it' }))
      : [],
})

/** Whether a plugin loads is found in another process first: it may block or end the one that tries. */
async function load(further: readonly string[], id: string): Promise<Installed | readonly Fault[]> {
  const { faults } = await describePlugins(further)
  const mine = faults.filter(({ plugin }) => plugin === id)
  if (mine.length > 0) return mine
  const found: Fault[] = []
  const installed = await loadPlugins(further, found, { without: faults })
  const plugin = installed.find((each) => each.id === id)
  if (!plugin) throw new StartFault(`There is no plugin '${id}'.`)
  return plugin
}

function folderChecks(candidate: Candidate): Check[] {
  const { id } = candidate.installed
  const rules = FOLDER_RULES.map(({ rule, judge }) => ({ plugin: id, rule, run: async () => judge(candidate) }))
  return [...rules, generated(candidate)]
}

/** A check that breaks has found something, too. */
async function attempt({ run }: Check): Promise<readonly Finding[]> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof StartFault) throw error
    return [{ finding: `it cannot be tried: ${reasonOf(error)}`, mend: 'mend what it says' }]
  }
}

async function runAll(checks: readonly Check[], tell: (outcome: Outcome) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const each of checks) {
    if (each.hindrance) {
      const skipped = { plugin: each.plugin, rule: each.rule, findings: [], skipped: each.hindrance }
      tell(skipped)
      outcomes.push(skipped)
      continue
    }
    const found = await attempt(each)
    const tried = found.length === 0 ? await each.tried?.() : undefined
    const counted = tried === undefined ? {} : { tried }
    const outcome = { plugin: each.plugin, rule: each.rule, findings: found, ...counted }
    tell(outcome)
    outcomes.push(outcome)
  }
  return outcomes
}

type Tell = (outcome: Outcome) => void

async function checkInDatabase(config: Config, candidate: Candidate, further: readonly string[], tell: Tell) {
  const course = new Course()
  course.endOnSignal()
  try {
    const { dataDir, databaseUrl } = config
    const server = await course.begin(
      () => openServer({ dataDir, databaseUrl, log: () => {} }),
      (each) => each.stop(),
    )
    const { described } = await describePlugins(further)
    const ownerUrl = config.databaseOwnerUrl ?? server.ownerUrl
    const lab = { config: { ...config, plugins: further }, ownerUrl, described }
    const tried = databaseChecks(lab, candidate)
    const asked = conformanceChecks(lab, candidate)
    for (const each of [tried, asked])
      await course.begin(
        async () => each,
        (begun) => begun.close(),
      )
    const outcomes = await runAll(tried.checks, tell)
    // What is not migrated or does not start has no behaviour to be asked of.
    if (outcomes.some(({ findings }) => findings.length > 0)) return outcomes
    return [...outcomes, ...(await runAll(asked.checks, tell))]
  } finally {
    await course.end()
  }
}

/** An author is told what is wrong without the words around it that others need. */
const inOwnWords = ({ code, params, rule, mend }: Fault): Finding =>
  code === 'ill_made' ? { finding: String(params.detail), mend: String(params.mend) } : { finding: rule, mend }

/** @returns what was found, rule by rule; of a plugin that does not load nothing more can be asked */
async function check(word: string, tell: Tell): Promise<Outcome[]> {
  const config = takeConfig()
  const { id, further } = placeOf(word, config.plugins)
  const loaded = await load(further, id)
  const faults = 'id' in loaded ? [] : loaded
  const loads = { plugin: id, rule: 'loads', findings: faults.map(inOwnWords) }
  tell(loads)
  if (!('id' in loaded)) return [loads]
  const candidate = readCandidate(loaded)
  const ofFolder = await runAll(folderChecks(candidate), tell)
  return [loads, ...ofFolder, ...(await checkInDatabase(config, candidate, further, tell))]
}

function print({ plugin, rule, findings, tried, skipped }: Outcome): void {
  if (skipped !== undefined) return console.log(`skipped ${plugin}: ${rule}. ${skipped}`)
  const count = tried === undefined ? '' : `, ${tried} tried`
  console.log(`${findings.length === 0 ? 'passed' : 'FAILED'}  ${plugin}: ${rule}${count}`)
  for (const { finding, mend } of findings) console.log(`        ${finding}\n            mend: ${mend}`)
}

/** Ends the process with code 1 where anything was found. */
export async function checkPlugin(word: string, words: readonly string[]): Promise<void> {
  if (words.some((each) => each !== '--json') || words.length > 1)
    throw new StartFault('Usage: npm run weft -- plugin check <id or folder> [--json]')
  const isJson = words.length === 1
  const outcomes = await check(word, isJson ? () => {} : print)
  const failed = outcomes.filter(({ findings }) => findings.length > 0)
  if (isJson) console.log(JSON.stringify({ passed: failed.length === 0, checks: outcomes }, null, 2))
  else {
    const run = outcomes.filter(({ skipped }) => skipped === undefined)
    console.log(`${run.length - failed.length} of ${run.length} checks passed.`)
  }
  if (failed.length > 0) process.exitCode = 1
}
