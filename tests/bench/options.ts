/** What the command line asks for. */
import { parseArgs } from 'node:util'

export interface Options {
  readonly clients: number
  readonly rounds: number
  /** How long each operation is measured in each round, on each server. */
  readonly seconds: number
  /** A bounded run for CI: it reports, and no gate fails it. */
  readonly isSample: boolean
  /** A folder for CPU profiles of our server, or null. */
  readonly profile: string | null
  /** The operations to run; all where empty. */
  readonly only: readonly string[]
}

export const CONNECTIONS = 8
export const PAGE_SIZE = 50

const usage = `npm run bench -- [--sample] [--clients 100000] [--rounds 5] [--seconds 4] [--only list,read] [--profile <folder>]`

const FULL = { clients: '100000', rounds: '5', seconds: '4' }
const SAMPLE = { clients: '10000', rounds: '2', seconds: '1' }

/** @throws Error with the usage */
export function readOptions(args: string[]): Options {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args,
    options: { sample: { type: 'boolean' }, clients: text, rounds: text, seconds: text, only: text, profile: text },
  })
  const standard = values.sample ? SAMPLE : FULL
  const read = (name: 'clients' | 'rounds' | 'seconds', least: number) => {
    const number = Number(values[name] ?? standard[name])
    if (Number.isFinite(number) && number >= least) return number
    throw new Error(`--${name} must be a number of at least ${least}.\n${usage}`)
  }
  return {
    // Fewer clients have no page that is worth being called deep.
    clients: read('clients', 5_000),
    rounds: read('rounds', 1),
    seconds: read('seconds', 0.2),
    isSample: values.sample ?? false,
    profile: values.profile ?? null,
    only: values.only?.split(',') ?? [],
  }
}
