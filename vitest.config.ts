import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** They bring a PostgreSQL of their own, whatever else there is. */
const OWN_SERVER = ['core/data/server.test.ts', 'tests/faults/quarantine.test.ts', 'tests/faults/restart.test.ts']

/** What crosses parts takes longer than what stands beside the code: begun last, it would leave the other worker idle. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const crosses = ({ moduleId }: TestSpecification) => Number(moduleId.includes('/tests/'))
    return (await super.sort(files)).toSorted((a, b) => crosses(b) - crosses(a))
  }
}

export default defineConfig({
  test: {
    include: ['core/**/*.test.ts', 'plugins/**/*.test.ts', 'host-ui/**/*.test.{ts,tsx}', 'tests/**/*.test.ts'],
    // Long runs have commands of their own; their bounded samples are tests like all others.
    exclude: [
      'node_modules/**',
      '.build/**',
      '.data/**',
      'tests/journeys/**',
      ...(process.env.DATABASE_URL ? OWN_SERVER : []),
    ],
    globalSetup: ['tests/support/global.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Each worker loads the kernel once, and not for each file anew; what a test mocks ends with it.
    isolate: false,
    restoreMocks: true,
    sequence: { sequencer: LongestFirst },
    // Tests get Lit's development form and a provider made for trying, which say so once in each file.
    onConsoleLog: (line) => !line.startsWith('Lit is in dev mode') && !line.startsWith('oidc-provider '),
  },
})
