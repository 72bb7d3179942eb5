/** Before all journeys: a browser is there, and the screen is built, with the plugins that break on purpose in it. */
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ROOT } from '../../../core/host/catalogue.ts'
import { writeBrokenPlugins } from './broken-plugins.ts'
import { prepareScreen } from '../../../core/commands/screen.ts'
import { demandChromium } from '../../../core/commands/conformance/chromium.ts'

declare module 'vitest' {
  interface ProvidedContext {
    screen: string
    chromium: string
    brokenPlugins: string[]
    unlabelledPlugin: string
  }
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide('chromium', demandChromium(process.env.CHROMIUM))
  const { broken, unlabelled } = writeBrokenPlugins(join(ROOT, '.build/journeys/plugins'))
  // Not where `npm start` looks: a screen with broken plugins is nobody's.
  const out = join(ROOT, '.build/journeys/screen')
  project.provide('screen', await prepareScreen([...broken, unlabelled], { out, say: () => {} }))
  project.provide('brokenPlugins', broken)
  project.provide('unlabelledPlugin', unlabelled)
}
