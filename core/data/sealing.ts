/** Encryption that is bound to a place: what is moved elsewhere does not open. */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

export interface Sealed {
  readonly nonce: Buffer
  readonly ciphertext: Buffer
  readonly tag: Buffer
}

/** @param place what the text belongs to; not secret, and needed again to open it */
export function seal(key: KeyObject, place: string, text: Buffer): Sealed {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(place))
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()])
  return { nonce, ciphertext, tag: cipher.getAuthTag() }
}

/** @throws Error for another key, another place or changed bytes; it holds nothing of the text */
export function unseal(key: KeyObject, place: string, { nonce, ciphertext, tag }: Sealed): Buffer {
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(place))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(ciphertext), decipher.final()])
}

/** As one value: nonce, tag, ciphertext. */
export const join = ({ nonce, ciphertext, tag }: Sealed): Buffer => Buffer.concat([nonce, tag, ciphertext])

export const split = (bytes: Buffer): Sealed => ({
  nonce: bytes.subarray(0, NONCE_BYTES),
  tag: bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES),
  ciphertext: bytes.subarray(NONCE_BYTES + TAG_BYTES),
})
