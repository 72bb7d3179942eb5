/** For tests that need shipped plugins outside of their folders: where one was deleted, they are skipped by name. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../core/host/catalogue.ts'

export const areShipped = (...plugins: readonly string[]): boolean =>
  plugins.every((id) => existsSync(join(ROOT, 'plugins', id, 'manifest.json')))
