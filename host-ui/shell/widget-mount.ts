import type { WidgetContext } from 'weft/ui'

export type WidgetElement = HTMLElement & { ctx?: WidgetContext; updateComplete?: Promise<unknown> }

export interface Mounting {
  readonly tag: string
  readonly module: string
  readonly box: HTMLElement
  readonly signal: AbortSignal
  /** Asked at the last moment: the context may have changed while the module was on its way. */
  ctx(): WidgetContext
}

const PATIENCE = 8_000

/** Import, definition, connection and first render, each of which may fail or never end. */
export async function mountWidget({ tag, module, box, signal, ctx }: Mounting): Promise<WidgetElement | undefined> {
  const ready = import(/* @vite-ignore */ module).then(() => customElements.whenDefined(tag))
  await within(ready, `<${tag}> was not defined by ${module}`)
  if (signal.aborted) return undefined
  const element = guarded(() => document.createElement(tag) as WidgetElement)
  element.ctx = ctx()
  signal.addEventListener('abort', () => element.remove())
  try {
    guarded(() => box.append(element))
    await within(Promise.resolve(element.updateComplete), `<${tag}> did not render`)
  } catch (cause) {
    element.remove()
    throw cause
  }
  return element
}

let mounting = false

/**
 * An error in a constructor or in `connectedCallback` is not thrown to whoever makes or appends the element: the window
 * hears of it, at once.
 */
function guarded<T>(act: () => T): T {
  let failure: unknown
  const caught = (event: ErrorEvent) => {
    failure = event.error ?? new Error(event.message)
    event.preventDefault()
  }
  mounting = true
  window.addEventListener('error', caught)
  const result = act()
  window.removeEventListener('error', caught)
  mounting = false
  if (failure) throw failure
  return result
}

function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${otherwise} within ${PATIENCE / 1000} s`)), PATIENCE)
    void promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

let watching = false

/** What fails later, in handlers and updates, cannot be shown in place, but the log can say whose it was. */
export function watchPlugins(): void {
  if (watching) return
  watching = true
  window.addEventListener('error', (event) => mounting || blame(event.filename, event.error ?? event.message))
  window.addEventListener('unhandledrejection', (event) => blame(String(event.reason?.stack ?? ''), event.reason))
}

function blame(where: string, cause: unknown): void {
  const plugin = /\/plugins\/([\w-]+)\//.exec(where)?.[1]
  if (plugin) console.error(`[weft] plugin "${plugin}" failed after it was mounted`, cause)
}
