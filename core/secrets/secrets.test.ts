import { createSecretKey, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signContext } from '../data/context.ts'
import { contextKeyOf, findRoles, loginUrl, wrappingKeyOf } from '../data/roles.ts'
import { Client } from 'pg'
import { type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { SECRET } from '../../tests/support/settings.ts'
import { DataKeys } from './keys.ts'
import { rotateSecrets } from './rotation.ts'
import { seal, unseal } from '../data/sealing.ts'
import { Secrets } from './secrets.ts'

let h: Harness
let member: Visitor
beforeAll(async () => {
  h = await openHarness()
  member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
})
afterAll(() => h?.close())

const path = (name = 'apiToken', plugin = 'probe') => `/api/plugins/${plugin}/secrets/${name}`
const put = (who: Visitor, value: unknown, at = path()) => who.call('PUT', at, { body: { value } })
const reveal = async (who: Visitor, name = 'apiToken', kind = 'query') =>
  (await who.post(`/api/probe/reveal-${kind}`, { name })).body
const statesOf = async (who: Visitor) =>
  (await who.get('/api/plugins')).body.items.find(({ id }: { id: string }) => id === 'probe').secrets

describe('a sealed text', () => {
  const key = createSecretKey(randomBytes(32))
  test('opens at its own place with its own key alone', () => {
    const sealed = seal(key, 'a|b', Buffer.from('hush'))
    expect(unseal(key, 'a|b', sealed).toString()).toBe('hush')
    expect(() => unseal(key, 'a|c', sealed)).toThrow(/unable to authenticate/)
    expect(() => unseal(createSecretKey(randomBytes(32)), 'a|b', sealed)).toThrow(/unable to authenticate/)
    const changed = { ...sealed, ciphertext: Buffer.from(sealed.ciphertext.map((byte) => byte ^ 1)) }
    expect(() => unseal(key, 'a|b', changed)).toThrow(/unable to authenticate/)
    expect(() => unseal(key, 'a|b', { ...sealed, tag: sealed.tag.subarray(0, 4) })).toThrow(/length/)
  })

  test('is never sealed twice with the same nonce', () => {
    const nonces = Array.from({ length: 1_000 }, () => seal(key, '', Buffer.from('x')).nonce.toString('hex'))
    expect(new Set(nonces).size).toBe(1_000)
  })
})

describe('a secret', () => {
  test('is read by its plugin in its tenant, in every kind of call, and by nobody else', async () => {
    expect((await put(h.alice, 'alice-token-é')).status).toBe(204)
    for (const kind of ['query', 'command', 'exchange']) {
      expect(await reveal(h.alice, 'apiToken', kind), kind).toBe('alice-token-é')
      expect(await reveal(h.bob, 'apiToken', kind), kind).toBeNull()
    }
    expect(await reveal(h.alice, 'webhookKey')).toBeNull()
    expect(await reveal(h.alice, 'other')).toMatch(/declares no secret/)
  })

  test('is told to be there, and never what it is', async () => {
    await put(h.alice, 'never-shown-value')
    expect(await statesOf(h.alice)).toEqual([
      { name: 'apiToken', set: true, updatedAt: expect.stringMatching(/Z$/) },
      { name: 'webhookKey', set: false, updatedAt: null },
    ])
    expect((await statesOf(h.bob))[0]).toEqual({ name: 'apiToken', set: false, updatedAt: null })
    for (const url of ['/api/plugins', '/api/ui', '/api/changes', path()])
      expect((await h.alice.get(url)).text, url).not.toContain('never-shown-value')
    const facts = await h.database.query(
      `select event, actor_kind, payload from kernel.facts where event like 'secrets.%' order by id desc limit 1`,
    )
    expect(facts).toEqual([
      { event: 'secrets.replaced', actor_kind: 'user', payload: { plugin: 'probe', name: 'apiToken' } },
    ])
    const [row] = await h.database.query<{ whole: string }>(
      `select s::text || encode(ciphertext, 'escape') as whole from kernel.secrets s`,
    )
    expect(row!.whole).not.toContain('never-shown-value')
  })

  test('is replaced and taken back, each time as a fact', async () => {
    await put(h.bob, 'one')
    await put(h.bob, 'two')
    expect(await reveal(h.bob)).toBe('two')
    expect((await h.bob.remove(path())).status).toBe(204)
    expect(await reveal(h.bob)).toBeNull()
    expect((await h.bob.remove(path())).status).toBe(404)
    const facts = await h.database.query<{ event: string }>(
      `select event from kernel.facts where event like 'secrets.%' and tenant_id = $1 order by id`,
      [h.tenants.bob],
    )
    expect(facts.map(({ event }) => event)).toEqual(['secrets.replaced', 'secrets.replaced', 'secrets.removed'])
  })

  test('is an administrator’s to set', async () => {
    expect((await put(member, 'x')).status).toBe(403)
    expect((await member.remove(path())).status).toBe(403)
    expect((await put(h.anonymous(), 'x')).status).toBe(401)
    // The plugin works for a member all the same.
    await put(h.alice, 'for everybody')
    expect(await reveal(member)).toBe('for everybody')
  })

  test('that no manifest declares, or that is no text, is refused', async () => {
    for (const at of [path('other'), path('apiToken', 'tasklist'), path('apiToken', 'nobody'), path('constructor')])
      expect((await put(h.alice, 'x', at)).status, at).toBe(404)
    for (const value of ['', null, 7, 'x'.repeat(10_001), 'a\u0000b']) {
      const refused = await put(h.alice, value)
      expect([refused.status, refused.headers['content-type']], JSON.stringify(value)).toEqual([
        400,
        'application/problem+json; charset=utf-8',
      ])
      expect(refused.body.errors[0].path).toBe('/value')
    }
  })

  test('that was moved to another tenant, plugin or name does not open', async () => {
    await put(h.alice, 'rooted')
    const moves = [
      `update kernel.secrets set tenant_id = '${h.tenants.bob}'`,
      `update kernel.secrets set name = 'webhookKey'`,
      `update kernel.secrets set key_id = key_id + 1`,
    ]
    for (const move of moves) {
      await h.database.query('begin')
      await h.database.query('alter table kernel.secrets disable trigger secret_guarded')
      await h.database.query(`create temporary table kept as select * from kernel.secrets`)
      await h.database.query(move)
      await h.database.query('commit')
      const [who, name] = move.includes('tenant_id') ? [h.bob, 'apiToken'] : [h.alice, 'webhookKey']
      expect(await reveal(who, move.includes('key_id') ? 'apiToken' : name), move).toMatch(/does not open|is gone/)
      await h.database.query('delete from kernel.secrets; insert into kernel.secrets select * from kept')
      await h.database.query('drop table kept; alter table kernel.secrets enable trigger secret_guarded')
    }
    expect(await reveal(h.alice)).toBe('rooted')
  })
})

describe('the login of requests', () => {
  test('cannot write a secret in the name of a plugin, nor see a key', async () => {
    const owner = new Client({ connectionString: h.database.ownerUrl })
    await owner.connect()
    const roles = (await findRoles(owner, SECRET))!
    await owner.end()
    const app = new Client({ connectionString: loginUrl(h.database.ownerUrl, SECRET, { part: 'app', roles }) })
    await app.connect()
    const attempt = async (plugin: string | null, text: string) => {
      const claims = { tenant: h.tenants.alice, actorKind: 'user', actor: null, plugin, request: null } as const
      await app.query('begin')
      await app.query(
        `set local app.ctx = '${signContext({ ...claims, origin: null, task: null, at: null }, contextKeyOf(SECRET), Date.now())}'`,
      )
      try {
        return await app.query(text).then(
          ({ rowCount }) => rowCount,
          (error: { code: string }) => error.code,
        )
      } finally {
        await app.query('rollback')
      }
    }
    const insert = `insert into kernel.secrets (tenant_id, plugin, name, key_id, nonce, ciphertext, tag)
      values ('${h.tenants.alice}', 'probe', 'webhookKey', 1, '\\x${'00'.repeat(12)}', '\\x00', '\\x${'00'.repeat(16)}')`
    expect(await attempt('probe', insert)).toBe('42501')
    expect(await attempt(null, insert)).toBe(1)
    expect(await attempt('tasklist', 'delete from kernel.secrets')).toBe('42501')
    expect(await attempt('probe', `update kernel.secrets set nonce = nonce`)).toBe('42501')
    expect(await attempt(null, `update kernel.secrets set updated_by = null`)).toBe('42501')
    expect(await attempt(null, 'select * from kernel.secret_keys')).toBe('42501')
    await app.end()
  })
})

describe('a rotation', () => {
  const open = () => {
    const { database } = h.kernel.services
    const keys = new DataKeys(database, wrappingKeyOf(SECRET))
    return { database, keys, secrets: new Secrets(database, keys) }
  }
  const keysInUse = async () =>
    (await h.database.query<{ id: string }>('select distinct key_id::text as id from kernel.secrets')).map(
      ({ id }) => id,
    )
  const newest = async () =>
    (await h.database.query<{ id: string }>('select max(id)::text as id from kernel.secret_keys'))[0]!.id

  test('encrypts everything anew while it is read and written', async () => {
    await put(h.alice, 'kept', path('webhookKey'))
    await put(h.bob, 'bobs')
    const [before] = await keysInUse()
    const when = await statesOf(h.alice)
    const ended = new AbortController()
    const reader = (async () => {
      let reads = 0
      for (; !ended.signal.aborted; reads++) expect(await reveal(h.alice, 'webhookKey')).toBe('kept')
      return reads
    })()
    const count = await rotateSecrets({ ...open(), batch: 1 })
    ended.abort()
    expect(await reader).toBeGreaterThan(0)
    expect(count).toBe(3)
    expect(await keysInUse()).toEqual([await newest()])
    expect(await newest()).not.toBe(before)
    expect(await reveal(h.bob)).toBe('bobs')
    // Nobody has changed anything.
    expect(await statesOf(h.alice)).toEqual(when)
    await put(h.bob, 'later')
    expect(await keysInUse()).toEqual([await newest()])
  })

  test('that was ended in the middle goes on with the same key', async () => {
    const { database, keys, secrets } = open()
    let batches = 0
    const dying = new Proxy(database, {
      get: (target, name) =>
        name === 'transaction'
          ? (...args: Parameters<typeof target.transaction>) => {
              if (++batches > 1) throw new Error('killed')
              return target.transaction(...args)
            }
          : typeof target[name as 'door'] === 'function'
            ? target[name as 'door'].bind(target)
            : target[name as 'door'],
    })
    await expect(rotateSecrets({ database: dying, keys, secrets, batch: 1 })).rejects.toThrow('killed')
    const half = await newest()
    expect((await keysInUse()).length).toBe(2)
    expect(await reveal(h.alice, 'webhookKey')).toBe('kept')
    expect(await rotateSecrets({ ...open(), batch: 1 })).toBe(2)
    expect(await newest()).toBe(half)
    expect(await keysInUse()).toEqual([half])
  })

  test('goes to the newest key, whatever the count of digits of its number', async () => {
    await h.database.query(`select setval(pg_get_serial_sequence('kernel.secret_keys', 'id'), 98)`)
    for (const id of ['99', '100']) {
      expect(await rotateSecrets(open())).toBe(3)
      expect([await newest(), await keysInUse()]).toEqual([id, [id]])
    }
    expect(await reveal(h.alice, 'webhookKey')).toBe('kept')
  })

  test('drops keys that nobody can have used for long', async () => {
    await h.database.query(`update kernel.secret_keys set created_at = created_at - interval '2 minutes'`)
    await rotateSecrets(open())
    const left = await h.database.query<{ id: string }>(
      'select id::text from kernel.secret_keys order by secret_keys.id',
    )
    // The one that the rotation superseded may still be chosen by a transaction that runs.
    expect(left).toHaveLength(2)
    expect(await reveal(h.alice, 'webhookKey')).toBe('kept')
    expect(await reveal(h.bob)).toBe('later')
  })

  test('with another WEFT_SECRET changes nothing and says why', async () => {
    const { database } = open()
    const keys = new DataKeys(database, wrappingKeyOf('another secret, just as long as the right one'))
    await expect(rotateSecrets({ database, keys, secrets: new Secrets(database, keys) })).rejects.toThrow(
      /does not open with this WEFT_SECRET/,
    )
    await put(h.alice, 'set after', path('webhookKey'))
    expect(await reveal(h.alice, 'webhookKey')).toBe('set after')
  })
})
