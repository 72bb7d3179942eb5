/** What all tests share. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** One secret for all, so that every copy of the database finds the same logins. */
export const SECRET = 'a secret of the tests, at least 32 characters long'

export const PASSWORD = 'correct horse battery staple'

const folder = join(import.meta.dirname, 'plugins')

/** Plugins that stand for those that others write: each uses a part of the contract that no shipped one does. */
export const pluginFolders = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => join(folder, name))
