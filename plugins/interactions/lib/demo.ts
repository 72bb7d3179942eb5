/** What a wedding planner and a client may have said to each other, for the demo tenant. */
import type { Input, Row } from 'weft'

type Draft = Omit<Input<'interactions'>, 'recordId' | 'occurredAt'>
type Stage = { readonly afterDays: number; readonly en: Draft; readonly fr: Draft }

/** The usual course of a file, from the first call to the thanks; each client stops somewhere on it. */
const STAGES: readonly Stage[] = [
  {
    afterDays: 0,
    en: {
      type: 'call-in',
      title: 'First call',
      text: 'Found us online. Asks for our packages and free dates.',
      durationMinutes: 18,
      outcome: 'reached',
    },
    fr: {
      type: 'call-in',
      title: 'Premier appel',
      text: 'Nous a trouvés en ligne. Demande nos formules et nos dates libres.',
      durationMinutes: 18,
      outcome: 'reached',
    },
  },
  {
    afterDays: 1,
    en: { type: 'email', title: 'Brochure sent', text: 'Brochure, price list and three references.' },
    fr: { type: 'email', title: 'Envoi de la brochure', text: 'Brochure, tarifs et trois références.' },
  },
  {
    afterDays: 6,
    en: {
      type: 'call-out',
      title: 'Follow-up call',
      text: 'Left a message, will call back this week.',
      durationMinutes: 2,
      outcome: 'voicemail',
    },
    fr: {
      type: 'call-out',
      title: 'Relance',
      text: 'Message laissé, rappellera dans la semaine.',
      durationMinutes: 2,
      outcome: 'voicemail',
    },
  },
  {
    afterDays: 13,
    en: {
      type: 'meeting',
      title: 'First meeting',
      text: 'Went through the guest list, the budget and the style of the day.',
      location: 'Our office',
      durationMinutes: 75,
    },
    fr: {
      type: 'meeting',
      title: 'Premier rendez-vous',
      text: 'Liste des invités, budget et style de la journée passés en revue.',
      location: 'À l’agence',
      durationMinutes: 75,
    },
  },
  {
    afterDays: 20,
    en: {
      type: 'note',
      title: 'Wishes',
      text: 'Ceremony outdoors, plan B needed. Vegetarian menu for a third of the guests.',
      pinned: true,
    },
    fr: {
      type: 'note',
      title: 'Souhaits',
      text: 'Cérémonie en plein air, plan B indispensable. Menu végétarien pour un tiers des invités.',
      pinned: true,
    },
  },
  {
    afterDays: 34,
    en: { type: 'email', title: 'Quote sent', text: 'Quote with two options for the evening.' },
    fr: { type: 'email', title: 'Envoi du devis', text: 'Devis avec deux options pour la soirée.' },
  },
  {
    afterDays: 61,
    en: {
      type: 'meeting',
      title: 'Venue visit',
      text: 'Visited the venue together; they like the orangery.',
      durationMinutes: 120,
    },
    fr: {
      type: 'meeting',
      title: 'Visite du lieu',
      text: 'Visite du lieu ensemble ; l’orangerie leur plaît.',
      durationMinutes: 120,
    },
  },
  {
    afterDays: 150,
    en: {
      type: 'call-out',
      title: 'Timetable of the day',
      text: 'Agreed the timetable with caterer and photographer.',
      durationMinutes: 35,
      outcome: 'reached',
    },
    fr: {
      type: 'call-out',
      title: 'Déroulé de la journée',
      text: 'Déroulé calé avec le traiteur et le photographe.',
      durationMinutes: 35,
      outcome: 'reached',
    },
  },
  {
    afterDays: 240,
    en: {
      type: 'call-in',
      title: 'Thanks',
      text: 'Called to say thank you. Will recommend us.',
      durationMinutes: 9,
      outcome: 'reached',
    },
    fr: {
      type: 'call-in',
      title: 'Remerciements',
      text: 'Appel pour nous remercier. Nous recommandera.',
      durationMinutes: 9,
      outcome: 'reached',
    },
  },
]
const LENGTHS: Record<string, number> = { prospect: 3, lost: 4, active: 7, past: STAGES.length }
const DAY = 24 * 3600 * 1000

/** The same client always gives the same number, so that a second telling would say the same. */
const numberOf = (id: string) => Number.parseInt(id.slice(-6), 16)

export function demoInteractions(client: Row<'clients'>, now: Date): Input<'interactions'>[] {
  const seed = numberOf(client.id)
  const language = client.language?.startsWith('fr') ? 'fr' : 'en'
  const most = LENGTHS[client.status] ?? 3
  const count = Math.max(1, most - (seed % 3))
  return STAGES.slice(0, count).flatMap((stage) => {
    // Office hours, never on the hour of the one before.
    const at = new Date(
      new Date(client.createdAt).getTime() + stage.afterDays * DAY + (seed % 7) * 3_600_000 + (seed % 53) * 60_000,
    )
    if (at > now) return []
    const draft = stage[language]
    const by = draft.type === 'email' && client.email ? { to: client.email } : {}
    return [{ ...draft, ...by, recordId: client.id, occurredAt: at.toISOString() }]
  })
}
