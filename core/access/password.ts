/** Passwords: argon2id (RFC 9106) with the parameters that OWASP asks for, kept as PHC strings. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Problem } from '../contract.ts'

const MIN_LENGTH = 8
const MAX_LENGTH = 200
/** Memory in KiB, passes, lanes. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 }
const TAG_BYTES = 32
const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** The hash of no password: its tag is random. Checked where there is no account, so that both cost the same. */
export const dummyHash =
  '$argon2id$v=19$m=19456,t=2,p=1$ZfhRehRiAD7B1sVycgj25Q$qR2Fdaq8nOgBK83xKZNdZmClgCZzVWy98ffzVnAfiRI'

/** Files and name look-ups wait in the same four threads of libuv; one is left to them. */
const MAX_RUNNING = Math.min(availableParallelism(), 3)
const waiting: (() => void)[] = []
let running = 0

async function takeSlot(): Promise<void> {
  if (running < MAX_RUNNING) running++
  else await new Promise<void>((resolve) => waiting.push(resolve))
}

function leaveSlot(): void {
  const next = waiting.shift()
  // The slot goes from hand to hand, so that nobody slips in between.
  if (next) next()
  else running--
}

type Cost = typeof COST

async function derive(password: string, nonce: Buffer, cost: Cost, tagLength: number): Promise<Buffer> {
  // NIST SP 800-63B: the same letters typed on another keyboard are the same password.
  const message = password.normalize('NFKC')
  await takeSlot()
  try {
    return await new Promise((resolve, reject) => {
      argon2('argon2id', { message, nonce, tagLength, ...cost }, (error, tag) => (error ? reject(error) : resolve(tag)))
    })
  } finally {
    leaveSlot()
  }
}

/** Base64 without padding, as the PHC string format has it. */
const encode = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

/** @returns a PHC string: `$argon2id$v=19$m=..,t=..,p=..$salt$tag` */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  const tag = await derive(password, nonce, COST, TAG_BYTES)
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${encode(nonce)}$${encode(tag)}`
}

/** False, after the usual time, also for a hash that is none: an account may have no password. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  const parts = PHC.exec(hash)
  if (!parts) {
    await verifyPassword(dummyHash, password)
    return false
  }
  const [memory, passes, parallelism] = parts.slice(1, 4).map(Number) as [number, number, number]
  const [nonce, tag] = parts.slice(4).map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer]
  return timingSafeEqual(await derive(password, nonce, { memory, passes, parallelism }, tag.length), tag)
}

/** @throws Problem 400 `invalid` for fewer than 8 or more than 200 characters */
export function assertPassword(password: string, path = '/password'): void {
  const length = [...password].length
  if (length < MIN_LENGTH) refuse(path, 'minLength', MIN_LENGTH)
  if (length > MAX_LENGTH) refuse(path, 'maxLength', MAX_LENGTH)
}

function refuse(path: string, code: string, limit: number): never {
  throw new Problem(400, 'invalid', [{ path, code, params: { limit } }])
}
