/**
 * Watches how each plugin's code does. One that fails again and again is suspended for a minute, then tried by one call;
 * the others and the kernel go on. Kept in memory, for each process its own.
 */
import { Problem } from '../contract.ts'
import { problemOf } from '../data/problems.ts'

/** So many failures within the window, and more of them than successes. */
const FAILURES = 20
const WINDOW_MS = 60_000
const BUCKET_MS = 5_000
export const REST_MS = 60_000

export interface Suspension {
  readonly since: Date
  readonly until: Date
  readonly failures: number
  readonly calls: number
  /** What the last failure said. */
  readonly last: string
}

export interface PluginMetrics {
  readonly plugin: string
  readonly calls: number
  readonly errors: number
  /** Time within the plugin's code and what it called, in ms. */
  readonly totalMs: number
  readonly maxMs: number
  readonly suspended: boolean
}

interface Bucket {
  readonly at: number
  calls: number
  failures: number
}

interface Gauge {
  calls: number
  errors: number
  totalMs: number
  maxMs: number
  buckets: Bucket[]
  suspension: Suspension | null
  /** A call that is to show whether the plugin works again. */
  isTried: boolean
  last: string
}

/** Codes of problems that no plugin throws: it has missed its deadline. */
const LATE = ['deadline', 'timeout']

/** Whether it is the plugin's doing: neither an answer to the caller nor a database that is away. */
function isFailure(error: unknown): boolean {
  const known = problemOf(error)
  return known instanceof Problem ? LATE.includes(known.code) : true
}

export class Guard {
  readonly #gauges = new Map<string, Gauge>()
  readonly #now: () => number

  /** @param now as of a clock that nobody sets: who does would end a rest, or make it last */
  constructor(now: () => number = () => performance.timeOrigin + performance.now()) {
    this.#now = now
  }

  #of(plugin: string): Gauge {
    const known = this.#gauges.get(plugin)
    if (known) return known
    const made = { calls: 0, errors: 0, totalMs: 0, maxMs: 0, buckets: [], suspension: null, isTried: false, last: '' }
    this.#gauges.set(plugin, made)
    return made
  }

  /** @throws Problem 503 `plugin_unavailable` while the plugin is suspended */
  async run<T>(plugin: string, work: () => Promise<T>): Promise<T> {
    const gauge = this.#of(plugin)
    this.#admit(plugin, gauge)
    const begin = performance.now()
    try {
      const result = await work()
      this.#count(gauge, null)
      return result
    } catch (error) {
      if (isFailure(error)) this.#count(gauge, error)
      else this.#count(gauge, null)
      throw error
    } finally {
      const ms = performance.now() - begin
      gauge.totalMs += ms
      gauge.maxMs = Math.max(gauge.maxMs, ms)
    }
  }

  #admit(plugin: string, gauge: Gauge): void {
    if (!gauge.suspension) return
    const left = gauge.suspension.until.getTime() - this.#now()
    if (left <= 0 && !gauge.isTried) {
      gauge.isTried = true
      return
    }
    const retryAfter = Math.max(1, Math.ceil(left / 1000))
    throw new Problem(503, 'plugin_unavailable', [
      { path: '', code: 'plugin_unavailable', params: { plugin, retryAfter } },
    ])
  }

  /** What failed outside of any call that is awaited, as a promise that nobody catches. */
  fail(plugin: string, error: unknown): void {
    this.#count(this.#of(plugin), error)
  }

  #count(gauge: Gauge, error: unknown): void {
    const now = this.#now()
    gauge.calls++
    gauge.buckets = gauge.buckets.filter(({ at }) => at > now - WINDOW_MS)
    let bucket = gauge.buckets.at(-1)
    if (!bucket || bucket.at <= now - BUCKET_MS) gauge.buckets.push((bucket = { at: now, calls: 0, failures: 0 }))
    bucket.calls++
    if (error === null) {
      if (gauge.isTried) this.#reset(gauge)
      return
    }
    gauge.errors++
    bucket.failures++
    gauge.last = (error instanceof Error ? error.message : String(error)).slice(0, 300)
    const sum = (key: 'calls' | 'failures') => gauge.buckets.reduce((total, each) => total + each[key], 0)
    const [calls, failures] = [sum('calls'), sum('failures')]
    const isBroken = failures >= FAILURES && failures * 2 > calls
    if (!gauge.isTried && (gauge.suspension || !isBroken)) return
    const since = gauge.suspension?.since ?? new Date(now)
    gauge.suspension = { since, until: new Date(now + REST_MS), failures, calls, last: gauge.last }
    gauge.isTried = false
  }

  #reset(gauge: Gauge): void {
    gauge.suspension = null
    gauge.isTried = false
    gauge.buckets = []
  }

  suspensionOf(plugin: string): Suspension | null {
    return this.#gauges.get(plugin)?.suspension ?? null
  }

  /** Ends a suspension before its time. @returns whether there was one */
  resume(plugin: string): boolean {
    const gauge = this.#gauges.get(plugin)
    if (!gauge?.suspension) return false
    this.#reset(gauge)
    return true
  }

  metrics(): PluginMetrics[] {
    return [...this.#gauges].map(([plugin, { calls, errors, totalMs, maxMs, suspension }]) => ({
      plugin,
      calls,
      errors,
      totalMs,
      maxMs,
      suspended: suspension !== null,
    }))
  }
}

/** Whether the code of a plugin was not even called. */
export const isUnavailable = (error: unknown): error is Problem =>
  error instanceof Problem && error.code === 'plugin_unavailable'
