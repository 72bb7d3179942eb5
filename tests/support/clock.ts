const True = globalThis.Date

/**
 * Sets the clock of this process ahead or back, as an operator or a time server does; the steady one, by which timers go,
 * goes on as it was. 0 puts it right.
 */
export function setClock(aheadMs: number): void {
  const now = () => True.now() + aheadMs
  const wrong = new Proxy(True, {
    construct: (target, given, made) => Reflect.construct(target, given.length > 0 ? given : [now()], made) as object,
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  })
  globalThis.Date = aheadMs === 0 ? True : wrong
}

/** The right time, so many milliseconds from now. */
export const inTrueTime = (ms: number): string => new True(True.now() + ms).toISOString()
