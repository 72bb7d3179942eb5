/** The table, and the verdict of the gates. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Operation } from './operations.ts'

/** Of one operation on one server in one round. */
export interface Measure {
  readonly perSecond: number
  /** CPU time of the server's own process for each request, in ms. */
  readonly cpu: number
}

export interface Round {
  readonly ours: Measure
  readonly bare: Measure
  readonly json: Measure | null
}

export interface Outcome {
  readonly operation: Operation
  readonly rounds: readonly Round[]
}

const DEEP_GATE = 1.2

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

const fixed = (value: number, digits = 2) => value.toFixed(digits)
const rate = (rounds: readonly Round[], pick: (round: Round) => number) =>
  Math.round(median(rounds.map(pick))).toLocaleString('en')

function ratios(rounds: readonly Round[]): number[] {
  return rounds.map(({ ours, bare }) => ours.perSecond / bare.perSecond)
}

const range = (values: readonly number[]) =>
  `${fixed(median(values))} (${fixed(Math.min(...values))}..${fixed(Math.max(...values))})`
export const verdict = (passes: boolean) => (passes ? 'pass' : '**FAIL**')

function lineOf({ operation, rounds }: Outcome): string[] {
  const values = ratios(rounds)
  const json = rounds.flatMap((round) => (round.json ? [round.ours.perSecond / round.json.perSecond] : []))
  const cpu = (pick: (round: Round) => number) => fixed(median(rounds.map(pick)))
  return [
    operation.label,
    rate(rounds, ({ ours }) => ours.perSecond),
    rate(rounds, ({ bare }) => bare.perSecond),
    range(values),
    `>= ${operation.gate}`,
    verdict(median(values) >= operation.gate),
    `${cpu(({ ours }) => ours.cpu)} / ${cpu(({ bare }) => bare.cpu)}`,
    json.length > 0 ? fixed(median(json)) : '',
  ]
}

/** How much longer a deep page takes than the first one, round by round. */
function depthOf(outcomes: readonly Outcome[]): number[] {
  const of = (name: string) => outcomes.find(({ operation }) => operation.name === name)?.rounds ?? []
  const deep = of('deep')
  return of('list').flatMap(({ ours }, i) => (deep[i] ? [ours.perSecond / deep[i].ours.perSecond] : []))
}

export function tableOf(outcomes: readonly Outcome[]): string {
  const heads = [
    'operation',
    'ours req/s',
    'bare req/s',
    'ratio (min..max)',
    'gate',
    '',
    'node ms: ours / bare',
    'ratio to bare JSON',
  ]
  const depth = depthOf(outcomes)
  const last = [
    'time of the deep page to page 1, ours',
    '',
    '',
    range(depth),
    `<= ${DEEP_GATE}`,
    verdict(median(depth) <= DEEP_GATE),
    '',
    '',
  ]
  const lines = [heads, heads.map(() => '---'), ...outcomes.map(lineOf), ...(depth.length > 0 ? [last] : [])]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** The gates that were not reached. */
export function failures(outcomes: readonly Outcome[]): string[] {
  const low = outcomes.filter(({ operation, rounds }) => median(ratios(rounds)) < operation.gate)
  const depth = depthOf(outcomes)
  const isDeepSlow = depth.length > 0 && median(depth) > DEEP_GATE
  return [...low.map(({ operation }) => operation.label), ...(isDeepSlow ? ['deep page to page 1'] : [])]
}

/** The day, the machine and the programs. */
export function machineOf(database: string): string {
  const [processor, ...others] = cpus()
  return (
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${database}, ${others.length + 1} cores ` +
    `(${processor?.model.trim()})`
  )
}

export function conditionsOf(run: { database: string; clients: number; rounds: number; seconds: number }): string {
  return `${machineOf(run.database)}, ${run.clients.toLocaleString('en')} clients, ${run.rounds} rounds of ${run.seconds} s, 8 connections.`
}

const README = join(import.meta.dirname, 'README.md')

/** `command` is the run that the results are of, as the README marks their place. */
export function writeResults(text: string, command = 'npm run bench'): void {
  const begin = `<!-- results: written by ${command} -->`
  const page = readFileSync(README, 'utf8')
  const from = page.indexOf(begin)
  const to = page.indexOf('<!-- end of results -->', from)
  if (from < 0 || to < 0) throw new Error(`${README} has lost its marks for the results.`)
  writeFileSync(README, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`)
}
