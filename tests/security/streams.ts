/** A stream of one tenant while the other one writes: it tells of the own rows alone. */
import { Hearing } from '../../core/commands/conformance/hearing.ts'
import type { Kit } from '../../core/commands/conformance/kit.ts'

export interface Heard {
  readonly written: number
  /** Ids of the other tenant that were told. */
  readonly foreign: readonly string[]
}

/** Has the other tenant write that many rows, and then the own one a last one. @throws Error where it is not told of that */
export async function listen({ stage, rows }: Kit, count: number): Promise<Heard> {
  const hearing = await Hearing.open(stage, stage.own, { url: '/api/stream?after=now' })
  try {
    const theirs: string[] = []
    for (let n = 0; n < count; n++) theirs.push((await rows.make(stage.other, rows.anyRecord)).id)
    const own = await rows.make(stage.own, rows.anyRecord)
    if (!(await hearing.until((heard) => heard.tells(own.id))))
      throw new Error('The stream does not tell of the own row.')
    return { written: count, foreign: theirs.filter((id) => hearing.text.includes(id)) }
  } finally {
    hearing.close()
  }
}
