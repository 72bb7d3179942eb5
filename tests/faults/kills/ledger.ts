/** What was acknowledged to the writers, and so must be there in the end. */

/** A client that one writer alone writes, so that its state is known whatever is killed. */
export interface KeptClient {
  readonly id: string
  readonly name: string
  version: number
  notes: string
  isDeleted: boolean
}

/** Clients that batches alone write. */
export interface Group {
  readonly ids: readonly string[]
  batches: number
  /** How many batches said of a row that a plugin did not answer for it in time, by the row's id. */
  readonly left: Map<string, number>
  /** The batch that is not known to be done. */
  task: string | null
}

/** Two clients that only merges and unmerges touch. */
export interface Pair {
  readonly survivor: string
  readonly merged: string
  /** `unknown`: the answer did not come, and nobody has looked since. */
  state: 'apart' | 'merged' | 'unknown'
  mergeId: string | null
}

/** A file whose upload was acknowledged. */
export interface KeptFile {
  readonly id: string
  readonly sha256: string
  /** `unknown`: it was claimed, and the answer did not come. */
  state: 'staged' | 'kept' | 'unknown'
}

export class Ledger {
  readonly clients: KeptClient[] = []
  readonly groups: Group[] = []
  readonly pairs: Pair[] = []
  readonly tasks: string[] = []
  /** Words of rings by whether their schedule was acknowledged. */
  readonly rings = new Map<string, boolean>()
  readonly files: KeptFile[] = []
  uploads = 0
  /** Words that were said of people who are erased, and stand nowhere any more. */
  readonly erased: string[] = []
  /** What a tenant last entrusted, by tenant, plugin and name. */
  readonly secrets = new Map<string, string>()
  entrusted = 0
  /** Rotations of the secrets' keys that were killed in their middle. */
  cutRotations = 0
  merges = 0
  unmerges = 0
  /** Keys that were sent again, after an answer or for want of one. */
  repeats = 0
  acknowledged = 0
  unanswered = 0
  /** Answers that no kill explains. */
  readonly faults: string[] = []
}
