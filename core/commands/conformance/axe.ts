/** What axe finds on a page as it stands. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { ROOT } from '../../host/catalogue.ts'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
let source: string | undefined
/** A tool of development: where nobody tries anything it is not there. */
const axe = () => (source ??= readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8'))

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** @returns one line for each element that breaks a rule */
export function findBarriers(page: Page): Promise<string[]> {
  return run(page, { runOnly: TAGS })
}

/** Only what a colour scheme can break: the elements are the same in both. */
export function findPaleness(page: Page): Promise<string[]> {
  return run(page, { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } })
}

async function run(page: Page, options: unknown): Promise<string[]> {
  // It stays until the page is loaded anew.
  if (!(await page.evaluate<boolean>(`typeof axe === 'object'`))) await page.evaluate(axe())
  const { violations } = await page.evaluate<{ violations: Violation[] }>(
    `axe.run(document, ${JSON.stringify(options)})`,
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
  )
}
