/** Which plugin's code runs: asked when something goes wrong that no `await` of ours sees. */
import { AsyncLocalStorage } from 'node:async_hooks'

const storage = new AsyncLocalStorage<string>()

/** The last plugin whose code was entered, by its place in a list that both sides know; 0 is none. Read by the watchdog. */
let mark: Int32Array | null = null
let places: ReadonlyMap<string, number> = new Map()

/** Has each entry into plugin code written down where another thread can read it. */
export function shareEntries(cell: Int32Array, plugins: readonly string[]): void {
  mark = cell
  places = new Map(plugins.map((id, i) => [id, i + 1]))
}

/** Calls code of a plugin; whatever it leaves behind (timers, promises) bears its name. */
export function runAs<T>(plugin: string, code: () => T): T {
  if (!mark) return storage.run(plugin, code)
  const before = Atomics.exchange(mark, 0, places.get(plugin) ?? 0)
  try {
    return storage.run(plugin, code)
  } finally {
    // A promise is not the end of it: what goes on later is the last entry as far as anybody knows.
    if (before !== 0) Atomics.store(mark, 0, before)
  }
}

/** The plugin in whose name the present code runs; undefined for the kernel's own. */
export const runningPlugin = (): string | undefined => storage.getStore()
