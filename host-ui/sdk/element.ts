import { LitElement, type PropertyDeclarations, type ReactiveController } from 'lit'
import type { WidgetContext } from './widget.ts'

/** A Lit element in the light DOM, so that the host's stylesheet reaches it; a new `ctx` renders it again. */
export class WeftElement extends LitElement {
  static override properties: PropertyDeclarations = { ctx: { attribute: false } }
  /** Resources whose rows the element shows: `refetch` is called when some of them may have changed. */
  static watches: readonly string[] = []
  declare ctx: WidgetContext

  constructor() {
    super()
    const { watches } = this.constructor as typeof WeftElement
    if (watches.length > 0) this.addController(new Watching(this, watches, () => this.refetch()))
  }

  /** Somebody has written to what is shown, oneself included. */
  protected refetch(): void {
    this.requestUpdate()
  }

  protected override createRenderRoot(): HTMLElement {
    return this
  }
}

/** Follows what an element watches for as long as it is in the page, in the context that it has now. */
class Watching implements ReactiveController {
  readonly #host: WeftElement
  readonly #watches: readonly string[]
  readonly #changed: () => void
  #ctx: WidgetContext | undefined
  #ends: (() => void)[] = []

  constructor(host: WeftElement, watches: readonly string[], changed: () => void) {
    this.#host = host
    this.#watches = watches
    this.#changed = changed
  }

  hostConnected(): void {
    this.#follow()
  }

  hostUpdate(): void {
    if (this.#host.ctx !== this.#ctx) this.#follow()
  }

  hostDisconnected(): void {
    this.#ends.splice(0).forEach((end) => end())
    this.#ctx = undefined
  }

  #follow(): void {
    this.hostDisconnected()
    const { ctx } = this.#host
    if (!ctx) return
    this.#ctx = ctx
    this.#ends = this.#watches.map((resource) => ctx.watch(resource, this.#changed))
  }
}
