/** A harness that listens, and what people do with identity providers there. */
import { type Harness, type HarnessOptions, openHarness } from './harness.ts'
import { PASSWORD } from './settings.ts'
import { Wanderer } from './wanderer.ts'

export interface SignInStage {
  readonly harness: Harness
  readonly address: string
  /** A browser that nobody has used yet. */
  open(): Wanderer
  /** One in which somebody is signed in by password. */
  enter(email: string): Promise<Wanderer>
  close(): Promise<void>
}

export async function openSignInStage(options: HarnessOptions = {}): Promise<SignInStage> {
  const harness = await openHarness({ ...options, config: { localProviders: true, ...options.config } })
  await harness.app.listen({ port: 0, host: '127.0.0.1' })
  const at = harness.app.server.address()
  const address = `http://localhost:${typeof at === 'object' ? at?.port : ''}`
  return {
    harness,
    address,
    open: () => new Wanderer(address),
    async enter(email) {
      const browser = new Wanderer(address)
      const { status, text } = await browser.send('/api/session', {
        method: 'POST',
        json: { email, password: PASSWORD },
      })
      if (status !== 200) throw new Error(`${email} cannot sign in: ${text}`)
      return browser
    },
    close: () => harness.close(),
  }
}

/** What an administrator enters, beside what a test is about. */
export const providerBody = (issuer: string, more: object = {}) => ({
  name: 'Example ID',
  issuer,
  clientId: 'weft',
  clientSecret: 'a secret between the two of us',
  ...more,
})

/** Has an administrator enter a provider. @returns its id and where it sends people back to */
export async function addProvider(
  admin: Wanderer,
  issuer: string,
  more: object = {},
): Promise<{ id: string; redirectUri: string }> {
  const json = providerBody(issuer, more)
  const { status, text, body } = await admin.send('/api/identity-providers', { method: 'POST', json })
  if (status !== 201) throw new Error(`The provider is not taken: ${text}`)
  return body
}

/** @returns where the browser is to go */
export async function depart(browser: Wanderer, id: string, json: object = {}): Promise<URL> {
  const { status, text, body } = await browser.send(`/api/session/providers/${id}`, { method: 'POST', json })
  if (status !== 200) throw new Error(`It does not begin: ${text}`)
  return new URL(body.url)
}
