/** The log that PostgreSQL's programs write: kept short, and read for the one line that says why a start failed. */
import { closeSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { heldFolder } from './server-account.ts'

export interface Log {
  /** Open for appending; handed to programs that may not open the file themselves. */
  readonly handle: number
  /** What has been written since it was opened. */
  since(): string
  close(): void
}

/** Opens the log; one of more than 5 MB first becomes `<file>.1`, in place of an older one. */
export function openLog(file: string): Log {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 5_000_000) renameSync(file, `${file}.1`)
  const handle = openSync(file, 'a', 0o600)
  const begin = fstatSync(handle).size
  return {
    handle,
    since: () => readFileSync(file).subarray(begin).toString('utf8'),
    close: () => closeSync(handle),
  }
}

/** The line that says what went wrong, without time and level, fit for the end of a sentence. */
export function lastWord(home: { readonly folder: string }, text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    // Refused connections are told in between while a server starts or recovers.
    .filter((line) => line !== '' && !line.includes('FATAL:  the database system is '))
  const line = lines.findLast((each) => /\b(FATAL|PANIC|ERROR|error):/.test(each)) ?? lines.at(-1) ?? 'it says nothing'
  const word = line.replace(/^.*?\b(FATAL|PANIC|ERROR|error):\s+/, '').replace(/\.$/, '')
  return word.replaceAll(heldFolder, home.folder)
}
