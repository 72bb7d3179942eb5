/** A device with passkeys, as the server meets it: WebAuthn level 3, ES256, attestation `none`. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest()
const PRESENT = 0x01
const VERIFIED = 0x04
const ATTESTED = 0x40

/** A length of CBOR (RFC 8949): major type and argument. */
function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument])
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument])
  return Buffer.from([(major << 5) | 25, argument >> 8, argument & 0xff])
}

type Cbor = number | string | Buffer | Map<Cbor, Cbor>

function encode(value: Cbor): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, each]) => [encode(key), encode(each)])])
}

export interface Wrongs {
  readonly origin?: string
  readonly host?: string
  readonly challenge?: string
  /** Nobody has shown finger, face or code. */
  readonly isUnverified?: boolean
  readonly counter?: number
}

export class Authenticator {
  readonly id = randomBytes(16).toString('base64url')
  readonly #private: KeyObject
  readonly #public: KeyObject
  readonly #site: { readonly origin: string; readonly host: string }
  counter = 1

  constructor(site: { readonly origin: string; readonly host: string }) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#private = pair.privateKey
    this.#public = pair.publicKey
    this.#site = site
  }

  #client(type: string, challenge: string, { origin = this.#site.origin }: Wrongs): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  }

  #data(wrongs: Wrongs, attested?: Buffer): Buffer {
    const flags = PRESENT | (wrongs.isUnverified ? 0 : VERIFIED) | (attested ? ATTESTED : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(wrongs.counter ?? this.counter++)
    return Buffer.concat([
      sha256(wrongs.host ?? this.#site.host),
      Buffer.from([flags]),
      count,
      attested ?? Buffer.alloc(0),
    ])
  }

  /** What `navigator.credentials.create` gives. */
  create(options: { challenge: string }, wrongs: Wrongs = {}) {
    const { x = '', y = '' } = this.#public.export({ format: 'jwk' })
    const [kty, alg, crv] = [1, 3, -1]
    const key = encode(
      new Map<Cbor, Cbor>([
        [kty, 2],
        [alg, -7],
        [crv, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    )
    const id = Buffer.from(this.id, 'base64url')
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, key])
    const attestation = encode(
      new Map<Cbor, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', this.#data(wrongs, attested)],
      ]),
    )
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#client('webauthn.create', wrongs.challenge ?? options.challenge, wrongs).toString(
          'base64url',
        ),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      },
    }
  }

  /** What `navigator.credentials.get` gives. */
  get(options: { challenge: string }, wrongs: Wrongs = {}) {
    const client = this.#client('webauthn.get', wrongs.challenge ?? options.challenge, wrongs)
    const data = this.#data(wrongs)
    const signature = sign('sha256', Buffer.concat([data, sha256(client)]), this.#private)
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
      },
    }
  }
}
