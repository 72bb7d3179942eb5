/** The whole kernel behind a real port, with the built screen and an organisation for each language. */
import { inject } from 'vitest'
import { buildServer } from '../../../core/http/server.ts'
import { openKernel } from '../../../core/kernel.ts'
import { createTenant } from '../../../core/tenancy/directory.ts'
import { configFor, type Harness, type HarnessOptions, openHarness, type Visitor } from '../../support/harness.ts'
import { PASSWORD } from '../../support/settings.ts'
import { LANGUAGES, type Language } from './words.ts'

export interface Studio {
  readonly tenant: string
  readonly email: string
  readonly name: string
  /** The administrator, past the screen. */
  readonly api: Visitor
}

export interface Stage {
  readonly harness: Harness
  readonly address: string
  readonly studios: Readonly<Record<Language, Studio>>
  /** Another process over the same database, as far as the first can tell; ends with the stage. */
  openSecondServer(): Promise<string>
  close(): Promise<void>
}

const NAMES = { en: 'Alice Whitmore', fr: 'Aliénor Béranger' }

async function listen(app: Harness['app']): Promise<string> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const at = app.server.address()
  return `http://localhost:${typeof at === 'object' ? at?.port : ''}`
}

async function openStudio(harness: Harness, language: Language): Promise<Studio> {
  const [email, name] = [`admin-${language}@studio.example`, NAMES[language]]
  const admin = { email, name, password: PASSWORD }
  const input = {
    slug: `studio-${language}`,
    name: `Studio ${language}`,
    language,
    country: language === 'fr' ? 'FR' : 'GB',
    admin,
  }
  const { tenant } = await createTenant(harness.kernel.services.database, input)
  return { tenant: tenant.id, email, name, api: await harness.signIn(email) }
}

/** Only shipped plugins are there, unless `plugins` names folders of more. */
export async function openStage(
  options: { plugins?: readonly string[]; worker?: boolean; config?: HarnessOptions['config'] } = {},
): Promise<Stage> {
  const plugins = options.plugins ?? []
  const harness = await openHarness({
    screen: inject('screen'),
    plugins,
    worker: options.worker ?? false,
    config: options.config ?? {},
  })
  const address = await listen(harness.app)
  const [en, fr] = await Promise.all(LANGUAGES.map((language) => openStudio(harness, language)))
  const further: (() => Promise<void>)[] = []
  return {
    harness,
    address,
    studios: { en: en!, fr: fr! },
    async openSecondServer() {
      const { database } = harness
      const config = { ...configFor(database), plugins }
      const kernel = await openKernel({ config, databaseUrl: database.ownerUrl, screen: null, report: () => {} })
      const app = await buildServer(kernel.services)
      further.push(async () => {
        await app.close()
        await kernel.close()
      })
      return listen(app)
    },
    async close() {
      for (const end of further) await end()
      await harness.close()
    },
  }
}
