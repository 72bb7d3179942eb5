/** Points: one plugin asks, those that are on for the tenant answer, each with a ctx of its own. */
import type { Answer, Ctx, Point, Verdict } from '../contract.ts'
import { Problem } from '../contract.ts'
import type { Unit } from './unit.ts'

/** One plugin's answer, and how its code is called. */
export interface Answerer {
  readonly plugin: string
  readonly answer: Answer<unknown, unknown>
}

export interface Asking {
  /** Of the asking plugin. */
  readonly plugin: string
  /** Null within an exchange. */
  readonly unit: Unit | null
  /** Those that answer, in their order. */
  readonly answerers: readonly Answerer[]
  /** Runs code with a ctx of the answering plugin that ends with the call or the signal. */
  call<T>(answerer: Answerer, signal: AbortSignal, code: (ctx: Ctx) => Promise<T>): Promise<T>
  /** Told of an answer that failed and was passed over. */
  report(plugin: string, error: unknown): void
}

type AnyPoint = Point<unknown, unknown>

const SAVEPOINT = 'weft_answer'

/** What one answer does to the database is undone when it fails, and the transaction goes on. */
async function within<T>(unit: Unit | null, work: () => Promise<T>): Promise<T> {
  if (!unit) return work()
  await unit.write({ text: `savepoint ${SAVEPOINT}` })
  try {
    const result = await work()
    await unit.write({ text: `release savepoint ${SAVEPOINT}` })
    return result
  } catch (error) {
    await unit.write({ text: `rollback to savepoint ${SAVEPOINT}` })
    throw error
  }
}

async function answerInTime(asking: Asking, point: AnyPoint, answerer: Answerer, input: unknown): Promise<unknown> {
  const controller = new AbortController()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    controller.abort()
    reject(new Error(`no answer within ${point.ms} ms`))
  }, point.ms)
  try {
    const answering = () =>
      asking.call(answerer, controller.signal, (ctx) => answerer.answer.answer(ctx, structuredClone(input)))
    return structuredClone(await within(asking.unit, () => Promise.race([answering(), late])))
  } finally {
    clearTimeout(timer)
  }
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

async function askForLeave(asking: Asking, point: AnyPoint, input: unknown): Promise<unknown> {
  let present = input
  for (const answerer of asking.answerers) {
    const answer = await answerOf(asking, point, answerer, present)
    if (answer === FAILED) continue
    const verdict = answer as Verdict<unknown>
    if (verdict.is === 'refuse') throw new Problem(409, verdict.code, verdict.errors)
    if (verdict.is === 'change') present = verdict.to
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

/** @throws Error where the plugin may not ask the point, or not here */
export async function ask(asking: Asking, point: AnyPoint, input: unknown, key?: string): Promise<unknown> {
  if (!point.name.startsWith(`${asking.plugin}.`))
    throw new Error(`${asking.plugin} cannot ask ${point.name}: it is not its own point.`)
  if ((point.within === 'command') !== (asking.unit !== null))
    throw new Error(`${point.name} is asked within ${point.within === 'command' ? 'a transaction' : 'an exchange'}.`)
  if (point.kind === 'veto') return askForLeave(asking, point, input)
  return point.kind === 'collect' ? collect(asking, point, input) : choose(asking, point, input, key)
}
