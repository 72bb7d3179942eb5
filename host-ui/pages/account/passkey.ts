import { browserSupportsWebAuthn } from '@simplewebauthn/browser'
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../shell/client.ts'

export const PATH = '/api/account/passkeys'

export interface Passkey {
  id: string
  name: string
  createdAt: string
  usedAt: string | null
}

export const passkeysOptions = queryOptions({
  queryKey: ['passkeys'],
  queryFn: async () => (await api.get<{ items: Passkey[] }>(PATH)).items,
})

/** A passkey belongs to a name: at a bare address of a network there are none. */
export const hasPasskeys = () => browserSupportsWebAuthn() && !/^[\d.]+$|^\[/.test(location.hostname)

/** Whether the person, or the device, has broken it off. */
export const isBrokenOff = (error: unknown) =>
  error instanceof Error && ['NotAllowedError', 'AbortError'].includes(error.name)
