/** What is changed on a client's file after it was opened. */
import { mailName, type DemoChange, type DemoFields, type DemoFile } from './file.ts'
import { drawMoment } from './life.ts'
import { laterNote, type Stage } from './notes.ts'

type Draft = { at: Date; change(current: DemoFields): Partial<DemoFields> | null }

/** At most four merge patches in order of time, each of which changes something. */
export function drawChanges(file: DemoFile, input: DemoFields, now: Date): DemoChange[] {
  const changes: DemoChange[] = []
  let current = input
  const drafts = [...stageDrafts(file), ...otherDrafts(file, now)].slice(0, 4)
  for (const { at, change } of drafts.sort((a, b) => a.at.getTime() - b.at.getTime())) {
    const patch = change(current)
    if (patch === null || changes.at(-1)?.at.getTime() === at.getTime()) continue
    changes.push({ at, patch })
    current = merge(current, patch)
  }
  return changes
}

function stageDrafts(file: DemoFile): Draft[] {
  return file.life.stages.map(({ at, status }) => ({
    at,
    change: (current) => ({ status, ...(file.random.chance(0.5) && { notes: addLine(file, current, status) }) }),
  }))
}

function otherDrafts(file: DemoFile, now: Date): Draft[] {
  const { random } = file
  const kinds = [
    [0.35, (current: DemoFields) => ({ notes: addLine(file, current, 'progress') })],
    [0.14, () => ({ phone: file.phone() })],
    [0.16, (current: DemoFields) => addTag(current, random.pick(['vip', 'outdoor', 'château', 'returning']))],
    [0.2, (current: DemoFields) => completeSecond(file, current)],
  ] as const
  return kinds.flatMap(([probability, change]) => {
    const at = random.chance(probability) ? drawMoment(random, file.life, now) : null
    return at ? [{ at, change }] : []
  })
}

function addLine(file: DemoFile, current: DemoFields, stage: Stage): string {
  const { random, tongue, life } = file
  const line = laterNote(random, tongue, stage, life.eventAt)
  return current.notes ? `${current.notes}\n${line}` : line
}

function addTag(current: DemoFields, tag: string): Partial<DemoFields> | null {
  const tags = current.tags ?? []
  return tags.includes(tag) ? null : { tags: [...tags, tag] }
}

/** The second person's number or mail comes later, when the first has been met. */
function completeSecond(file: DemoFile, current: DemoFields): Partial<DemoFields> | null {
  const second = current.extensions?.couple
  if (!second) return null
  if (!second.phone) return { extensions: { couple: { phone: file.phone() } } }
  return second.email ? null : { extensions: { couple: { email: file.mail(mailName(file.random, second)) } } }
}

/** RFC 7396 for what the changes above hold. */
function merge(current: DemoFields, { extensions, ...patch }: Partial<DemoFields>): DemoFields {
  const couple = { ...current.extensions?.couple, ...extensions?.couple }
  return { ...current, ...patch, ...(current.extensions && { extensions: { couple } }) }
}
