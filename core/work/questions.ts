/** Puts questions to the plugins that answer a point, each with a ctx of its own. */
import { type Ctx, type Narrowing, narrowing, type Point, Problem, type RightsHolder, storing } from '../contract.ts'
import type { Scan } from '../files/files.ts'
import { ask, askForLeave, type Asking, LateAnswer } from './asking.ts'
import { type Guard, isUnavailable } from './guard.ts'
import { Held } from './held.ts'
import { without } from './links.ts'
import { type Answering, claimsOf, type FindAnswers, type Frame, type Occasion } from './occasion.ts'
import { assertOpen, heldRowOf, refuseChange, type RowAsking, rowPoint } from './row-points.ts'

export type AnyPoint = Point<unknown, unknown>

/** Where something is asked, whoever asks. */
type Place = Omit<Frame, 'unit' | 'plugin'>

interface Means {
  readonly findAnswers: FindAnswers
  readonly guard: Guard
  /** Runs code with a ctx of the plugin of the frame. */
  call<T>(frame: Frame, code: (ctx: Ctx) => Promise<T>): Promise<T>
}

const NOTHING: ReadonlySet<string> = new Set()

export class Questions {
  readonly #means: Means

  constructor(means: Means) {
    this.#means = means
  }

  /** `ctx.ask`. @throws Error for a point of another plugin, or one that is not asked here */
  async ask(
    frame: Frame,
    point: AnyPoint,
    { input, key }: { input: unknown; key: string | undefined },
  ): Promise<unknown> {
    const { occasion, plugin, unit } = frame
    if (!point.name.startsWith(`${plugin.id}.`))
      throw new Error(`${plugin.id} cannot ask ${point.name}: it is not its own point.`)
    const answerers = await this.#means.findAnswers(occasion.tenant.id, point.name)
    const asking = this.#asking(frame, point, answerers)
    if (!unit) return ask({ ...asking, unit: null }, point, input, key)
    return unit.join((joined) => ask({ ...asking, unit: joined }, point, input, key))
  }

  #asking(place: Place, point: AnyPoint, answerers: readonly Answering[]): Omit<Asking, 'unit'> {
    const { occasion } = place
    const { guard, call } = this.#means
    return {
      answerers,
      released: occasion.released ?? NOTHING,
      call: (answerer, scope, code) => {
        const { powers, settings } = answerer as Answering
        const signal = AbortSignal.any([place.signal, scope.signal])
        const claims = { ...place.claims, plugin: powers.id }
        // By which link the caller came, and what its route begins, is the business of the plugin that is called.
        const rest = without(without(occasion, 'link'), 'begun')
        const own = { ...rest, settings, log: occasion.logOf?.(powers.id) ?? occasion.log }
        const frame = { ...place, occasion: own, plugin: powers, signal, unit: scope.unit, claims }
        // For the asker it is a failed answer, not an answer to its caller.
        return guard
          .run(powers.id, () => call(frame, code))
          .catch((error: unknown) => {
            throw isUnavailable(error) ? new Error(`${powers.id} is suspended`) : error
          })
      },
      report: (by, err) => {
        if (err instanceof LateAnswer) guard.fail(by, err)
        occasion.log.warn('answer failed', { point: point.name, by, err })
      },
    }
  }

  /** How verbs ask about the rows that they write. */
  rowAsking(place: Place): RowAsking {
    const { occasion, closed = NOTHING } = place
    return {
      assertOpen: (resource) => assertOpen(closed, resource),
      find: async (resource, verb) => {
        assertOpen(closed, resource)
        const point = rowPoint(resource, verb)
        const answerers = await this.#means.findAnswers(occasion.tenant.id, point.name)
        if (answerers.length === 0) return null
        const asking = this.#asking({ ...place, closed: new Set([...closed, resource]) }, point, answerers)
        return async (unit, input, readChange) => {
          const row = heldRowOf(occasion.composition, resource, input)
          const check = readChange as Asking['readChange'] & object
          return (await askForLeave({ ...asking, unit, row, readChange: check }, point, input)) as typeof input
        }
      },
    }
  }

  /**
   * How a file is asked about before anybody has it; null where nobody answers.
   * @throws Error within such an answer: what it stores would be asked about itself
   */
  async scan({ occasion, closed = NOTHING, ...place }: Place): Promise<Scan | null> {
    if (closed.has(storing.name)) throw new Error(`An answer to ${storing.name} stores no files.`)
    const answerers = await this.#means.findAnswers(occasion.tenant.id, storing.name)
    if (answerers.length === 0) return null
    return async ({ id, plugin, name, type, bytes, sha256, recordId }) => {
      const asked = { ...place, occasion, closed: new Set([...closed, storing.name]), scanned: id }
      const input = { id, plugin, name, type, bytes, sha256, recordId }
      try {
        const asking = { ...this.#asking(asked, storing as AnyPoint, answerers), unit: null, readChange: refuseChange }
        await askForLeave(asking, storing as AnyPoint, input)
      } catch (error) {
        // A file waits for no person: whoever has brought it may bring it again.
        throw error instanceof Held ? new Problem(409, error.hold.code, error.hold.errors) : error
      }
    }
  }

  async isNarrowed(tenant: string): Promise<boolean> {
    return (await this.#means.findAnswers(tenant, narrowing.name)).length > 0
  }

  /**
   * What each plugin takes from somebody's rights.
   * @param read throws for what cannot be taken
   * @throws Problem 503 `unanswered`
   */
  async narrow(
    occasion: Occasion,
    holder: RightsHolder,
    read: (answer: unknown) => Narrowing,
  ): Promise<readonly Narrowing[]> {
    const answerers = await this.#means.findAnswers(occasion.tenant.id, narrowing.name)
    const place = { occasion, signal: new AbortController().signal, claims: claimsOf(occasion, null) }
    const asking = { ...this.#asking(place, narrowing as AnyPoint, answerers), unit: null }
    return Promise.all(
      answerers.map(async (answerer) => {
        try {
          const [answer] = (await ask({ ...asking, answerers: [answerer] }, narrowing as AnyPoint, holder)) as unknown[]
          return read(answer)
        } catch (err) {
          if (!(err instanceof Problem)) asking.report(answerer.plugin, err)
          const params = { plugin: answerer.plugin }
          throw new Problem(503, 'unanswered', [{ path: '', code: 'unanswered', params }])
        }
      }),
    )
  }

  scanOf(occasion: Occasion): Promise<Scan | null> {
    return this.scan({ occasion, signal: new AbortController().signal, claims: claimsOf(occasion, null) })
  }

  /** The same for a caller that is no plugin. */
  rowAskingOf(occasion: Occasion): RowAsking {
    return this.rowAsking({ occasion, signal: new AbortController().signal, claims: claimsOf(occasion, null) })
  }
}
