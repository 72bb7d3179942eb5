/** What this browser remembers. Storage may be forbidden or full; the screen works without it. */

export function recall<T>(key: string, area: 'local' | 'session' = 'local'): T | undefined {
  try {
    const text = (area === 'local' ? localStorage : sessionStorage).getItem(key)
    return text === null ? undefined : (JSON.parse(text) as T)
  } catch {
    return undefined
  }
}

export function remember(key: string, value: unknown, area: 'local' | 'session' = 'local'): void {
  try {
    ;(area === 'local' ? localStorage : sessionStorage).setItem(key, JSON.stringify(value))
  } catch {
    // Nothing to do: the next visit starts from the defaults.
  }
}
