/** Every page and slot that plugins fill, read from their manifests and resources, with rows made from the schemas. */
import type { Page } from 'playwright-core'
import { Rows } from '../../../core/commands/conformance/rows.ts'
import type { Side } from '../../../core/commands/conformance/stage.ts'
import type { Installed, WidgetEntry } from '../../../core/host/manifest.ts'
import type { Model } from '../../../core/resource/model.ts'
import type { Composition } from '../../../core/work/composition.ts'
import type { Harness } from '../../support/harness.ts'
import type { Studio } from './stage.ts'

export interface Place {
  readonly name: string
  readonly url: string
  /** The element that has to be there; null for what the shell draws from a schema. */
  readonly tag: string | null
  /** The words of the tab that shows it, by their key; null where the page itself does. */
  readonly tab: string | null
}

/** Rows of one resource: with others that belong to it, and without. */
interface Examples {
  readonly full: string
  readonly empty: string
}

const CHILDREN = 3

async function sideOf({ api, tenant, name }: Studio): Promise<Side> {
  const { body } = await api.get('/api/session')
  const ask: Side['ask'] = (method, url, call) => api.call(method, url, call)
  return {
    tenant,
    slug: name,
    user: body.user.id as string,
    ask,
    cookie: api.cookie,
    word: name.split(' ')[0] as string,
  }
}

export class Places {
  readonly #installed: readonly Installed[]
  readonly #rows: Rows
  readonly #side: Side
  readonly #examples = new Map<string, Examples>()

  private constructor({ kernel }: Harness, side: Side, resources: Composition['resources']) {
    this.#installed = kernel.services.installed
    this.#side = side
    this.#rows = new Rows(resources)
  }

  static async open(harness: Harness, studio: Studio): Promise<Places> {
    const { compositions, switches } = harness.kernel.services
    const { resources } = compositions.of(await switches.of(studio.tenant))
    return new Places(harness, await sideOf(studio), resources)
  }

  async #examplesOf(resource: string): Promise<Examples> {
    const known = this.#examples.get(resource)
    if (known) return known
    const [full, empty] = [await this.#rows.make(this.#side, resource), await this.#rows.make(this.#side, resource)]
    for (const { name, owner } of this.#rows.composedOf(resource).children.values()) {
      if (!owner) continue
      for (let n = 0; n < CHILDREN; n++) await this.#rows.make(this.#side, name, { [owner.name]: full.id })
    }
    const examples = { full: full.id, empty: empty.id }
    this.#examples.set(resource, examples)
    return examples
  }

  /** @throws Error for a slot that no page draws */
  async #ofWidget(plugin: string, { slot, id, of = '' }: WidgetEntry): Promise<Place[]> {
    const at = { tag: `${plugin}-${id}`, tab: null }
    const name = `${plugin}, ${slot} ${id}`
    if (slot === 'page') return [{ ...at, name, url: `/page/${plugin}/${id}` }]
    if (slot === 'nav') return [{ ...at, name, url: '/account' }]
    if (slot === 'list.action') return [{ ...at, name, url: `/${of}` }]
    if (!slot.startsWith('record.')) throw new Error(`No page draws the slot ${slot} of ${plugin}.`)
    const tab = slot === 'record.tab' ? `${plugin}:widget.${id}` : null
    const { full, empty } = await this.#examplesOf(of)
    return [
      { ...at, tab, name, url: `/${of}/${full}` },
      { ...at, tab, name: `${name}, empty`, url: `/${of}/${empty}` },
    ]
  }

  async #ofResource({ name }: Model): Promise<Place[]> {
    const { full } = await this.#examplesOf(name)
    const drawn = { tag: null, tab: null }
    return [
      { ...drawn, name: `${name}, list`, url: `/${name}` },
      { ...drawn, name: `${name}, record`, url: `/${name}/${full}` },
      { ...drawn, name: `${name}, new`, url: `/${name}/new` },
      { ...drawn, name: `${name}, edit`, url: `/${name}/${full}/edit` },
    ]
  }

  /** Of these plugins: each widget, and each page of a resource that they bring or extend. */
  async of(plugins: readonly string[]): Promise<Place[]> {
    const places: Place[] = []
    for (const { id, manifest } of this.#installed.filter((each) => plugins.includes(each.id)))
      for (const widget of manifest.widgets) places.push(...(await this.#ofWidget(id, widget)))
    const isTheirs = ({ plugin, extensions }: Model) =>
      plugins.includes(plugin) || extensions.some((each) => plugins.includes(each.plugin))
    for (const model of this.#rows.models.filter((each) => each.hasPage && isTheirs(each)))
      places.push(...(await this.#ofResource(model)))
    return places
  }
}

/** Opens what a widget hides until it is asked for, one thing after the other. */
export async function openAll(page: Page, tag: string, look: (name: string) => Promise<void>): Promise<void> {
  const hidden = page.locator(
    `[data-widget="${tag}"] :is(summary, button[aria-expanded="false"], button[aria-haspopup])`,
  )
  for (let n = 0; n < (await hidden.count()); n++) {
    await hidden.nth(n).click()
    await look(`opened ${n + 1}`)
    await page.keyboard.press('Escape')
  }
}
