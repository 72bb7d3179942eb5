/** For tests of plugins, in this repository and elsewhere: `import { openHarness } from 'weft/testing'`. */
export { createTestDatabase, type TestDatabase } from './database.ts'
export { eventually, type Harness, openHarness, type Reply, type Visitor } from './harness.ts'
