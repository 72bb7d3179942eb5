/** What the conformance kit asks of a plugin, on a database made for it, as checks like all others. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createScratch, type Scratch } from '../../data/scratch.ts'
import { ROOT } from '../../host/catalogue.ts'
import { migrateDatabase } from '../../host/preparation.ts'
import { ACCESSIBILITY, checkAccessibility, type Sight, whyNoBrowser } from '../conformance/accessibility.ts'
import { BUNDLE, judgeBundle } from '../conformance/bundle.ts'
import type { Bench } from '../conformance/bench.ts'
import { judgeBreadth, type Kit, openBench, openKit, RULES, runRule } from '../conformance/kit.ts'
import { openStage, type Stage } from '../conformance/stage.ts'
import { prepareScreen } from '../screen.ts'
import type { Lab } from './database-rules.ts'
import type { Candidate, Check } from './rule.ts'

/** A tenth of all that there is finds what a plugin does wrong everywhere; the full run is tests/security/run.ts. */
const EXTENT = { seed: 1, share: 0.1 }

/** Not where `npm start` looks: it may have one plugin more. */
const OUT = join(ROOT, '.build/check')

interface Opened {
  readonly scratch: Scratch
  readonly dataDir: string
  readonly stage: Stage
  readonly sight: Sight
  readonly kit: Kit
  readonly bench: Bench
}

async function open({ config, ownerUrl, described }: Lab, { installed }: Candidate): Promise<Opened> {
  const scratch = await createScratch(ownerUrl)
  const dataDir = mkdtempSync(join(tmpdir(), 'weft-kit-'))
  try {
    await migrateDatabase({ ownerUrl: scratch.url, secret: config.secret, described })
    const alone = { redisUrl: null, s3Url: null, smtpUrl: null, url: null, databaseConnections: 12 }
    const query: Stage['query'] = (text, values) => scratch.query(text, values)
    const site = { config: { ...config, ...alone, dataDir }, databaseUrl: scratch.url }
    const stage = await openStage({ ...site, query })
    const kit = await openKit(stage)
    const sight = { ...site, stage, screen: () => prepareScreen(config.plugins, { out: OUT, say: () => {} }) }
    return { scratch, dataDir, stage, sight, kit, bench: await openBench(kit, installed.id, EXTENT) }
  } catch (error) {
    await scratch.drop()
    rmSync(dataDir, { recursive: true, force: true })
    throw error
  }
}

/** The checks share one stage, opened by the first and closed by `close`. */
export function conformanceChecks(lab: Lab, candidate: Candidate): { checks: Check[]; close(): Promise<void> } {
  const { id } = candidate.installed
  let opening: Promise<Opened> | null = null
  const opened = () => (opening ??= open(lab, candidate))
  const asked = Object.keys(RULES).map((rule): Check => {
    const run = async () => {
      const { kit, bench } = await opened()
      return runRule(kit, bench, rule)
    }
    return { plugin: id, rule, run, tried: async () => (await opened()).bench.tally.triedOf(rule) }
  })
  const breadth: Check = { plugin: id, rule: 'breadth', run: async () => judgeBreadth((await opened()).bench) }
  const bundle: Check = { plugin: id, rule: BUNDLE, run: () => judgeBundle(candidate.installed) }
  const accessibility: Check = {
    plugin: id,
    rule: ACCESSIBILITY,
    hindrance: whyNoBrowser(lab.config),
    async run() {
      const { sight, bench } = await opened()
      await checkAccessibility(sight, bench.tally, id)
      return bench.tally.findingsOf(ACCESSIBILITY)
    },
    tried: async () => (await opened()).bench.tally.triedOf(ACCESSIBILITY),
  }
  return {
    checks: [...asked, breadth, bundle, accessibility],
    async close() {
      const known = await opening?.catch(() => null)
      if (!known) return
      await known.stage.close()
      await known.scratch.drop()
      rmSync(known.dataDir, { recursive: true, force: true })
    },
  }
}
