/** What was tried and what was found, by rule. */
import type { Finding } from '../check/rule.ts'

/** Of findings of one rule, as many as a person reads. */
const SHOWN = 10

export class Tally {
  readonly #tried = new Map<string, number>()
  readonly #found = new Map<string, Map<string, string>>()
  /** Requests of any kind. */
  asked = 0

  count(rule: string, times = 1): void {
    this.#tried.set(rule, this.triedOf(rule) + times)
  }

  find(rule: string, finding: string, mend: string): void {
    const known = this.#found.get(rule) ?? new Map<string, string>()
    this.#found.set(rule, known.set(finding.slice(0, 400), mend))
  }

  triedOf(rule: string): number {
    return this.#tried.get(rule) ?? 0
  }

  get tried(): ReadonlyMap<string, number> {
    return this.#tried
  }

  /** How many things were tried, all rules together. */
  get total(): number {
    return [...this.#tried.values()].reduce((sum, each) => sum + each, 0)
  }

  findingsOf(rule: string, most = SHOWN): Finding[] {
    const all = [...(this.#found.get(rule) ?? [])].map(([finding, mend]) => ({ finding, mend }))
    if (all.length <= most) return all
    const more = { finding: `and ${all.length - most} more`, mend: 'mend the first ones, and look again' }
    return [...all.slice(0, most), more]
  }
}
