/** What is entered when a client is first met. */
import { mailName, type DemoFields, type DemoFile, type SecondPerson, type Taken } from './file.ts'
import { seasonTag } from './life.ts'
import { drawPartner, drawPerson, slug, type Person } from './names.ts'
import { firstNote, type Kind } from './notes.ts'
import { drawBelgianVat, drawFrenchCompany } from './numbers.ts'
import { drawAssociation, drawCompany } from './trade.ts'

const sources = [
  [30, 'website'],
  [26, 'referral'],
  [15, 'wedding-fair'],
  [14, 'venue'],
  [12, 'social'],
  [3, 'press'],
] as const
const ages: [number, [number, number]][] = [
  [70, [27, 36]],
  [22, [37, 46]],
  [8, [47, 64]],
]

export function drawInput(kind: Kind, file: DemoFile, taken: Taken): DemoFields {
  const { random, country, tongue, life } = file
  const own = kind === 'couple' || kind === 'person' ? drawPeople(kind, file) : drawOrganisation(kind, file, taken)
  const tags = drawTags(kind, file, own)
  return {
    ...own,
    language: tongue,
    country,
    source: random.weighted(sources),
    status: life.status,
    ...(tags.length > 0 && { tags }),
    ...(random.chance(0.75) && { notes: firstNote(random, tongue, kind, life.eventAt) }),
  }
}

function drawPeople(kind: 'person' | 'couple', file: DemoFile): DemoFields {
  const { random, country, tongue } = file
  const person = drawPerson(random, tongue === 'en' && country === 'FR' ? 'GB' : country)
  const partner = kind === 'couple' ? drawPartner(random, country, person.gender) : undefined
  const shared =
    partner && random.chance(0.12)
      ? `${slug(person.firstName)}.${tongue === 'fr' ? 'et' : 'and'}.${slug(partner.firstName)}`
      : undefined
  const input: DemoFields = {
    type: kind,
    civility: civility(person, file),
    firstName: person.firstName,
    lastName: person.lastName,
    ...(random.chance(0.94) && { email: file.mail(shared ?? mailName(random, person)) }),
    ...(random.chance(0.9) && { phone: file.phone() }),
    ...(random.chance(0.03) && { mobile: file.phone(random.pick(['US', 'AU'])) }),
  }
  return partner ? { ...input, extensions: { couple: drawSecond(partner, file) } } : input
}

/** The second person, of whom less is known. */
function drawSecond(partner: Person, file: DemoFile): SecondPerson {
  const { random, life } = file
  const [youngest, oldest] = random.weighted(ages)
  const born = new Date(
    Date.UTC(life.at.getUTCFullYear() - random.int(youngest, oldest), random.int(0, 11), random.int(1, 28)),
  )
  return {
    civility: civility(partner, file),
    firstName: partner.firstName,
    lastName: partner.lastName,
    ...(random.chance(0.6) && { email: file.mail(mailName(random, partner)) }),
    ...(random.chance(partner.abroad ? 0.9 : 0.5) && { phone: file.phone(partner.abroad) }),
    ...(random.chance(0.55) && { birthDate: born.toISOString().slice(0, 10) }),
  }
}

function drawOrganisation(kind: 'company' | 'association', file: DemoFile, taken: Taken): DemoFields {
  const { random, country } = file
  const company = kind === 'company' ? drawCompany(random, country, taken.names) : undefined
  const companyName = company?.companyName ?? drawAssociation(random, country, taken.names)
  const contact = random.chance(0.75) ? drawPerson(random, country) : undefined
  const box = random.pick(['contact', file.tongue === 'fr' ? 'bonjour' : 'hello', 'info'])
  return {
    type: kind,
    ...(contact && { civility: civility(contact, file), firstName: contact.firstName, lastName: contact.lastName }),
    companyName,
    ...(random.chance(0.96) && { email: file.mail(box, [`${slug(companyName)}.example`]) }),
    ...(random.chance(0.95) && { phone: file.phone() }),
    ...(company && random.chance(0.8) && { legalName: company.legalName }),
    ...drawNumbers(kind, file, taken),
    ...(company && { tags: [company.trade] }),
  }
}

/** Associations are seldom liable to VAT; Britain has neither a SIRET nor, since 2021, an EU VAT number. */
function drawNumbers(
  kind: 'company' | 'association',
  { random, country }: DemoFile,
  taken: Taken,
): Partial<DemoFields> {
  if (country === 'BE' && kind === 'company') return { vatNumber: drawBelgianVat(random) }
  if (country !== 'FR' || (kind === 'association' && random.chance(0.4))) return {}
  let numbers = drawFrenchCompany(random)
  while (taken.numbers.has(numbers.vatNumber)) numbers = drawFrenchCompany(random)
  taken.numbers.add(numbers.vatNumber)
  return kind === 'company' && random.chance(0.9) ? numbers : { siret: numbers.siret }
}

function drawTags(kind: Kind, { random, life }: DemoFile, own: DemoFields): string[] {
  const some: string[] = [...(own.tags ?? [])]
  if (kind === 'couple') some.push(seasonTag(life.eventAt))
  const more =
    kind === 'company' ? ['preferred', 'eco-friendly'] : ['château', 'outdoor', 'budget-conscious', 'returning']
  if (random.chance(0.35)) some.push(random.pick(more))
  if (random.chance(0.06)) some.push('vip')
  return kind !== 'couple' || random.chance(0.7) ? some : some.slice(1)
}

function civility(person: Person, { random, tongue }: DemoFile): string {
  if (random.chance(0.02)) return 'dr'
  if (random.chance(0.01)) return 'mx'
  if (person.gender === 'm') return 'mr'
  return tongue === 'en' && random.chance(0.7) ? 'ms' : 'mrs'
}
