import type { CursorKey } from '../resource/cursor.ts'
import type { Unit } from './unit.ts'

/** What the verbs need to know of the caller. */
export interface Scope {
  readonly tenant: string
  readonly country: string | null
  readonly now: Date
  readonly cursorKey: CursorKey
  readonly unit: Unit
  can(permission: string): boolean
  isMember(user: string): Promise<boolean>
}
