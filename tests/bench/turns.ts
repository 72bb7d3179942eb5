/** Two ways of the same, measured in turns: what the machine does meanwhile falls on both. */
import { parseArgs } from 'node:util'
import type { Child } from './child.ts'
import type { LoadOrder, LoadResult } from './load.ts'
import { type Address, gets } from './operations.ts'
import { median, verdict } from './report.ts'

export const CONNECTIONS = 2

/** Reads whole options above 0, by their standards. @throws Error with the usage */
export function readNumbers<const N extends string>(
  args: string[],
  standards: Readonly<Record<N, number>>,
  usage: string,
): Readonly<Record<N, number>> {
  const names = Object.keys(standards) as N[]
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  const { values } = parseArgs({ args, options })
  const read = (name: N) => {
    const value = Number(values[name] ?? standards[name])
    if (value > 0) return value
    throw new Error(usage)
  }
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Record<N, number>
}

/** Milliseconds that an answer takes: of the first and of the second, in each round. */
export interface Turns {
  readonly name: string
  readonly rounds: readonly (readonly [first: number, second: number])[]
}

interface Plan {
  /** Paths that are asked for, by the name of the operation. */
  readonly operations: Readonly<Record<string, readonly string[]>>
  readonly rounds: number
  readonly seconds: number
}

async function measure(
  load: Child,
  at: Address,
  operation: { name: string; paths: readonly string[] },
  seconds: number,
) {
  const job = { name: operation.name, kind: 'fixed', requests: gets(at, operation.paths) } as const
  const order: LoadOrder = { port: at.port, connections: CONNECTIONS, seconds, target: at.headers.cookie ?? '', job }
  const result = await load.ask<LoadResult>('run', order)
  return (result.seconds * CONNECTIONS * 1_000) / result.answered
}

export async function measureInTurns(load: Child, both: readonly Address[], plan: Plan): Promise<Turns[]> {
  const rows: Turns[] = []
  for (const [name, paths] of Object.entries(plan.operations)) {
    const operation = { name, paths }
    for (const each of both) await measure(load, each, operation, Math.min(1, plan.seconds))
    const rounds: [number, number][] = []
    for (let n = 0; n < plan.rounds; n++) {
      const times = [0, 0] as [number, number]
      // Who begins changes with the round.
      for (const i of n % 2 ? [1, 0] : [0, 1]) times[i] = await measure(load, both[i]!, operation, plan.seconds)
      rounds.push(times)
    }
    rows.push({ name, rounds })
  }
  return rows
}

/** How many times as long the second takes, by the round in the middle. */
export const ratioOf = ({ rounds }: Turns) => median(rounds.map(([first, second]) => second / first))

export function lineOf(row: Turns, gate: number): string {
  const [first, second] = [0, 1].map((i) => median(row.rounds.map((times) => times[i] as number)).toFixed(2))
  const ratio = ratioOf(row)
  return `| ${[row.name, first, second, ratio.toFixed(2), `<= ${gate}`, verdict(ratio <= gate)].join(' | ')} |`
}
