/** The table of promises, and where it is written. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Outcome } from './course.ts'

export interface Run {
  readonly queue: string
  readonly seed: number
  readonly outcome: Outcome
}

const README = join(import.meta.dirname, '../README.md')
const MARKS = ['<!-- results: written by npm run test:faults -->', '<!-- end of results -->'] as const
/** Of what was broken, as much as a person reads. */
const SHOWN = 5

const number = (value: number) => value.toLocaleString('en')

export const failures = (runs: readonly Run[]) =>
  runs.reduce((sum, { outcome }) => sum + outcome.findings.filter(({ broken }) => broken.length > 0).length, 0)

function tableOf(runs: readonly Run[]): string {
  const heads = ['promise', 'queue in', 'tried', 'broken']
  const lines = runs.flatMap(({ queue, outcome }) =>
    outcome.findings.map(({ promise, tried, broken }) => [promise, queue, number(tried), number(broken.length)]),
  )
  return [heads, heads.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const killsOf = ({ queue, seed, outcome }: Run) =>
  `- queue in ${queue}, seed ${seed}: ${Object.entries(outcome.killed)
    .map(([victim, times]) => `${victim} ${number(times)}`)
    .join(', ')} kills in ${number(Math.round(outcome.seconds))} s, settling included`

function textOf(runs: readonly Run[], command: string): string {
  const [processor, ...others] = cpus()
  const conditions =
    `${new Date().toISOString().slice(0, 10)}, \`${command}\`, Node ${process.versions.node}, ` +
    `${others.length + 1} cores (${processor?.model.trim()}).`
  return `${conditions}\n\n${runs.map(killsOf).join('\n')}\n\n${tableOf(runs)}`
}

export function print(runs: readonly Run[]): void {
  console.log(`${runs.map(killsOf).join('\n')}\n\n${tableOf(runs)}`)
  for (const { queue, outcome } of runs)
    for (const { promise, broken } of outcome.findings)
      for (const each of broken.slice(0, SHOWN)) console.log(`broken (${queue}): ${promise}: ${JSON.stringify(each)}`)
}

export function writeResults(runs: readonly Run[], command: string): void {
  const page = readFileSync(README, 'utf8')
  const [from, to] = [page.indexOf(MARKS[0]), page.indexOf(MARKS[1])]
  if (from < 0 || to < from) throw new Error(`${README} has lost its marks for the results.`)
  writeFileSync(README, `${page.slice(0, from + MARKS[0].length)}\n\n${textOf(runs, command)}\n\n${page.slice(to)}`)
}
