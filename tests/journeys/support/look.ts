/** One look at a page as it stands, in the colour schemes, at a desk and on a phone. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { findBarriers, findPaleness } from '../../../core/commands/conformance/axe.ts'
import { settle } from '../../../core/commands/conformance/looking.ts'
import type { Visit } from './browser.ts'

const folder = process.env.WEFT_PICTURES
const HEIGHTS = { 1280: 800, 390: 844 } as const
const WIDTHS = [1280, 390] as const
/** Words differ by language, colours do not. */
export const SCHEMES = { en: ['light', 'dark'], fr: ['light'] } as const

/** No barriers, nothing pale, nothing wider than the screen; with WEFT_PICTURES=<folder>, a picture of each. */
export async function look({ page, language }: Visit, name: string): Promise<void> {
  for (const scheme of folder ? SCHEMES.en : SCHEMES[language]) {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHTS[width] })
      await page.emulateMedia({ colorScheme: scheme })
      await settle(page)
      const found = scheme === 'light' ? await findBarriers(page) : await findPaleness(page)
      expect(found, `${name} ${scheme} ${width}`).toEqual([])
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      expect(wide, `${name} ${width}`).toBeLessThanOrEqual(width)
      if (folder) await page.screenshot({ path: join(folder, `${name}-${scheme}-${width}.png`) })
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.emulateMedia({ colorScheme: 'light' })
}
