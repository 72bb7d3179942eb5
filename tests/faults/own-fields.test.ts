/** A field that a tenant defines gets its index from whoever owns the tables, though the process that serves does not. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, type Harness, openHarness } from '../support/harness.ts'
import { defined } from '../support/own-fields.ts'
import { pluginFolders, SECRET } from '../support/settings.ts'
import { Node } from './fleet.ts'
import { Folders } from './program.ts'

let h: Harness
let worker: Node | undefined
const folders = new Folders()

beforeAll(async () => {
  h = await openHarness()
  const settings = {
    DATABASE_URL: h.database.ownerUrl,
    WEFT_SECRET: SECRET,
    WEFT_DATA_DIR: folders.path('worker'),
    WEFT_PLUGINS: pluginFolders.join(','),
  }
  worker = await Node.start('worker', settings)
  await eventually(async () => worker?.isReady, 'the worker works', 180_000)
}, 240_000)
afterAll(async () => {
  await worker?.stop()
  await h?.close()
  folders.remove([])
}, 60_000)

test('the index of a filtered field is made and dropped beside a worker that runs', async () => {
  const made = async () =>
    (await h.database.query<{ n: number }>('select count(made_at)::int as n from kernel.field_indexes'))[0]?.n
  await defined(h.alice, { code: { type: 'string', maxLength: 40, 'x-filter': true } })
  await eventually(async () => (await made()) === 1, 'the index is made', 60_000)
  const valid = await h.database.query(
    'select from pg_index i join kernel.field_indexes f on i.indexrelid = f.name::regclass where i.indisvalid',
  )
  expect(valid).toHaveLength(1)
  await defined(h.alice, {})
  await eventually(async () => (await made()) === 0, 'the index is dropped', 60_000)
}, 150_000)
