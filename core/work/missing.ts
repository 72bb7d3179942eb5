/** Why a row is not there: merged into another one, or gone. */
import { Problem } from '../contract.ts'
import { compileSurvivor } from '../facts/merge.ts'
import type { Unit } from './unit.ts'

export const notFound = (): Problem => new Problem(404, 'not_found')

/** @throws Problem 308 `merged` with the id of the survivor beside that of the merged row, 404 `not_found` for any other id */
export async function refuseMissing(
  { read }: Pick<Unit, 'read'>,
  place: { tenant: string; id: string; resource: string },
): Promise<never> {
  const { rows } = await read<{ id: string }>(compileSurvivor(place))
  const survivor = rows[0]
  throw survivor
    ? new Problem(308, 'merged', [{ path: '', code: 'merged', params: { id: survivor.id, merged: place.id } }])
    : notFound()
}
