/** Companies of the wedding trade and associations that hire a planner. */
import { drawPerson, type Country } from './names.ts'
import type { Random } from './random.ts'

export type Trade = 'venue' | 'caterer' | 'florist' | 'photographer' | 'band'
export interface Company {
  companyName: string
  legalName: string
  trade: Trade
}

const list = (text: string) => text.trim().split(/\s*,\s*/)

const frenchPlaces =
  list(`Bellerive, Chantepie, Montfleury, Roquebelle, Val-Doré, Beauvallon, Sainte-Aurore, Fontclaire,
  Puymorin, Kermoal, La Huchette, Castelvieil, Saint-Elme, Vauxclair, Aiguebelle-le-Haut, Chantemerle`)
const frenchTowns =
  list(`Angers, Tours, Beaune, Uzès, Honfleur, Sarlat, Annecy, Aix-en-Provence, Vannes, Colmar, Biarritz,
  Orléans, Avignon, Saint-Malo, Chambéry, Béziers`)
const britishPlaces = list(`Ashby, Thornbury, Wickham, Larkfield, Elmsworth, Kingsholt, Penhallow, Glenmorrow, Oakhurst,
  Ravensdale, Marlow End, Hollin, Dunmore, Willowbrook`)

const frenchBands =
  list(`Les Swing Potes, Orchestre Belle Époque, DJ Mistral, Quatuor Améthyste, Les Cuivres du Dimanche,
  Duo Clair de Lune, Jazz à la Plage, La Fanfare des Copains, Gospel Lumière, DJ Pastel`)
const britishBands = list(`The Silver Foxes, Ceilidh Thistle Band, The Vow Factor, String Theory Quartet, DJ Marmalade,
  The Confetti Kings, Harp & Hollow, The Last Dance Club`)
const frenchFlorists = list(`L’Atelier Pivoine, Fleurs de Saison, Ronces & Roses, La Boutonnière, Mille Feuillages,
  Herbes Folles, Le Jardin d’Hélène, Pétale et Coton`)
const britishFlorists =
  list(`Petal & Twine, The Wild Stem, Bramble & Bloom, Foxglove Flowers, Meadow Sweet, Ivy Lane Florists,
  Sweet Pea Studio, The Buttonhole`)

const trades: readonly (readonly [number, Trade])[] = [
  [34, 'venue'],
  [22, 'caterer'],
  [15, 'florist'],
  [17, 'photographer'],
  [12, 'band'],
]

/** A company with a name that is not in `taken`. */
export function drawCompany(random: Random, country: Country, taken: Set<string>): Company {
  const trade = random.weighted(trades)
  const british = country === 'GB' || country === 'IE'
  const draw = british ? () => nameBritish(random, trade) : () => nameFrench(random, country, trade)
  const companyName = unique(draw, taken, () => random.pick(british ? britishPlaces : frenchTowns))
  const form = british ? 'Ltd' : random.pick(country === 'FR' ? ['SARL', 'SAS', 'EURL', 'SASU'] : ['SRL', 'SA'])
  return { companyName, legalName: british ? `${companyName} ${form}` : `${form} ${companyName}`, trade }
}

function nameFrench(random: Random, country: Country, trade: Trade): string {
  const owner = drawPerson(random, country)
  if (trade === 'band') return random.pick(frenchBands)
  if (trade === 'florist') return random.pick(frenchFlorists)
  if (trade === 'photographer')
    return random.pick([`Studio ${owner.lastName}`, `${owner.firstName} ${owner.lastName} Photographie`])
  if (trade === 'caterer')
    return random.pick([`${owner.lastName} Traiteur`, `Maison ${owner.lastName}`, `Traiteur ${owner.lastName} & Fils`])
  const place = random.pick(frenchPlaces)
  const kind = random.pick(['Domaine', 'Château', 'Manoir', 'Moulin', 'Bergerie', 'Orangerie', 'Clos', 'Abbaye'])
  return `${kind} ${of(place)}`
}

function nameBritish(random: Random, trade: Trade): string {
  const owner = drawPerson(random, 'GB')
  if (trade === 'band') return random.pick(britishBands)
  if (trade === 'florist') return random.pick(britishFlorists)
  if (trade === 'photographer')
    return random.pick([`${owner.firstName} ${owner.lastName} Photography`, `${owner.lastName} & Co. Films`])
  if (trade === 'caterer')
    return random.pick([
      `${owner.lastName} & Daughters Catering`,
      `The ${owner.lastName} Kitchen`,
      'Plum & Thyme Catering',
    ])
  const place = random.pick(britishPlaces)
  return random.pick([
    `${place} Hall`,
    `${place} Manor`,
    `The Barn at ${place}`,
    `${place} Castle`,
    `${place} Walled Garden`,
  ])
}

/** An association with a name that is not in `taken`. */
export function drawAssociation(random: Random, country: Country, taken: Set<string>): string {
  const british = country === 'GB' || country === 'IE'
  const towns = british ? britishPlaces : frenchTowns
  const draw = () => {
    const town = random.pick(towns)
    if (british)
      return random.pick([
        `Friends of ${town} Hall`,
        `${town} Choral Society`,
        `${town} Village Hall Trust`,
        `${town} Rugby Football Club`,
        `St Mary’s Bell Ringers, ${town}`,
      ])
    return random.pick([
      `Comité des fêtes ${of(town)}`,
      `Harmonie municipale ${of(town)}`,
      `Association des commerçants ${of(town)}`,
      `Amicale des anciens du lycée ${of(town)}`,
      `Chœur de chambre ${of(town)}`,
      `Cercle de voile ${of(town)}`,
    ])
  }
  return unique(draw, taken, () => random.pick(towns))
}

/** The French particle, elided before a vowel. */
function of(place: string): string {
  return /^[AEIOUYH]/.test(place) ? `d’${place}` : `de ${place}`
}

/** Draws again when the name is taken, then adds a place, then a number. */
function unique(draw: () => string, taken: Set<string>, place: () => string): string {
  let name = draw()
  for (let i = 0; taken.has(name) && i < 20; i++) name = i < 8 ? draw() : `${draw()} (${place()})`
  for (let i = 2; taken.has(name); i++) name = `${name.replace(/ \d+$/, '')} ${i}`
  taken.add(name)
  return name
}
