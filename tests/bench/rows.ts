/** The clients of the bench as columns: those of the demo, as many as asked for, the same in every run. */
import { type DemoClient, demoClients } from '../../core/client/demo/demo.ts'
import { toE164 } from '../../core/resource/formats.ts'

const NOW = new Date('2026-11-01T12:00:00Z')
/** The demo keeps names apart, which gets slower the more there are. */
const CHUNK = 500

/** Takes `count` clients in chunks; `seed` tells tenants apart. */
export function* drawClients(count: number, seed: number): Generator<DemoClient[]> {
  for (let from = 0; from < count; from += CHUNK) {
    const clients = demoClients({ now: NOW, count: Math.min(CHUNK, count - from), seed: seed * 1_000 + from / CHUNK })
    yield clients.map((client) => ({ ...client, input: withNumber(client.input, `${seed}-${from / CHUNK}`) }))
  }
}

/** Addresses are unique within a chunk only. */
function withNumber(input: DemoClient['input'], number: string): DemoClient['input'] {
  return input.email ? { ...input, email: input.email.replace('@', `.${number}@`) } : input
}

/** The row as the table holds it, by column. */
export function columnsOf({ at, input, changes }: DemoClient): Record<string, unknown> {
  const { extensions = {}, ...own } = input
  const couple = (extensions as { couple?: { phone?: string } }).couple
  const phone = couple?.phone && toE164(couple.phone, own.country as never)
  const last = changes.findLast(({ patch }) => patch.status !== undefined)
  return {
    created_at: at.toISOString(),
    updated_at: (changes.at(-1)?.at ?? at).toISOString(),
    type: own.type,
    civility: own.civility,
    first_name: own.firstName,
    last_name: own.lastName,
    company_name: own.companyName,
    email: own.email,
    phone: own.phone,
    phone_e164: own.phone && toE164(own.phone, own.country as never),
    mobile: own.mobile,
    mobile_e164: own.mobile && toE164(own.mobile, own.country as never),
    language: own.language,
    country: own.country,
    legal_name: own.legalName,
    siret: own.siret,
    vat_number: own.vatNumber,
    source: own.source,
    status: last?.patch.status ?? own.status,
    tags: own.tags,
    notes: own.notes,
    extensions: couple ? { couple: { ...couple, ...(phone ? { phoneE164: phone } : {}) } } : {},
  }
}
