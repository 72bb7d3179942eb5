import { describe, expect, it } from 'vitest'
import { type Api, ApiProblem, type Row } from 'weft/ui'
import { patchOf } from './merge-patch.ts'
import { baseOf, saveChanges, settled } from './saving.ts'

const schema = {
  type: 'object',
  properties: {
    id: { readOnly: true },
    version: { readOnly: true },
    email: { type: 'string' },
    notes: { type: 'string' },
    siret: { type: 'string', format: 'siret' },
    extensions: {
      type: 'object',
      properties: { couple: { type: 'object', properties: { lastName: { type: 'string' } } } },
    },
  },
}
const row = (fields: object): Row => ({ id: 'c1', version: 1, ...fields }) as unknown as Row

/** A server of one row: others write by `store.row = ...`. */
function fake(start: Row) {
  const store = { row: start, patches: [] as unknown[] }
  const api = {
    get: async () => store.row,
    update: async (_path: string, { version }: Row, patch: object) => {
      if (version !== store.row.version) throw new ApiProblem(412, 'stale')
      store.patches.push(patch)
      return (store.row = { ...store.row, ...patch, version: version + 1 })
    },
  } as unknown as Api
  return { api, store }
}

describe('saveChanges', () => {
  it('sends a merge patch of what changed', async () => {
    const { api, store } = fake(row({ email: 'a@b.fr', notes: 'x' }))
    const base = baseOf(schema, store.row)
    const saved = await saveChanges({ api, path: '/c', schema, base, values: { email: 'c@d.fr' } })
    expect(store.patches).toEqual([{ email: 'c@d.fr', notes: null }])
    expect(saved).toMatchObject({ is: 'saved', joined: false, row: { version: 2 } })
  })
  it('asks the server nothing when nothing changed', async () => {
    const { api, store } = fake(row({ email: 'a@b.fr' }))
    const base = baseOf(schema, store.row)
    await saveChanges({ api, path: '/c', schema, base, values: { email: 'a@b.fr' } })
    expect(store.patches).toEqual([])
  })
  it('joins what somebody else changed meanwhile and saves without a question', async () => {
    const { api, store } = fake(row({ email: 'a@b.fr', notes: 'x' }))
    const base = baseOf(schema, store.row)
    store.row = { ...store.row, version: 5, notes: 'theirs' }
    const saved = await saveChanges({ api, path: '/c', schema, base, values: { email: 'mine@d.fr', notes: 'x' } })
    expect(store.patches).toEqual([{ email: 'mine@d.fr' }])
    expect(saved).toMatchObject({ is: 'saved', joined: true, row: { notes: 'theirs', email: 'mine@d.fr' } })
  })
  it('leaves a field that both changed to a person, and has sent nothing', async () => {
    const { api, store } = fake(row({ email: 'a@b.fr' }))
    const base = baseOf(schema, store.row)
    store.row = { ...store.row, version: 2, email: 'theirs@d.fr' }
    const saved = await saveChanges({ api, path: '/c', schema, base, values: { email: 'mine@d.fr' } })
    expect(saved).toMatchObject({ is: 'conflict', base: { row: { version: 2 } }, merged: { email: 'mine@d.fr' } })
    expect(store.patches).toEqual([])
  })
  it('gives up after three rounds with somebody who writes all the time', async () => {
    const { api, store } = fake(row({ email: 'a@b.fr' }))
    const get = api.get
    api.get = async <T>(path: string) => {
      const read = await get<T>(path)
      store.row = { ...store.row, version: store.row.version + 1 }
      return read
    }
    const base = { ...baseOf(schema, store.row), row: row({ version: 0 }) }
    await expect(saveChanges({ api, path: '/c', schema, base, values: { email: 'x@y.fr' } })).rejects.toThrow('stale')
  })
})

describe('settled', () => {
  it('takes out emptiness at every depth, and spaces where a register has none', () => {
    const data = {
      email: ' a@b.fr ',
      notes: '',
      siret: '732 829 320 00074',
      extensions: { couple: { lastName: '  ' } },
    }
    const { extensions, ...own } = settled(schema, {}, data)
    expect(own).toEqual({ email: 'a@b.fr', siret: '73282932000074' })
    expect(patchOf({}, { extensions })).toEqual({})
  })
  it('leaves alone what nobody touched', () => {
    const start = { notes: 'as imported \n', email: 'a@b.fr' }
    expect(settled(schema, start, { ...start, email: undefined })).toEqual({ notes: 'as imported \n' })
  })
})
