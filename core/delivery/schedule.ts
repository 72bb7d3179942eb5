/** When scheduled events are due. */
import { Cron } from 'croner'
import type { Schedule } from '../contract.ts'
import { reasonOf } from '../fault.ts'

/**
 * The next time after `from`, in the wall time of the zone: what falls into the hour that summer time leaves out is told
 * at its end, and what falls into the hour that comes twice is told once.
 * @throws Error for what is no cron line of five fields, has no next time, or is in no known time zone
 */
export function nextDue(every: string, tz: string, from: Date): Date {
  const due = new Cron(every, { timezone: tz, mode: '5-part' }).nextRun(from)
  if (due) return due
  throw new Error(`'${every}' never comes`)
}

/** @returns what is wrong with the line, or null */
export function findCronFault(every: string, tz = 'UTC'): string | null {
  try {
    nextDue(every, tz, new Date())
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

/** @throws Error for a schedule that says nothing or two things */
export function firstDue({ at, every, tz = 'UTC', key }: Schedule, now: Date): Date {
  if ((at === undefined) === (every === undefined)) throw new Error('A schedule has either `at` or `every`.')
  // The empty key is that of the manifest.
  if (key === '') throw new Error('The key of a schedule is not empty.')
  if (at) {
    if (Number.isNaN(at.getTime())) throw new Error('The time `at` of a schedule is no time.')
    return at
  }
  // Each restart would add another one.
  if (key === undefined) throw new Error('A schedule with `every` needs a key.')
  return nextDue(every as string, tz, now)
}
