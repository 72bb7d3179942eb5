/** A write that a plugin holds until a person has approved it. */
import { Problem, type ProblemEntry } from '../contract.ts'

/** Which plugin holds at which point, and why. */
export interface Hold {
  readonly plugin: string
  readonly point: string
  readonly code: string
  readonly errors: readonly ProblemEntry[]
}

/** The row that is held, where the point is one of rows; `rowId` is null for a row that is not there yet. */
export interface HeldRow {
  readonly resource: string
  readonly rowId: string | null
  readonly recordId: string | null
}

/** 409 `held` where nobody can be asked to decide. A request that can wait becomes a proposal instead. */
export class Held extends Problem {
  readonly hold: Hold
  readonly row: HeldRow | null

  constructor(hold: Hold, row: HeldRow | null = null) {
    const { plugin, point, code } = hold
    super(409, 'held', [{ path: '', code: 'held', params: { plugin, point, code } }, ...hold.errors])
    this.message = `${plugin} holds ${point}: ${code}`
    this.hold = hold
    this.row = row
  }
}

/** By which an approved hold is known: of one plugin, at one point. */
export const releaseOf = ({ plugin, point }: Pick<Hold, 'plugin' | 'point'>): string => `${plugin} ${point}`
