/** Before all journeys: a browser is there, and the screen is built, with the plugins that break on purpose in it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { findFolders, ROOT } from '../../../core/host/catalogue.ts'
import { buildScreen, screenIsStale } from '../../../host-ui/build.ts'
import { writeBrokenPlugins } from './broken-plugins.ts'
import { findChromium } from './chromium.ts'

declare module 'vitest' {
  interface ProvidedContext {
    screen: string
    chromium: string
    brokenPlugins: string[]
    unlabelledPlugin: string
  }
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide('chromium', findChromium())
  const { broken, unlabelled } = writeBrokenPlugins(join(ROOT, '.build/journeys/plugins'))
  const folders = findFolders([...broken, unlabelled], []).filter(({ dir }) => existsSync(join(dir, 'ui/index.ts')))
  const plugins = folders.map(({ dir, manifest }) => ({ id: manifest.id, dir }))
  // Not where `npm start` looks: a screen with broken plugins is nobody's.
  const out = join(ROOT, '.build/journeys/screen')
  if (await screenIsStale({ root: ROOT, out, plugins })) await buildScreen({ root: ROOT, out, plugins })
  project.provide('screen', out)
  project.provide('brokenPlugins', broken)
  project.provide('unlabelledPlugin', unlabelled)
}
