/** Real Chromium, and pages that remember everything the browser complained of. */
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect, inject, onTestFailed } from 'vitest'
import { LAUNCHED, STAND_STILL } from '../../../core/commands/conformance/looking.ts'
import { ROOT } from '../../../core/host/catalogue.ts'
import { PASSWORD } from '../../support/settings.ts'
import type { Language, Words } from './words.ts'

export interface Look {
  readonly language: Language
  readonly scheme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
}

export interface Visit {
  readonly language: Language
  readonly page: Page
  readonly context: BrowserContext
  /** Console errors, uncaught exceptions and violations of the security policy so far. */
  readonly complaints: string[]
}

// Scripts of pages are texts, for here the compiler knows no DOM.
const TELL_VIOLATIONS = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  console.error('The security policy was violated: ' + violatedDirective + ' ' + blockedURI))`

const LOCALES = { en: 'en-GB', fr: 'fr-FR' }

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: inject('chromium'),
    args: LAUNCHED,
  })
}

export async function openVisit(browser: Browser, address: string, look: Look): Promise<Visit> {
  const { language, scheme = 'light', width = 1280, height = 800 } = look
  const context = await browser.newContext({
    baseURL: address,
    locale: LOCALES[language],
    timezoneId: 'Europe/Paris',
    colorScheme: scheme,
    reducedMotion: 'reduce',
    viewport: { width, height },
  })
  context.setDefaultTimeout(30_000)
  const complaints: string[] = []
  await context.addInitScript({ content: TELL_VIOLATIONS })
  await context.addInitScript({ content: STAND_STILL })
  context.on('page', (page) => listen(page, complaints))
  onTestFailed(() => keepEvidence(context, complaints))
  return { page: await context.newPage(), context, complaints, language }
}

/** How every page looked when the journey failed: below `.build/journeys`. */
async function keepEvidence(context: BrowserContext, complaints: string[]): Promise<void> {
  for (const page of context.pages()) {
    const path = join(ROOT, `.build/journeys/failed-${Date.now()}.png`)
    const shot = await page.screenshot({ path, timeout: 5000 }).then(
      () => path,
      () => 'no picture',
    )
    console.error(`The journey failed at ${page.url()} (${shot}). ${complaints.join('\n')}`)
  }
}

function listen(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    const { pathname } = URL.parse(message.location().url) ?? { pathname: '' }
    // Whoever is not signed in asks who he is and hears 401; the browser reports every such answer by itself.
    if (pathname === '/api/session' && message.text().includes('401')) return
    complaints.push(`${message.text()} ${pathname}`)
  })
}

/** @param expected answers of the server that the journey provoked, e.g. `409` for a taken e-mail */
export function expectQuiet({ complaints }: Visit, expected: readonly number[] = []): void {
  const provoked = (text: string) =>
    expected.some((status) => text.includes(`the server responded with a status of ${status}`))
  expect(complaints.filter((text) => !provoked(text))).toEqual([])
}

export async function signIn({ page }: Visit, email: string, t: Words): Promise<void> {
  await page.goto('/')
  await page.getByLabel(t('signIn.email')).fill(email)
  await page.getByLabel(t('signIn.password')).fill(PASSWORD)
  await page.getByRole('button', { name: t('signIn.submit') }).click()
  await page.getByRole('heading', { level: 1, name: t('clients:clients') }).waitFor()
}
