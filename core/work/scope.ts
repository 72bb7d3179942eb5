import type { CursorKey } from '../resource/cursor.ts'
import type { Composition } from './composition.ts'
import type { RowAsking } from './row-points.ts'
import type { Rules } from './rules.ts'
import type { Unit } from './unit.ts'

/** What the verbs need to know of the caller. */
export interface Scope {
  readonly tenant: string
  /** The resources as its plugins compose them. */
  readonly composition: Composition
  readonly country: string | null
  readonly now: Date
  /** The acting user; null for the system. */
  readonly me: string | null
  readonly cursorKey: CursorKey
  readonly unit: Unit
  readonly points: RowAsking
  /** Which rows are met. */
  readonly rules: Rules
  can(permission: string): boolean
  isMember(user: string): Promise<boolean>
}
