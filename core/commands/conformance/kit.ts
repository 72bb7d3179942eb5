/** The conformance kit: everything that is asked of a plugin's behaviour, without a line of its author's. */
import { reasonOf, StartFault } from '../../fault.ts'
import type { Finding } from '../check/rule.ts'
import { TENANTS } from './abroad.ts'
import { ASSIGNMENT, checkAssignment } from './assignment.ts'
import type { Bench } from './bench.ts'
import { type Cast, openCast } from './cast.ts'
import { checkTenants } from './crossing.ts'
import { type ApiRoute, compositionOf, listRoutes, readGround } from './ground.ts'
import { type Guise, openGuise } from './guise.ts'
import { checkInput, INPUT } from './malformed.ts'
import { checkPermissions, PERMISSIONS } from './matrix.ts'
import { createRandom } from './random.ts'
import { checkRepeats, checkVersions, REPEATS, VERSIONS } from './repeats.ts'
import { checkMerges, checkPrivacy, MERGES, PRIVACY } from './people.ts'
import { checkRoleFields } from './role-fields.ts'
import { ROLES } from './role-paths.ts'
import { checkRoleRows } from './role-rows.ts'
import { Rows } from './rows.ts'
import { Snapshots } from './snapshot.ts'
import type { Stage } from './stage.ts'
import { checkSwitching, SWITCHING } from './switching.ts'
import { Tally } from './tally.ts'
import { Teller } from './teller.ts'
import { checkHandlers, HANDLERS } from './telling.ts'

/** What all plugins of a stage share. */
export interface Kit {
  readonly stage: Stage
  readonly routes: readonly ApiRoute[]
  readonly cast: Cast
  readonly guise: Guise
  readonly rows: Rows
  readonly snapshots: Snapshots
  readonly teller: Teller
}

export interface Extent {
  readonly seed: number
  /** Which part of all that could be tried is tried: 1 for all. */
  readonly share: number
}

/** Of a plugin that has rows or fields, that much has to be tried. */
export const LEAST = 100
/** Of roles a sample has not all of it, but that part. */
const LEAST_SHARE = 0.2

export async function openKit(stage: Stage): Promise<Kit> {
  const snapshots = await Snapshots.open(stage)
  const { resources } = await compositionOf(stage)
  const cast = await openCast(stage)
  return {
    stage,
    routes: await listRoutes(stage),
    cast,
    guise: await openGuise(stage, cast.permissions),
    rows: new Rows(resources),
    snapshots,
    teller: new Teller(stage),
  }
}

/** @param plugin null for what the kernel has beside plugins */
export async function openBench(kit: Kit, plugin: string | null, { seed, share }: Extent): Promise<Bench> {
  const { stage, rows, snapshots, teller, routes } = kit
  const ground = await readGround(stage, plugin, routes)
  return { stage, ground, rows, snapshots, teller, tally: new Tally(), random: createRandom(seed), share }
}

type Rule = (bench: Bench, kit: Kit) => Promise<void>

export const RULES: Readonly<Record<string, Rule>> = {
  [TENANTS]: async (bench, { cast }) => {
    const key = await cast.keyWith('a key with every permission', cast.permissions)
    await checkTenants(bench, [key.ask])
  },
  [PERMISSIONS]: (bench, { cast }) => checkPermissions(bench, cast),
  [ROLES]: async (bench, { guise }) => {
    await checkRoleRows(bench, guise)
    await checkRoleFields(bench, guise)
  },
  [ASSIGNMENT]: checkAssignment,
  [INPUT]: checkInput,
  [REPEATS]: checkRepeats,
  [VERSIONS]: checkVersions,
  [MERGES]: checkMerges,
  [PRIVACY]: checkPrivacy,
  [HANDLERS]: checkHandlers,
  [SWITCHING]: checkSwitching,
}

/** @returns what one rule finds of the plugin; what cannot be tried is found, too */
export async function runRule(kit: Kit, bench: Bench, rule: string): Promise<readonly Finding[]> {
  try {
    await RULES[rule]?.(bench, kit)
  } catch (error) {
    const mend = 'mend what it says'
    if (error instanceof StartFault) bench.tally.find(rule, error.message, mend)
    else bench.tally.find(rule, `it cannot be tried: ${reasonOf(error)}`, mend)
  }
  return bench.tally.findingsOf(rule)
}

/** Whether there was enough to find anything in, also of roles alone. */
export function judgeBreadth({ ground, tally, share }: Bench): Finding[] {
  if (ground.targets.length === 0) return []
  const mend = 'see what the other rules say: what cannot be reached is not tried'
  const ofRoles = LEAST * Math.max(share, LEAST_SHARE)
  const tried = [
    [tally.total, LEAST, 'things'],
    [tally.triedOf(ROLES), ofRoles, 'things by roles'],
  ] as const
  return tried
    .filter(([count, least]) => count < least)
    .map(([count, least, of]) => ({
      finding: `only ${count} ${of} could be tried of it, and ${least} are the least`,
      mend,
    }))
}
