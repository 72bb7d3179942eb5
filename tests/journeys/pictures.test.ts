/**
 * Not a test but a camera: with WEFT_PICTURES=<folder>, every page in each language, colour scheme and width, to be
 * looked at by a person. The README's picture is `en-light-1280-columns.png`, kept as docs/screen.png.
 */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { settle } from '../../core/commands/conformance/looking.ts'
import { openBrowser, openVisit, signIn } from './support/browser.ts'
import { type Demo, findBusyClient, openDemo } from './support/demo.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, shippedPlugins, type Words, wordsOf } from './support/words.ts'

const folder = process.env.WEFT_PICTURES

const looks = LANGUAGES.flatMap((language) =>
  (['light', 'dark'] as const).flatMap((scheme) => [1280, 390].map((width) => ({ language, scheme, width }))),
)

describe.skipIf(!folder)('pictures of every page (skipped: WEFT_PICTURES names no folder)', () => {
  let stage: Stage
  let browser: Browser
  let demo: Demo
  let client: string
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([openStage({ worker: true }), openBrowser()])
    demo = await openDemo(stage.harness)
    client = await findBusyClient(demo, shippedPlugins.includes('interactions'))
    await demo.api.post('/api/api-keys', { name: 'Website', permissions: ['clients.read'] })
  })
  afterAll(async () => {
    await browser?.close()
    await stage?.close()
  })

  test.each(looks)('$language, $scheme, $width wide', async (look) => {
    const t = wordsOf(look.language)
    const visit = await openVisit(browser, stage.address, { ...look, height: look.width > 600 ? 800 : 844 })
    const { page } = visit
    const shoot = async (name: string) => {
      await settle(page)
      const path = join(folder as string, `${look.language}-${look.scheme}-${look.width}-${name}.png`)
      await page.screenshot({ path })
    }
    await page.goto('/')
    await shoot('sign-in')
    await signIn(visit, demo.emails[look.language], t)
    await shoot('list')
    await chooseColumns(page, t)
    await shoot('columns')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: t('search.open') }).fill('mar')
    await page.getByRole('dialog').getByRole('option').nth(2).waitFor()
    await shoot('quick-search')
    await shootRecord(page, client, shoot)
    await shootForms(page, t, client, shoot)
    await shootSettings(page, t, shoot)
    await page.goto('/no/such/page')
    await shoot('not-found')
    await visit.context.close()
  })
})

type Shoot = (name: string) => Promise<void>

/** Who, what and when, without the addresses: it fits beside the navigation. */
async function chooseColumns(page: Page, t: Words): Promise<void> {
  await page.getByRole('button', { name: t('columns.title') }).click()
  const chooser = page.getByRole('dialog', { name: t('columns.title') })
  for (const key of ['clients:clients.email', 'clients:clients.phone']) {
    await chooser.getByRole('checkbox', { name: t(key), exact: true }).uncheck()
  }
  await page.keyboard.press('Escape')
  await chooser.waitFor({ state: 'detached' })
  await page.getByRole('heading', { level: 1 }).click()
}

async function shootRecord(page: Page, client: string, shoot: Shoot): Promise<void> {
  await page.goto(`/clients/${client}`)
  await page.getByRole('tab').first().waitFor()
  for (const [i, tab] of (await page.getByRole('tab').all()).entries()) {
    await tab.click()
    await page.getByRole('tabpanel').waitFor()
    await shoot(`record-${i + 1}`)
  }
}

async function shootForms(page: Page, t: Words, client: string, shoot: Shoot): Promise<void> {
  await page.goto('/clients/new')
  await page.getByRole('button', { name: t('form.save') }).click()
  await page.getByText(t('form.error.required')).first().waitFor()
  await shoot('new')
  await page.goto(`/clients/${client}/edit`)
  await page.getByRole('button', { name: t('form.save') }).waitFor()
  await shoot('edit')
}

async function shootSettings(page: Page, t: Words, shoot: Shoot): Promise<void> {
  await page.goto('/settings/plugins')
  await page.getByRole('switch').first().waitFor()
  await shoot('plugins')
  const settings = page.getByRole('button', { name: t('plugins.settings.of', { name: '' }) })
  if (await settings.count()) {
    await settings.first().click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('form.save') })
      .waitFor()
    await shoot('settings')
  }
  await page.goto('/settings/api-keys')
  await page.getByRole('button', { name: t('keys.new') }).waitFor()
  await shoot('api-keys')
  await page.getByRole('button', { name: t('keys.new') }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('keys.create') })
    .waitFor()
  await shoot('new-key')
  await page.goto('/settings/roles')
  await page.getByRole('row').nth(1).waitFor()
  await shoot('roles')
  await page.goto('/settings/roles/new')
  await page.getByRole('checkbox').first().check()
  await page.locator('summary').first().click()
  await shoot('new-role')
}
