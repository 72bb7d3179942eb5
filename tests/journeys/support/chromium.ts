/** Where the browser is. */
import { existsSync } from 'node:fs'

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** @throws Error where no browser is installed */
export function findChromium(): string {
  const found = PLACES.find((path) => path && existsSync(path))
  if (found) return found
  throw new Error('This needs Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM to its path.')
}
