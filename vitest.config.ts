import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['core/**/*.test.ts', 'plugins/**/*.test.ts', 'host-ui/**/*.test.{ts,tsx}', 'tests/**/*.test.ts'],
    // Long runs have commands of their own; their bounded samples are tests like all others.
    exclude: ['node_modules/**', '.build/**', '.data/**', 'tests/journeys/**'],
    globalSetup: ['tests/support/global.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Tests get Lit's development form, which says so once in each file.
    onConsoleLog: (line) => !line.startsWith('Lit is in dev mode'),
  },
})
