/** Why a row is not there: merged into another one, or gone. */
import { Problem } from '../contract.ts'
import { compileSurvivor } from '../facts/merge.ts'
import { compileGet } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'
import type { Rules } from './rules.ts'
import type { Unit } from './unit.ts'

export const notFound = (): Problem => new Problem(404, 'not_found')

interface Place {
  readonly tenant: string
  readonly id: string
  readonly model: Model
  readonly rules: Rules
}

/** Whether a survivor is one of the rows that the caller meets. */
async function isThere({ read }: Pick<Unit, 'read'>, { model, rules, tenant, id }: Place): Promise<boolean> {
  if (!rules.of(model, 'read')) return true
  const { rows } = await read(compileGet(model, { tenant, id }, { rule: (each) => rules.of(each, 'read') }))
  return rows.length > 0
}

/** @throws Problem 308 `merged` with the id of the survivor beside that of the merged row, 404 `not_found` for any other id */
export async function refuseMissing({ read }: Pick<Unit, 'read'>, place: Place): Promise<never> {
  const { rows } = await read<{ id: string }>(compileSurvivor({ ...place, resource: place.model.name }))
  const survivor = rows[0]
  const isMet = survivor && (await isThere({ read }, { ...place, id: survivor.id }))
  throw isMet
    ? new Problem(308, 'merged', [{ path: '', code: 'merged', params: { id: survivor.id, merged: place.id } }])
    : notFound()
}
