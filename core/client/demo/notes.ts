/** What a planner jots down, in the client's language. `{guests}` and `{few}` are numbers of guests, `{when}` a month and year. */
import type { Random } from './random.ts'

export type Tongue = 'fr' | 'en'
export type Kind = 'person' | 'couple' | 'company' | 'association'
export type Stage = 'active' | 'past' | 'lost' | 'progress'

const first: Record<Tongue, Record<Kind, readonly string[]>> = {
  fr: {
    couple: [
      'Mariage prévu en {when}, environ {guests} invités. Cherchent un domaine avec couchages.',
      'Cérémonie laïque en extérieur, {guests} invités. Prévoir un plan B en cas de pluie.',
      'Demande reçue par le formulaire. Budget serré, {guests} personnes, brunch le lendemain.',
      'Rencontrés au salon du mariage. Ambiance champêtre, {when}.',
      'Souhaitent une coordination le jour J seulement. {guests} invités, traiteur déjà choisi.',
      'Cérémonie bilingue, la moitié de la famille arrive de l’étranger. {guests} invités en {when}.',
      'Rappeler en fin de journée, après 18 h. Préfèrent les échanges par e-mail.',
      'Petit comité : {few} invités, dîner à la grande table, pas de piste de danse.',
    ],
    person: [
      'Anniversaire de 60 ans, surprise : ne pas appeler sur la ligne fixe.',
      'Baptême en {when}, déjeuner pour {guests} personnes dans le jardin.',
      'Noces d’or des parents, {guests} invités, salle accessible en fauteuil.',
      'Fête de départ à la retraite, cocktail dînatoire pour {guests} personnes.',
      'Vient de la part d’une ancienne mariée. Fiançailles en {when}.',
    ],
    company: [
      'Grille tarifaire de l’année reçue. Commission de 10 % sur les réservations.',
      'Capacité de {guests} personnes assises. Parking pour les cars.',
      'Très réactif, travaille bien avec nos équipes. Devis sous 48 h.',
      'Matériel à livrer la veille avant 17 h. Demander le plan d’accès.',
      'Complet les samedis de juin et de septembre.',
    ],
    association: [
      'Repas annuel pour {guests} adhérents. Décision en conseil d’administration.',
      'Gala de bienfaisance en {when}, {guests} couverts. Facture à l’ordre du trésorier.',
      'Concert suivi d’un vin d’honneur. Salle mise à disposition par la mairie.',
    ],
  },
  en: {
    couple: [
      'Wedding planned for {when}, around {guests} guests. Looking for a barn or a walled garden.',
      'Church ceremony, then a marquee at her parents’ house. {guests} guests.',
      'Met at the wedding fair. Relaxed, outdoor, lots of candles. {guests} guests.',
      'On-the-day coordination only, venue and caterer already booked.',
      'Destination wedding, would like a château for the whole weekend. {guests} guests in {when}.',
      'Budget is tight, weekday in {when} would be fine.',
      'Fusion ceremony over two days, {guests} guests. Needs a vegetarian caterer.',
      'Please ring after 6 pm, both work shifts.',
    ],
    person: [
      '50th birthday, surprise party: do not leave messages on the landline.',
      'Christening tea for {guests} in {when}, garden if dry.',
      'Parents’ golden wedding, {guests} guests, step-free access needed.',
      'Retirement drinks for {guests}. Recommended by a former bride.',
    ],
    company: [
      'This year’s price list is on file. 10% commission on bookings.',
      'Seats {guests}. No amplified music after midnight.',
      'Quick to answer, good with nervous families. Quotes within two days.',
      'Fully booked on Saturdays from June to September.',
      'Deliveries the day before, by the back gate only.',
    ],
    association: [
      'Annual dinner for {guests} members. The committee decides in {when}.',
      'Charity ball, {guests} covers. Invoice goes to the treasurer.',
      'Summer concert with a cream tea afterwards.',
    ],
  },
}

const later: Record<Tongue, Record<Stage, readonly string[]>> = {
  fr: {
    active: ['Devis signé, acompte reçu.', 'Contrat signé après la visite du lieu.', 'Acompte de 30 % encaissé.'],
    past: ['Très beaux retours des invités.', 'Solde réglé, avis laissé en ligne.', 'Carte de remerciement reçue.'],
    lost: [
      'Ont choisi un autre prestataire.',
      'Projet reporté, sans nouvelle date.',
      'Budget trop éloigné de nos tarifs.',
    ],
    progress: [
      'Menu validé avec le traiteur, deux repas sans gluten.',
      'Visite du lieu faite, rétroplanning envoyé.',
      'Liste des invités mise à jour : {guests} personnes.',
      'Point téléphonique fait, relance prévue dans dix jours.',
    ],
  },
  en: {
    active: ['Quote signed, deposit received.', 'Contract signed after the site visit.', '30% deposit paid.'],
    past: ['Lovely feedback from the guests.', 'Balance settled, left a review.', 'Sent us a thank-you card.'],
    lost: ['Went with another planner.', 'Postponed, no new date.', 'Budget too far from our fees.'],
    progress: [
      'Menu agreed with the caterer, two gluten-free meals.',
      'Site visit done, timeline sent.',
      'Guest list updated: {guests} people.',
      'Caught up by phone, chase again in ten days.',
    ],
  },
}

/** The note that is written when the client is entered. */
export function firstNote(random: Random, tongue: Tongue, kind: Kind, when: Date): string {
  return fill(random, random.pick(first[tongue][kind]), tongue, when)
}

/** The line that is added later. */
export function laterNote(random: Random, tongue: Tongue, stage: Stage, when: Date): string {
  return fill(random, random.pick(later[tongue][stage]), tongue, when)
}

const monthName: Record<Tongue, Intl.DateTimeFormat> = {
  fr: new Intl.DateTimeFormat('fr', { month: 'long', year: 'numeric', timeZone: 'UTC' }),
  en: new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' }),
}

function fill(random: Random, text: string, tongue: Tongue, when: Date): string {
  const guests = String(random.int(4, 22) * 10)
  const few = String(random.int(12, 30))
  return text.replace('{guests}', guests).replace('{few}', few).replace('{when}', monthName[tongue].format(when))
}
