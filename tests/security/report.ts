/** The table of promises, and where it is written. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

export interface Promised {
  readonly promise: string
  readonly tried: number
  /** At least so many are promised. */
  readonly least: number
  /** What was broken, in words. */
  readonly broken: readonly string[]
  /** Said in place of the number of what was broken. */
  readonly figure?: string
}

const README = join(import.meta.dirname, 'README.md')
const MARKS = ['<!-- results: written by npm run test:security -->', '<!-- end of results -->'] as const
/** Of what was broken, as much as a person reads. */
const SHOWN = 10

const number = (value: number) => value.toLocaleString('en')

export const isKept = ({ tried, least, broken }: Promised) => tried >= least && broken.length === 0

function tableOf(all: readonly Promised[]): string {
  const heads = ['promise', 'at least', 'tried', 'broken']
  const lines = all.map(({ promise, tried, least, broken, figure }) => [
    promise,
    number(least),
    number(tried),
    figure ?? number(broken.length),
  ])
  return [heads, heads.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export function print(all: readonly Promised[]): void {
  console.log(tableOf(all))
  for (const { promise, tried, least, broken } of all) {
    if (tried < least) console.log(`too few: ${promise}: ${number(tried)} of ${number(least)}`)
    for (const each of broken.slice(0, SHOWN)) console.log(`broken: ${promise}: ${each}`)
  }
}

export function writeResults(all: readonly Promised[], command: string): void {
  const [processor, ...others] = cpus()
  const conditions =
    `${new Date().toISOString().slice(0, 10)}, \`${command}\`, Node ${process.versions.node}, ` +
    `${others.length + 1} cores (${processor?.model.trim()}).`
  const page = readFileSync(README, 'utf8')
  const [from, to] = [page.indexOf(MARKS[0]), page.indexOf(MARKS[1])]
  if (from < 0 || to < from) throw new Error(`${README} has lost its marks for the results.`)
  const text = `${conditions}\n\n${tableOf(all)}`
  writeFileSync(README, `${page.slice(0, from + MARKS[0].length)}\n\n${text}\n\n${page.slice(to)}`)
}
