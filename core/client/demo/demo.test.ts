import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { formats, toE164 } from '../../resource/formats.ts'
import { demoClients, type DemoClient, type DemoFields } from './demo.ts'
import schema from '../schemas/clients.json' with { type: 'json' }

const now = new Date('2026-11-22T10:00:00Z')
const clients = demoClients({ now })
const ajv = new Ajv2020({ strict: false, allErrors: true, formats })
const isClient = ajv.compile({ ...schema, $schema: undefined })
const text = { type: 'string', minLength: 1, maxLength: 200 }
const isSecond = ajv.compile({
  type: 'object',
  additionalProperties: false,
  properties: {
    civility: text,
    firstName: text,
    lastName: text,
    email: { ...text, format: 'email' },
    phone: { ...text, format: 'phone' },
    birthDate: { ...text, format: 'date' },
  },
})

/** The client as it is after each change, the first entry being the input. */
function states({ input, changes }: DemoClient): DemoFields[] {
  return changes.reduce<DemoFields[]>(
    (all, { patch: { extensions, ...patch } }) => {
      const before = all.at(-1)!
      const couple = { ...before.extensions?.couple, ...extensions?.couple }
      return [...all, { ...before, ...patch, ...(before.extensions && { extensions: { couple } }) }]
    },
    [input],
  )
}
const faults = (fields: DemoFields) => {
  const { extensions, ...own } = fields
  return [
    ...(isClient(own) ? [] : (isClient.errors ?? [])),
    ...(isSecond(extensions?.couple ?? {}) ? [] : (isSecond.errors ?? [])),
  ]
}
const share = (has: (client: DemoClient) => boolean) => clients.filter(has).length / clients.length

describe('the demo', () => {
  test('is the same for the same arguments, and another for another seed', () => {
    expect(demoClients({ now })).toEqual(clients)
    expect(demoClients({ now, seed: 2 })).not.toEqual(clients)
    expect(demoClients({ now, count: 1000, seed: 3 })).toHaveLength(1000)
    expect(demoClients({ now, count: 0 })).toEqual([])
  })

  test.each([1, 2, 3, 4, 5])('holds only what the schemas accept, at first and after each change (seed %i)', (seed) => {
    const wrong = demoClients({ now, seed })
      .flatMap(states)
      .filter((fields) => faults(fields).length > 0)
    expect(wrong).toEqual([])
  })

  test('spreads over the two years before now, in order, busier in January than in August', () => {
    const times = clients.map(({ at }) => at.getTime())
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times[0]).toBeGreaterThan(Date.parse('2024-11-22'))
    expect(times.at(-1)).toBeLessThan(now.getTime())
    const inMonth = (month: number) => clients.filter(({ at }) => at.getUTCMonth() === month).length
    expect(inMonth(0)).toBeGreaterThan(inMonth(7))
  })

  test('changes each client at most four times, each time something, between its entry and now', () => {
    for (const client of clients) {
      const times = [client.at, ...client.changes.map(({ at }) => at), now].map((date) => date.getTime())
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
      expect(client.changes.length).toBeLessThanOrEqual(4)
      const passed = states(client).map((fields) => JSON.stringify(fields))
      for (const [index, state] of passed.entries()) expect(state).not.toBe(passed[index - 1])
    }
    expect(share(({ changes }) => changes.length > 0)).toBeGreaterThan(0.7)
  })
})

describe('its people', () => {
  test('come in the shares of the trade', () => {
    const kinds = { couple: 0.55, person: 0.2, company: 0.18, association: 0.07 }
    for (const [kind, part] of Object.entries(kinds))
      expect(share(({ input }) => input.type === kind)).toBeCloseTo(part, 2)
    expect(share(({ input }) => input.country === 'FR')).toBeCloseTo(0.7, 2)
    expect(share(({ input }) => input.country === 'GB')).toBeCloseTo(0.25, 2)
    expect(new Set(clients.map(({ input }) => input.country))).toEqual(new Set(['FR', 'GB', 'BE', 'CH', 'IE']))
  })

  test('have mail addresses of their own at reserved domains', () => {
    const ends = (client: DemoClient) => states(client).at(-1)!
    const mails = clients
      .flatMap((client) => [ends(client).email, ends(client).extensions?.couple.email])
      .filter((mail) => mail)
    expect(new Set(mails).size).toBe(mails.length)
    expect(mails.filter((mail) => !/@(?:example\.(?:com|org|net)|[a-z0-9-]+\.example)$/.test(mail!))).toEqual([])
  })

  test('have numbers that are valid in their country and ring at nobody’s home', () => {
    const fictional =
      /^\+(?:33(?:19900|26191|35301|46571|53649)|44(?:2079460|1\d1496|11[37]496|1914980|2920180|2896496)|1\d{3}55501|61491570)/
    const numbers = clients.flatMap((client) =>
      states(client).flatMap(({ country, phone, mobile, extensions }) =>
        [phone, mobile, extensions?.couple.phone]
          .filter((typed) => typed !== undefined)
          .map((typed) => [typed, toE164(typed, country)]),
      ),
    )
    expect(numbers.length).toBeGreaterThan(300)
    expect(numbers.filter(([, e164]) => !fictional.test(e164 ?? ''))).toEqual([])
  })

  test('have a status that their age explains', () => {
    const old = clients.filter(({ at }) => at.getTime() < now.getTime() - 200 * 86_400_000)
    expect(old.filter((client) => states(client).at(-1)!.status === 'prospect')).toEqual([])
    const statuses = new Set(clients.map((client) => states(client).at(-1)!.status))
    expect(statuses).toEqual(new Set(['prospect', 'active', 'past', 'lost']))
  })

  test('of a couple are two, and only theirs are', () => {
    for (const { input } of clients) expect(Boolean(input.extensions?.couple.lastName)).toBe(input.type === 'couple')
  })
})

describe('its companies', () => {
  test('have names of their own, and numbers of France and Belgium only', () => {
    const names = clients.flatMap(({ input }) => input.companyName ?? [])
    expect(new Set(names).size).toBe(names.length)
    for (const { input } of clients) {
      if (input.siret) expect(input.country).toBe('FR')
      if (input.vatNumber) expect(input.vatNumber.slice(0, 2)).toBe(input.country)
    }
  })

  test('have a VAT number that holds the SIREN of their SIRET', () => {
    const french = clients.filter(({ input }) => input.siret && input.vatNumber)
    expect(french.length).toBeGreaterThan(20)
    for (const { input } of french) expect(input.vatNumber!.slice(4)).toBe(input.siret!.replace(/\s/g, '').slice(0, 9))
  })
})
