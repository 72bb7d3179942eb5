/** On which paths a role is tried. */
import type { Attempt } from './bench.ts'

export const ROLES = 'roles'
export const ROLE_MEND =
  'reach rows by ctx.rows alone, which keeps from each caller what its role does, and keep no copies of them elsewhere'

/** Where something of rows and their fields is shown or taken. */
export const PATHS = [
  'get',
  'list',
  'filter',
  'sort',
  'search',
  'aggregate',
  'include',
  'history',
  'changes',
  'stream',
  'lasting',
  'pack',
  'schema',
  'view',
  'route',
  'create',
  'update',
  'delete',
  'restore',
  'merge',
  'erase',
  'batch',
  'repeat',
] as const
export type Path = (typeof PATHS)[number]

export interface Way extends Attempt {
  readonly path: Path
}
