/** A promise with how often it was tried and how often it was broken. */

export type Query = <R>(text: string, values?: unknown[]) => Promise<R[]>

export interface Finding {
  readonly promise: string
  readonly tried: number
  /** The first of those that were broken; none is the promise. */
  readonly broken: readonly unknown[]
}
