import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../..'),
    include: ['tests/journeys/*.test.ts'],
    globalSetup: ['tests/support/global.ts', 'tests/journeys/support/screen.ts'],
    testTimeout: 240_000,
    hookTimeout: 120_000,
    // A provider made for trying says so once in each journey.
    onConsoleLog: (line) => !line.startsWith('oidc-provider '),
    maxWorkers: 2,
  },
})
