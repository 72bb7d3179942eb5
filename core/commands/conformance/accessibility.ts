/** Whom the places that a plugin fills keep out, looked at in a real browser. */
import type { Browser } from 'playwright-core'
import type { Config } from '../../config.ts'
import { buildServer } from '../../http/server.ts'
import { openKernel } from '../../kernel.ts'
import { demandChromium, findChromium, NO_CHROMIUM } from './chromium.ts'
import { findAt, LAUNCHED, STAND_STILL } from './looking.ts'
import { Places } from './places.ts'
import type { Stage } from './stage.ts'
import type { Tally } from './tally.ts'

export const ACCESSIBILITY = 'accessibility'
const MEND = 'mend what axe says of the element: everybody has to find it, read it and know what it asks for'
const SHOWN_MS = 15_000

/** Why nothing can be looked at here; null where it can. */
export const whyNoBrowser = ({ chromium }: Config): string | null => (findChromium(chromium) ? null : NO_CHROMIUM)

export interface Sight {
  readonly stage: Stage
  readonly config: Config
  /** Of the stage's database, as the login that owns it. */
  readonly databaseUrl: string
  /** The folder of the screen, with the plugin's in it. */
  screen(): Promise<string>
}

/** The stage's data behind a port, with the screen, until the work is done. */
async function serve<T>({ config, databaseUrl, screen }: Sight, work: (origin: string) => Promise<T>): Promise<T> {
  const kernel = await openKernel({ config, databaseUrl, screen: await screen(), report: () => {} })
  try {
    const app = await buildServer(kernel.services)
    app.log.level = 'silent'
    const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
    return await work(`http://localhost:${port}`).finally(() => app.close())
  } finally {
    await kernel.close()
  }
}

async function openPage(browser: Browser, origin: string, cookie: string) {
  const context = await browser.newContext({ baseURL: origin, locale: 'en-GB', reducedMotion: 'reduce' })
  context.setDefaultTimeout(SHOWN_MS)
  await context.addInitScript({ content: STAND_STILL })
  const [name, value] = cookie.split(/=(.*)/s) as [string, string]
  await context.addCookies([{ name, value, url: origin }])
  return context.newPage()
}

/** Counts each place that is looked at, by day and in the dark, and keeps what axe finds there. */
export async function checkAccessibility(sight: Sight, tally: Tally, plugin: string): Promise<void> {
  const { services, own } = sight.stage
  const places = await (await Places.open(services, own)).of([plugin])
  if (places.length === 0) return
  // A tool of development: where nobody tries anything it is not there.
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: demandChromium(sight.config.chromium), args: LAUNCHED })
  try {
    await serve(sight, async (origin) => {
      const page = await openPage(browser, origin, own.cookie)
      for (const place of places) {
        for (const [at, barriers] of Object.entries(await findAt(page, place)))
          for (const barrier of barriers) tally.find(ACCESSIBILITY, `${at}: ${barrier.replaceAll(/\s+/g, ' ')}`, MEND)
        tally.count(ACCESSIBILITY)
      }
      await page.context().close()
    })
  } finally {
    await browser.close()
  }
}
