/** `ctx.mail`: mails of one plugin, sent once however often its handler is told. */
import { type Ctx, Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import { problemOf } from '../data/problems.ts'
import type { Files } from '../files/files.ts'
import type { Mails } from '../mail/mails.ts'
import { readMessage } from '../mail/message.ts'
import type { Attachment } from '../mail/post.ts'
import { demandRecord } from './references.ts'
import type { Unit } from './unit.ts'

const MAX_ATTACHED = 20 * 1024 * 1024

interface Place {
  readonly occasion: { readonly idempotencyKey: string | null }
  readonly unit: Unit | null
  readonly claims: Claims
  assertLives(): void
  can(permission: string): boolean
}

export function mailOf(
  { mails, files }: { mails: Mails; files: Files },
  place: Place,
  unit: Pick<Unit, 'read' | 'write'>,
): Ctx['mail'] {
  const { claims, occasion } = place
  let count = 0
  const attach = async (ids: readonly string[]): Promise<Attachment[]> => {
    const found = await Promise.all(ids.map((id) => files.find(unit.read, claims.tenant, id)))
    const own = found.map((file, i) => {
      if (file?.plugin === claims.plugin && (!file?.resource || place.can(`${file.resource}.read`))) return file
      throw new Problem(404, 'not_found', [{ path: `/attachments/${i}`, code: 'not_found' }])
    })
    if (own.reduce((sum, { bytes }) => sum + bytes, 0) > MAX_ATTACHED)
      throw new Problem(400, 'invalid', [{ path: '/attachments', code: 'too_large' }])
    const open = own.map(async ({ id, name, type }) => ({
      filename: name,
      contentType: type,
      content: await files.open(claims.tenant, id),
    }))
    return Promise.all(open)
  }
  return Object.freeze({
    async send(mail: Parameters<Ctx['mail']['send']>[0]) {
      place.assertLives()
      if (place.unit) throw new Error('ctx.mail is for an exchange, outside of ctx.work: a mail cannot be taken back.')
      const message = readMessage(mail)
      // Counted also where it is refused further down, so that what follows keeps its place.
      const key = occasion.idempotencyKey === null ? null : `${occasion.idempotencyKey}-${++count}`
      const { tenant } = claims
      const { recordId } = message
      if (recordId !== null) await demandRecord({ files, read: unit.read, tenant, can: place.can }, recordId)
      const letter = { ...message, files: await attach(message.attachments) }
      return mails.send(unit.write, claims, letter, key).catch((error: unknown) => Promise.reject(problemOf(error)))
    },
  })
}
