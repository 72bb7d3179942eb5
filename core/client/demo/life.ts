/** When clients come and what becomes of them: the seasons of the trade and the stages of a file. */
import type { Random } from './random.ts'
import type { Kind, Stage } from './notes.ts'

export interface Life {
  at: Date
  /** The day of the wedding or party; for a company a day of the next season. */
  eventAt: Date
  status: 'prospect' | 'active'
  /** In order of time, none after `now`. */
  stages: { at: Date; status: Stage }[]
}

const hour = 3_600_000
const day = 24 * hour

/** Couples get engaged at Christmas and write in January; the fairs of September bring the second wave. */
const enquiries = [1.6, 1.4, 1.2, 1, 0.9, 0.8, 0.65, 0.55, 1.2, 1.1, 0.9, 0.55]
const weddings = [1, 1, 2, 5, 12, 20, 18, 15, 17, 6, 1, 3]
const twoYears = 730

/** An instant of the two years before `now`, in office hours, by the season. */
export function drawArrival(random: Random, now: Date): Date {
  const end = now.getTime() - 2 * hour
  for (;;) {
    const date = new Date(end - random.next() * (twoYears - 1) * day)
    date.setUTCHours(random.int(8, 18), random.int(0, 59), random.int(0, 59), 0)
    const weight = enquiries[date.getUTCMonth()]! * (date.getUTCDay() === 0 ? 0.15 : 1)
    if (date.getTime() <= end && date.getTime() > now.getTime() - twoYears * day && random.chance(weight / 1.6))
      return date
  }
}

/** The stages that a client who came at `at` has gone through by `now`. */
export function drawLife(random: Random, kind: Kind, at: Date, now: Date): Life {
  const eventAt = drawEvent(random, kind, at)
  const met = random.chance(kind === 'company' ? 0.7 : 0.12)
  const life: Life = { at, eventAt, status: met ? 'active' : 'prospect', stages: [] }
  const plan: { after: number; status: Stage }[] = []
  if (!met && random.chance(0.2)) plan.push({ after: random.int(12, 90), status: 'lost' })
  else {
    const slow = random.chance(0.25)
    if (!met) plan.push({ after: slow ? random.int(60, 150) : random.int(3, 40), status: 'active' })
    if (kind !== 'company') plan.push({ after: daysBetween(at, eventAt) + random.int(2, 14), status: 'past' })
  }
  for (const { after, status } of plan) {
    const time = atOffice(random, new Date(at.getTime() + after * day))
    if (time <= now && time > (life.stages.at(-1)?.at ?? at)) life.stages.push({ at: time, status })
  }
  return life
}

/** A later moment of the file, before it closes; null when there has been no time for one. */
export function drawMoment(random: Random, life: Life, now: Date): Date | null {
  const closed = life.stages.find(({ status }) => status === 'lost')?.at.getTime() ?? life.eventAt.getTime() + 20 * day
  const end = Math.min(now.getTime() - hour, closed)
  const start = life.at.getTime() + 4 * hour
  if (end <= start) return null
  const time = atOffice(random, new Date(start + random.next() * (end - start)))
  return time.getTime() > start && time.getTime() <= end ? time : null
}

/** `summer-2027` and the like. */
export function seasonTag(date: Date): string {
  const season = ['winter', 'spring', 'summer', 'autumn'][Math.floor(((date.getUTCMonth() + 1) % 12) / 3)]
  return `${season}-${date.getUTCFullYear()}`
}

function drawEvent(random: Random, kind: Kind, at: Date): Date {
  if (kind !== 'couple') return new Date(at.getTime() + random.int(45, 240) * day)
  const months = weddings.map((_, i) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 7 + i, 1)))
  const month = random.weighted(months.map((date) => [weddings[date.getUTCMonth()]!, date] as const))
  const saturday = 1 + ((6 - month.getUTCDay() + 7) % 7)
  return new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), saturday + 7 * random.int(0, 3), 14))
}

function atOffice(random: Random, date: Date): Date {
  const time = new Date(date)
  time.setUTCHours(random.int(8, 17), random.int(0, 59), random.int(0, 59), 0)
  if (time.getUTCDay() === 0) time.setTime(time.getTime() - day)
  return time
}

function daysBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / day)
}
