/** A stream whose client does not read: it costs no memory without bound and no connection of the database. */
import { NO_RULES } from '../work/rules.ts'
import { createSecretKey } from 'node:crypto'
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { eventually } from '../../tests/support/harness.ts'
import type { ChangedFact } from '../facts/changes.ts'
import type { Unit } from '../work/unit.ts'
import { MAX_WAITING, Stream } from './stream.ts'

const FACT: ChangedFact = {
  xid: '1',
  id: '1',
  at: '2026-01-01T00:00:00.000Z',
  event: 'clients.updated',
  resource: 'clients',
  row_id: '00000000-0000-4000-8000-000000000001',
  record_id: '00000000-0000-4000-8000-000000000001',
  changed: [],
  past: null,
  present: null,
  actor_kind: 'system',
  actor: null,
  plugin: null,
}
const PAGE = Array.from({ length: 200 }, () => FACT)

/** Takes the first piece and never says that it is done. */
const hung = () => new Writable({ write: () => {} })

function streamTo(out: Writable, isEnd: boolean) {
  let reads = 0
  const read = async () => {
    reads++
    return { rows: [{ items: PAGE, end: { xid: '1', id: String(reads) }, isEnd }], rowCount: 1 }
  }
  const follower = {
    tenant: 'a',
    cursorKey: createSecretKey(Buffer.alloc(32)),
    unit: { read } as unknown as Unit,
    resources: new Map(),
    plugins: [],
    rules: NO_RULES,
    can: () => false,
  }
  const listener = { admit: async () => follower, report: () => {} }
  const stream = new Stream(out, listener, { xid: '0', id: '0' })
  stream.begin(follower)
  return { stream, reads: () => reads }
}

test('a client that reads nothing while much happens is cut off before much more than a megabyte waits', async () => {
  const out = hung()
  const { stream, reads } = streamTo(out, true)
  let most = 0
  await eventually(async () => {
    const before = reads()
    stream.tell()
    await eventually(async () => out.destroyed || reads() > before, 'the page was read')
    most = Math.max(most, out.writableLength)
    return out.destroyed
  }, 'it is cut off')
  expect(most).toBeGreaterThan(MAX_WAITING / 2)
  expect(most).toBeLessThan(MAX_WAITING * 1.2)
  const after = reads()
  stream.tell()
  await stream.beat()
  expect(reads()).toBe(after)
})

test('a client that has far to catch up is read for at its own pace', async () => {
  const pieces: (() => void)[] = []
  const write = (_piece: Buffer, _encoding: string, done: () => void) => void pieces.push(done)
  const out = new Writable({ highWaterMark: 16_384, write })
  const { stream, reads } = streamTo(out, false)
  await eventually(async () => reads() === 1, 'the first page was read')
  stream.tell()
  await stream.beat()
  expect([reads(), out.destroyed]).toEqual([1, false])
  await eventually(async () => {
    pieces.shift()?.()
    return reads() === 2
  }, 'the next page is read when the first has gone')
  stream.end()
})

test('an end that nobody reads is an end all the same', async () => {
  const out = hung()
  const { stream } = streamTo(out, true)
  stream.end()
  await eventually(async () => out.destroyed, 'it is closed')
})
