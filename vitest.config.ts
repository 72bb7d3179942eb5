import { defineConfig } from 'vitest/config'

/** They bring a PostgreSQL of their own, whatever else there is. */
const OWN_SERVER = ['core/data/server.test.ts', 'tests/faults/quarantine.test.ts', 'tests/faults/restart.test.ts']

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
    // Tests get Lit's development form and a provider made for trying, which say so once in each file.
    onConsoleLog: (line) => !line.startsWith('Lit is in dev mode') && !line.startsWith('oidc-provider '),
  },
})
