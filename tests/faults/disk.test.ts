/** Full disks: what needs no room goes on, what needs some is refused whole, and once there is room all is as before. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { accountOf } from '../support/database.ts'
import { eventually, type Harness, openHarness, type Reply } from '../support/harness.ts'
import { Volume, whyNoVolume } from './volume.ts'

const reason = whyNoVolume()

const expectRefusal = ({ status, headers, body }: Reply, expected: number) => {
  expect([status, body?.code, headers['content-type']]).toEqual([
    expected,
    'disk_full',
    'application/problem+json; charset=utf-8',
  ])
  expect(body.errors).toEqual([])
}

describe.skipIf(reason)(`the disk of the files is full (${reason ?? 'a volume of 1 MB'})`, () => {
  let volume: Volume
  let h: Harness
  beforeAll(async () => {
    volume = new Volume(1)
    h = await openHarness({ config: { dataDir: volume.path } })
  })
  afterAll(async () => {
    await h?.close()
    volume?.remove()
  })

  const upload = (name: string, body: string, who = h.alice) =>
    who.call('POST', `/api/files?plugin=probe&name=${name}.txt`, { body, headers: { 'content-type': 'text/plain' } })
  const put = (name: string, content: string) => h.alice.post('/api/probe/files/put/exchange', { name, content })
  const known = async () => (await h.database.query<{ name: string }>('select name from kernel.files')).length
  const bytes = () => {
    const root = join(volume.path, 'files')
    return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
      statSync(join(root, path)).isFile(),
    )
  }

  test('an upload is refused with nothing left of it; files are read, and taken again once there is room', async () => {
    const first = await upload('first', 'x'.repeat(100_000))
    expect(first.status, first.text).toBe(201)
    const before = [await known(), bytes()]
    // One that is cut in its middle, of one who has no folder yet, and those that find no room at all.
    expectRefusal(await upload('large', 'x'.repeat(980_000), h.bob), 507)
    volume.fill()
    expectRefusal(await upload('small', 'a few words'), 507)
    expectRefusal(await put('own', 'of a plugin'), 507)
    expect([await known(), bytes()]).toEqual(before)
    expect((await h.alice.get(`/api/files/${first.body.id}`)).text).toHaveLength(100_000)
    expect((await h.alice.post('/api/clients', { type: 'person', lastName: 'Beside' })).status).toBe(201)
    volume.free()
    expect((await upload('small', 'a few words')).status).toBe(201)
    expect((await put('own', 'of a plugin')).status).toBe(200)
    expect(await known()).toBe(3)
  })
})

/** A telling whose failure could not be written down waits for its lease of 90 seconds, one that failed often for its pause. */
const WELCOMED_MS = 150_000

describe.skipIf(reason)(`the disk of the database is full (${reason ?? 'a volume of 96 MB'})`, () => {
  const tablespace = `weft_full_${process.pid}`
  let volume: Volume
  let owner: Client
  let h: Harness
  /** Why the server cannot use the volume: it may be another machine's, or the login may not do it. */
  let refusal: string | null = null
  beforeAll(async () => {
    owner = new Client({ connectionString: inject('ownerUrl') })
    await owner.connect()
    // Elsewhere it refuses the volume, and says why.
    volume = new Volume(96, await accountOf(owner).catch(() => undefined))
    const making = owner.query(`create tablespace ${tablespace} location '${volume.path}'`)
    refusal = await making.then(
      () => null,
      (error: Error) => error.message,
    )
    if (refusal === null) h = await openHarness({ worker: true, tablespace })
  })
  afterAll(async () => {
    volume?.free()
    await h?.close()
    await owner?.query(`drop tablespace if exists ${tablespace}`)
    await owner?.end()
    volume?.remove()
  })

  const make = (lastName: string) =>
    h.alice.post(
      '/api/clients',
      { type: 'person', lastName, notes: `${lastName} ${'x'.repeat(500)}` },
      { 'idempotency-key': lastName.replace(' ', '-') },
    )
  const namesOf = async () => {
    const rows = await h.database.query<{ name: string }>(
      `select last_name as name from clients where tenant_id = $1 and last_name like 'Made %' order by created_at, id`,
      [h.tenants.alice],
    )
    return rows.map(({ name }) => name)
  }

  test(
    'writes are refused whole, reads go on; once there is room all is taken and told',
    { timeout: 2 * WELCOMED_MS },
    async ({ skip }) => {
      if (refusal !== null) skip(refusal)
      const acknowledged = Array.from({ length: 5 }, (_, i) => `Made ${i}`)
      for (const name of acknowledged) expect((await make(name)).status).toBe(201)
      volume.fill()
      // Pages that the tables have left take some more.
      const refused = await eventually(async () => {
        const name = `Made ${acknowledged.length}`
        const reply = await make(name)
        if (reply.status !== 201) return { name, reply }
        acknowledged.push(name)
        return null
      }, 'there is no room for more')
      expectRefusal(refused.reply, 503)
      expect(Number(refused.reply.headers['retry-after'])).toBeGreaterThan(0)
      const statuses = await Promise.all(
        Array.from({ length: 30 }, async (_, i) => (await make(`Refused ${i}`)).status),
      )
      expect(statuses.filter((status) => ![201, 503].includes(status))).toEqual([])
      await h.database.query(`update kernel.sessions set used_at = now() - interval '1 hour'`).catch(() => {})
      const list = await h.alice.get('/api/clients?sort=createdAt&limit=5')
      expect([list.status, list.body?.items.length]).toEqual([200, 5])
      const [row] = list.body.items
      for (const path of [`/api/clients/${row.id}`, `/api/clients/${row.id}/history`, '/api/plugins', '/api/session'])
        expect((await h.alice.get(path)).status, path).toBe(200)
      expect((await namesOf()).slice(0, acknowledged.length)).toEqual(acknowledged)

      volume.free()
      const again = await make(refused.name)
      expect(again.status, again.text).toBe(201)
      expect((await make(refused.name)).body.id).toBe(again.body.id)
      expect(await namesOf()).toEqual([...acknowledged, refused.name])
      const welcomes = () =>
        h.database.query<{ count: number }>(
          `select count(t.id)::int as count from clients c left join tasklist__tasklist t
          on t.tenant_id = c.tenant_id and t.client_id = c.id where c.tenant_id = $1 group by c.id`,
          [h.tenants.alice],
        )
      await eventually(async () => (await welcomes()).every(({ count }) => count > 0), 'each is welcomed', WELCOMED_MS)
      expect(new Set((await welcomes()).map(({ count }) => count))).toEqual(new Set([1]))
    },
  )
})
