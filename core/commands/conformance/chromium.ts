/** Where the browser is. */
import { existsSync } from 'node:fs'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** @param given the one and only, if any @returns null where there is none */
export const findChromium = (given: string | null | undefined): string | null =>
  (given ? [given] : PLACES).find((path) => existsSync(path)) ?? null

export const NO_CHROMIUM =
  'Chromium is not there: install it (Debian: apt-get install chromium), or set CHROMIUM to its path.'

/** @throws Error where there is none */
export function demandChromium(given: string | null | undefined): string {
  const found = findChromium(given)
  if (found === null) throw new Error(NO_CHROMIUM)
  return found
}
