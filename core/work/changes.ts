/** One page of what changed, for one caller: what it may be told, and where the next page begins. */
import { Problem } from '../contract.ts'
import {
  BEGINNING,
  type Change,
  type ChangePage,
  compileChanges,
  compilePresent,
  type Position,
  toChange,
} from '../facts/changes.ts'
import { type CursorKey, readCursor, writeCursor } from '../resource/cursor.ts'
import type { Composition } from './composition.ts'
import type { Rules } from './rules.ts'
import type { Unit } from './unit.ts'

/** Whom the changes are told. */
export interface Follower {
  readonly tenant: string
  readonly cursorKey: CursorKey
  readonly unit: Unit
  /** The resources whose rows it may read, with its tenant's plugins. */
  readonly resources: Composition['resources']
  readonly rules: Rules
  /** Plugins that are on and of which it has some permission: their named facts are told it too. */
  readonly plugins: readonly string[]
  can(permission: string): boolean
}

export interface ChangeReply {
  /** Each with the cursor behind it. */
  readonly items: readonly { readonly change: Change; readonly cursor: string }[]
  readonly end: Position
  /** Whether nothing is left to be read now. */
  readonly isEnd: boolean
}

const scopeOf = (tenant: string) => `changes ${tenant}`

/** The cursor of a position, good for this tenant alone. */
export const writePosition = (key: CursorKey, tenant: string, { xid, id }: Position): string =>
  writeCursor(key, scopeOf(tenant), [xid, id])

/**
 * `now` is the present, and nothing the oldest fact that is kept.
 * @throws Problem 400 `invalid_cursor`
 */
export async function readPosition(follower: Follower, after: string | undefined): Promise<Position> {
  if (after === undefined) return BEGINNING
  if (after === 'now') {
    const { rows } = await follower.unit.read<Position>(compilePresent())
    return rows[0] ?? BEGINNING
  }
  const [xid, id] = readCursor(follower.cursorKey, scopeOf(follower.tenant), after)
  if (!xid || !id) throw new Problem(400, 'invalid_cursor', [{ path: 'after', code: 'cursor' }])
  return { xid, id }
}

/** Walked page by page, nothing that the follower may be told is missed or told twice. A page is empty at the end only. */
export async function readChanges(follower: Follower, after: Position, limit: number): Promise<ChangeReply> {
  const { tenant, cursorKey, resources, plugins, rules } = follower
  const ruled = rules.ruled.filter(({ model }) => resources.has(model.name))
  const statement = compileChanges({ tenant, after, resources: [...resources.keys()], plugins, limit, ruled })
  const { rows } = await follower.unit.read<ChangePage>(statement)
  const { items, end, isEnd } = rows[0] ?? { items: [], end: after, isEnd: true }
  if (items.length === 0 && !isEnd) return readChanges(follower, end, limit)
  return {
    items: items.map((fact) => ({
      change: toChange(fact, resources.get(fact.resource ?? '')?.model),
      cursor: writePosition(cursorKey, tenant, fact),
    })),
    end,
    isEnd,
  }
}
