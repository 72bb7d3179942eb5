/** Every page and slot that plugins fill, read from their manifests and resources, with rows made from the schemas. */
import type { Installed, WidgetEntry } from '../../host/manifest.ts'
import type { Services } from '../../http/services.ts'
import type { Model } from '../../resource/model.ts'
import type { Composition } from '../../work/composition.ts'
import { Rows } from './rows.ts'
import type { Side } from './stage.ts'

export interface Place {
  readonly name: string
  readonly url: string
  /** The element that has to be there; null for what the shell draws from a schema. */
  readonly tag: string | null
}

/** Rows of one resource: with others that belong to it, and without. */
interface Examples {
  readonly full: string
  readonly empty: string
}

const CHILDREN = 3

export class Places {
  readonly #installed: readonly Installed[]
  readonly #rows: Rows
  readonly #side: Side
  readonly #examples = new Map<string, Examples>()

  private constructor({ installed }: Services, side: Side, resources: Composition['resources']) {
    this.#installed = installed
    this.#side = side
    this.#rows = new Rows(resources)
  }

  static async open(services: Services, side: Side): Promise<Places> {
    const { resources } = services.compositions.of(await services.switches.of(side.tenant))
    return new Places(services, side, resources)
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
    const at = { tag: `${plugin}-${id}` }
    const name = `${plugin}, ${slot} ${id}`
    if (slot === 'page') return [{ ...at, name, url: `/page/${plugin}/${id}` }]
    if (slot === 'nav') return [{ ...at, name, url: '/account' }]
    if (slot === 'list.action') return [{ ...at, name, url: `/${of}` }]
    if (!slot.startsWith('record.')) throw new Error(`No page draws the slot ${slot} of ${plugin}.`)
    const tab = slot === 'record.tab' ? `?tab=${plugin}.${id}` : ''
    const { full, empty } = await this.#examplesOf(of)
    return [
      { ...at, name, url: `/${of}/${full}${tab}` },
      { ...at, name: `${name}, empty`, url: `/${of}/${empty}${tab}` },
    ]
  }

  async #ofResource({ name }: Model): Promise<Place[]> {
    const { full } = await this.#examplesOf(name)
    const drawn = { tag: null }
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
