import type { Api } from './api.ts'
import type { Row, Schema } from './row.ts'

export type Translate = (key: string, params?: Record<string, unknown>) => string

export type Notice = 'success' | 'info' | 'error'

/** Everything a widget can reach. The host sets a new one when the record, the language or the rights change. */
export interface WidgetContext {
  /** The record whose page shows the widget; absent in slots that belong to no record. */
  readonly record?: { readonly resource: string; readonly id: string; readonly row: Row }
  readonly api: Api
  /** A text of the plugin's own locales. */
  readonly t: Translate
  readonly lang: string
  /** This organisation's settings of the plugin, with the defaults of its schema. */
  readonly settings: Readonly<Record<string, unknown>>
  can(permission: string): boolean
  navigate(path: string): void
  notify(message: string, kind?: Notice): void
  /** To be called after own writes: the host fetches record, lists and history again. */
  refresh(): void
  /**
   * Calls `changed` when somebody has written to rows of the resource, or may have; in the slot of a record, to those of
   * that record alone. `WeftElement` does so for what it `watches`.
   * @returns what ends it
   */
  watch(resource: string, changed: () => void): () => void
  /** The composed schema of a resource, fetched once and shared with the host. */
  schemas(resource: string): Promise<Schema>
  /** The screen's stylesheet, for widgets that use a shadow root. */
  readonly sheet?: CSSStyleSheet
}

/** Defining twice is what a module loaded again after a failure does; the first class stays. */
export function defineWidget(tag: string, elementClass: CustomElementConstructor): void {
  if (!customElements.get(tag)) customElements.define(tag, elementClass)
}
