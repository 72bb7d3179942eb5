import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, reasonOf, StartFault } from './fault.ts'

/** Makes a folder of mode 0700 and those above it that are missing. Throws StartFault with the true reason. */
export function makeFolder(folder: string): void {
  try {
    makeMissing(folder)
  } catch (error) {
    throw new StartFault(`Cannot make the folder ${folder}: ${reasonOf(error)}.`, { cause: error })
  }
}

/** Node's own recursive mkdir hides the reason on a read-only disk, and never ends below /proc. */
function makeMissing(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  const parent = dirname(folder)
  if (parent !== folder) makeMissing(parent)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another process may have made it meanwhile.
    if (codeOf(error) !== 'EEXIST' || !statSync(folder).isDirectory()) throw error
  }
}
