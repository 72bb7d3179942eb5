import { LitElement, type PropertyDeclarations } from 'lit'
import type { WidgetContext } from './widget.ts'

/** A Lit element in the light DOM, so that the host's stylesheet reaches it; a new `ctx` renders it again. */
export class WeftElement extends LitElement {
  static override properties: PropertyDeclarations = { ctx: { attribute: false } }
  declare ctx: WidgetContext

  protected override createRenderRoot(): HTMLElement {
    return this
  }
}
