/** Points: one plugin asks, those that are on for the tenant answer, each with a ctx of its own. */
import type { Answer, Ctx, Point, ProblemEntry, Verdict } from '../contract.ts'
import { Problem } from '../contract.ts'
import { Held, type HeldRow, releaseOf } from './held.ts'
import type { Joined } from './unit.ts'

/** One plugin's answer, and how its code is called. */
export interface Answerer {
  readonly plugin: string
  readonly answer: Answer<unknown, unknown>
}

/** What an answer may use while it is given. */
export interface AnswerScope {
  readonly signal: AbortSignal
  /** Its writes are said to be the answering plugin's; null within an exchange. */
  readonly unit: Joined | null
}

export interface Asking {
  /** Null within an exchange. */
  readonly unit: Joined | null
  /** Those that answer, in their order. */
  readonly answerers: readonly Answerer[]
  /** Holds that a person has approved. */
  readonly released: ReadonlySet<string>
  /** The row that is asked about, for who must decide of it. */
  readonly row?: HeldRow
  /**
   * Reads what an answer would change the input to. What it throws makes the answer a failed one. Without it any change
   * is taken.
   */
  readChange?(to: unknown): Promise<unknown>
  /** Runs code with a ctx of the answering plugin that ends with the call or the signal. */
  call<T>(answerer: Answerer, scope: AnswerScope, code: (ctx: Ctx) => Promise<T>): Promise<T>
  /** Told of an answer that failed. */
  report(plugin: string, error: unknown): void
}

type AnyPoint = Point<unknown, unknown>

/** An answer that was not there in time. */
export class LateAnswer extends Error {}

/** What an answer does to the database is undone when it fails, and bears the name of its plugin. */
function within<T>(unit: Joined | null, plugin: string, work: (unit: Joined | null) => Promise<T>): Promise<T> {
  return unit ? unit.attempt(() => unit.as({ plugin }, work)) : work(null)
}

async function answerInTime(asking: Asking, point: AnyPoint, answerer: Answerer, input: unknown): Promise<unknown> {
  const controller = new AbortController()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    controller.abort()
    reject(new LateAnswer(`no answer within ${point.ms} ms`))
  }, point.ms)
  try {
    const answering = (unit: Joined | null) =>
      asking.call(answerer, { signal: controller.signal, unit }, (ctx) =>
        answerer.answer.answer(ctx, structuredClone(input)),
      )
    const answer = await within(asking.unit, answerer.plugin, async (unit) => {
      const given = await Promise.race([answering(unit), late])
      // A bad verdict fails like any other answer: nothing of it remains.
      return point.kind === 'veto' ? readVerdict(asking, given) : given
    })
    return structuredClone(answer)
  } finally {
    clearTimeout(timer)
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0
const isEntry = (value: unknown): value is ProblemEntry =>
  typeof value === 'object' && value !== null && isText((value as ProblemEntry).code)

/** A verdict as plain JSON. @throws Error for what is none */
async function readVerdict(asking: Asking, given: unknown): Promise<Verdict<unknown>> {
  const verdict = JSON.parse(JSON.stringify(given ?? null)) as Verdict<unknown> | null
  if (verdict?.is === 'ok') return verdict
  if (verdict?.is === 'change') {
    try {
      return { is: 'change', to: asking.readChange ? await asking.readChange(verdict.to) : verdict.to }
    } catch (error) {
      // Whatever it is, it is a fault of the answer and not of who asks.
      throw new Error(`its change cannot be taken: ${(error as Error).message}`, { cause: error })
    }
  }
  if ((verdict?.is === 'refuse' || verdict?.is === 'hold') && isText(verdict.code)) {
    const errors: readonly unknown[] = Array.isArray(verdict.errors) ? verdict.errors : []
    return { ...verdict, errors: errors.filter(isEntry).map((each) => ({ ...each, path: each.path ?? '' })) }
  }
  throw new Error('its answer is no verdict')
}

const FAILED = Symbol('failed')

async function answerOf(asking: Asking, point: AnyPoint, answerer: Answerer, input: unknown): Promise<unknown> {
  try {
    return await answerInTime(asking, point, answerer, input)
  } catch (error) {
    if (error instanceof Problem && point.kind === 'veto') throw error
    asking.report(answerer.plugin, error)
    if (point.onFailure === 'skip') return FAILED
    throw new Problem(409, 'unanswered', [{ path: '', code: 'unanswered', params: { plugin: answerer.plugin } }])
  }
}

/**
 * @returns the input as the answers have changed it
 * @throws Problem 409 with the code of a refusal, `unanswered`, `held`
 */
export async function askForLeave(asking: Asking, point: AnyPoint, input: unknown): Promise<unknown> {
  let present = input
  for (const answerer of asking.answerers) {
    const answer = await answerOf(asking, point, answerer, present)
    if (answer === FAILED) continue
    const verdict = answer as Verdict<unknown>
    if (verdict.is === 'refuse') throw new Problem(409, verdict.code, verdict.errors)
    if (verdict.is === 'change') present = verdict.to
    if (verdict.is !== 'hold') continue
    const { code, errors } = verdict
    const hold = { plugin: answerer.plugin, point: point.name, code, errors }
    if (!asking.released.has(releaseOf(hold))) throw new Held(hold, asking.row)
  }
  return present
}

async function collect(asking: Asking, point: AnyPoint, input: unknown): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const answerer of asking.answerers) {
    const answer = await answerOf(asking, point, answerer, input)
    if (answer !== FAILED) answers.push(answer)
  }
  return answers
}

async function choose(asking: Asking, point: AnyPoint, input: unknown, key: string | undefined): Promise<unknown> {
  const chosen = asking.answerers.find(({ answer }) => answer.key === key)
  if (!chosen) throw new Problem(422, 'unknown_key', [{ path: '', code: 'unknown_key', params: { key: key ?? null } }])
  return answerOf(asking, { ...point, onFailure: 'refuse' }, chosen, input)
}

/** @throws Error where the point is not asked here */
export async function ask(asking: Asking, point: AnyPoint, input: unknown, key?: string): Promise<unknown> {
  if ((point.within === 'command') !== (asking.unit !== null))
    throw new Error(`${point.name} is asked within ${point.within === 'command' ? 'a transaction' : 'an exchange'}.`)
  if (point.kind === 'veto') return askForLeave(asking, point, input)
  return point.kind === 'collect' ? collect(asking, point, input) : choose(asking, point, input, key)
}
