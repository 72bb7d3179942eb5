/** A bounded sample of `npm run test:faults`: fifteen kills, and nothing acknowledged is lost or done twice. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { runKills } from './kills/course.ts'
import { addTenants, settingsOf } from './kills/stage.ts'
import { Folders } from './program.ts'

const KILLS = 15

let database: TestDatabase
const folders = new Folders()
beforeAll(async () => {
  database = await createTestDatabase()
  await addTenants(database.ownerUrl)
})
afterAll(async () => {
  await database?.drop()
  folders.remove([])
})

test(
  'whatever is killed, what is acknowledged is there, and what is told is told once',
  { timeout: 300_000 },
  async () => {
    const where: Record<string, string> = { DATABASE_URL: database.ownerUrl, WEFT_DATA_DIR: folders.path('data') }
    if (process.env.REDIS_URL) where.REDIS_URL = process.env.REDIS_URL
    const seed = Date.now() % 1_000_000
    console.log(`seed ${seed}`)
    const { findings, killed } = await runKills({
      stage: {
        settings: settingsOf(where),
        ownerUrl: database.ownerUrl,
        dataDir: folders.path('data'),
        query: (text, values) => database.query(text, values),
        killPostgres: null,
        isImpatient: true,
        close: async () => {},
      },
      kills: KILLS,
      seed,
      log: () => {},
    })
    const broken = findings.filter((each) => each.broken.length > 0)
    expect(broken.map((each) => ({ ...each, broken: each.broken.slice(0, 5) }))).toEqual([])
    // A promise that was not tried says nothing. In so short a time none may have been merged or cut, and no minute passed.
    const untried = findings.filter(({ tried, promise }) => tried === 0 && !/merges|round|cut/.test(promise))
    expect(untried).toEqual([])
    expect(killed.web + killed.worker + killed.supervisor).toBe(KILLS)
  },
)
