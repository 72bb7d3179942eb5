import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { codeOf, reasonOf, StartFault } from './fault.ts'

/**
 * The secret kept in this file (mode 0600): 43 URL-safe characters, made at the first call.
 * Throws StartFault when the file cannot be read or made, or holds fewer than 32 characters.
 */
export function keepSecret(file: string): string {
  try {
    const secret = readSecret(file) ?? makeSecret(file)
    if (secret.length >= 32) return secret
  } catch (error) {
    throw new StartFault(`Cannot keep a secret in ${file}: ${reasonOf(error)}.`, { cause: error })
  }
  throw new StartFault(`The secret in ${file} is damaged: it has fewer than 32 characters.`)
}

function readSecret(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The file appears whole or not at all; of two processes that make it at once both take what the first one made. */
function makeSecret(file: string): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return readFileSync(file, 'utf8').trim()
}
