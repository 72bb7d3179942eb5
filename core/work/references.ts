/** Records that plugin code names by their ids: there, and its actor's to read. */
import { Problem } from '../contract.ts'
import type { Files } from '../files/files.ts'
import type { Unit } from './unit.ts'

interface Reader {
  readonly files: Pick<Files, 'findResource'>
  readonly read: Unit['read']
  readonly tenant: string
  can(permission: string): boolean
}

/** @returns the resource of the record @throws Problem 422 `reference` at `/recordId` */
export async function demandRecord({ files, read, tenant, can }: Reader, record: string): Promise<string> {
  const resource = await files.findResource(read, tenant, record)
  if (resource && can(`${resource}.read`)) return resource
  throw new Problem(422, 'reference', [{ path: '/recordId', code: 'reference' }])
}
