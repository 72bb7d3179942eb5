import type { Resource } from '../../shell/composition.tsx'
import { recall } from '../../shell/memory.ts'

/** The list that one came from: where it is, and which records stood on its page. */
export interface Trail {
  back: string
  ids: string[]
}

export const trailOf = (resource: Resource): Trail =>
  recall<Trail>(`weft.trail.${resource.name}`, 'session') ?? { back: `/${resource.name}`, ids: [] }
