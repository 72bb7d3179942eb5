/**
 * Whether a password can be guessed: NIST SP 800-63B asks for length and a list of bad ones, not for kinds of characters.
 * Judged by zxcvbn (Wheeler, USENIX Security 2016), whose dictionaries are loaded when the first one is judged.
 */
import type { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { Problem } from '../contract.ts'
import { assertPassword } from './password.ts'

/** Of 0 to 4: fewer than about 10^6 guesses are too few (score 2 is less than 10^8). */
const LEAST = 2
/** The rest adds nothing to the judgement, and its time grows with the length. */
const JUDGED = 60

let judge: Promise<ZxcvbnFactory> | null = null

async function loadJudge(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ])
  return new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
}

/** Parts of what everybody knows of a person: `ada.lovelace@example.org` -> `ada`, `lovelace`, `example`. */
const partsOf = (known: readonly string[]) =>
  known.flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)]).filter((part) => part.length > 2)

/**
 * @param known what others know of the person: address, name, organisation
 * @throws Problem 400 `invalid` for fewer than 8 or more than 200 characters, or `guessable`
 */
export async function assertQuality(
  password: string,
  { path, known }: { path: string; known: readonly string[] },
): Promise<void> {
  assertPassword(password, path)
  judge ??= loadJudge()
  const { score } = (await judge).check([...password].slice(0, JUDGED).join(''), partsOf(known))
  if (score < LEAST) throw new Problem(400, 'invalid', [{ path, code: 'guessable' }])
}
