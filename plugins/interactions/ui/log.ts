import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { ApiProblem, type Page, type Schema, type WidgetContext } from 'weft/ui'
import { type Interaction, PATH } from './interaction.ts'

const PAGE = 25
const MOST = 200
const PAUSE = 250

type Host = ReactiveControllerHost & { readonly ctx: WidgetContext }

/** The entries of one record as far as they were read, and what was written to them here. */
export class Log implements ReactiveController {
  state: 'loading' | 'shown' | 'failed' = 'loading'
  schema: Schema | undefined
  entries: readonly Interaction[] = []
  next: string | null = null
  reading = false
  types: readonly string[] = []
  q = ''
  /** Deleted here and still restorable, in their places. */
  removed: ReadonlySet<string> = new Set()
  readonly authors = new Map<string, string>()
  private round = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly host: Host

  constructor(host: Host) {
    this.host = host
    host.addController(this)
  }

  hostDisconnected(): void {
    clearTimeout(this.timer)
  }

  get isFiltered(): boolean {
    return this.types.length > 0 || this.q.trim() !== ''
  }

  /** Another record: nothing of the one before may be seen. */
  async open(): Promise<void> {
    Object.assign(this, { entries: [], types: [], q: '', removed: new Set() })
    const { api } = this.host.ctx
    void api.get<{ items: { id: string; name: string }[] }>('/api/users').then(
      ({ items }) => this.update(() => items.forEach(({ id, name }) => this.authors.set(id, name))),
      // Without the right to see members, entries go without names.
      () => undefined,
    )
    await this.read()
  }

  /** Only the answer to the latest question counts, however long an earlier one takes. */
  async read(): Promise<void> {
    const round = ++this.round
    this.update(() => (this.state = 'loading'))
    try {
      this.schema ??= await this.host.ctx.schemas('interactions')
      const page = await this.page()
      if (round !== this.round) return
      this.update(() =>
        Object.assign(this, { state: 'shown', entries: page.items, next: page.next, removed: new Set() }),
      )
    } catch {
      if (round === this.round) this.update(() => (this.state = 'failed'))
    }
  }

  /**
   * Reads again as far as was read. What was deleted here keeps its place, and so does the entry `kept`, at which somebody
   * is writing.
   */
  async follow(kept?: string): Promise<void> {
    if (this.state !== 'shown') return this.read()
    const { round } = this
    const limit = Math.min(Math.max(PAGE, this.entries.length), MOST)
    const page = await this.page(null, limit).catch(() => undefined)
    if (!page || round !== this.round) return
    const there = new Set(page.items.map(({ id }) => id))
    const isKept = (id: string) => !there.has(id) && (id === kept || this.removed.has(id))
    this.update(() => {
      this.entries = [...page.items, ...this.entries.filter(({ id }) => isKept(id))]
      this.removed = new Set([...this.removed].filter((id) => !there.has(id)))
      this.next = page.next
    })
  }

  async readOn(): Promise<void> {
    const { round } = this
    this.update(() => (this.reading = true))
    const page = await this.page(this.next).catch(() => undefined)
    this.update(() => {
      this.reading = false
      if (!page || round !== this.round) return
      const known = new Set(this.entries.map(({ id }) => id))
      this.entries = [...this.entries, ...page.items.filter(({ id }) => !known.has(id))]
      this.next = page.next
    })
    if (!page) this.host.ctx.notify(this.host.ctx.t('timeline.offline'), 'error')
  }

  private page(after: string | null = null, limit = PAGE): Promise<Page<Interaction>> {
    const { api, record } = this.host.ctx
    const type = this.types.length > 0 ? { 'type.in': this.types.join() } : {}
    return api.list<Interaction>(PATH, {
      recordId: record?.id,
      ...type,
      q: this.q.trim(),
      sort: '-occurredAt',
      limit,
      after,
    })
  }

  toggle(type: string): void {
    this.types = this.types.includes(type) ? this.types.filter((each) => each !== type) : [...this.types, type]
    void this.read()
  }

  search(q: string): void {
    this.q = q
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.read(), PAUSE)
  }

  clear(): void {
    this.types = []
    this.q = ''
    void this.read()
  }

  put(entry: Interaction): void {
    this.update(() => (this.entries = [entry, ...this.entries.filter(({ id }) => id !== entry.id)]))
    this.host.ctx.refresh()
  }

  async remove(entry: Interaction): Promise<void> {
    const { api, refresh } = this.host.ctx
    await this.write(async () => {
      await api.remove(PATH, entry)
      this.update(() => (this.removed = new Set([...this.removed, entry.id])))
      refresh()
    })
  }

  async restore(entry: Interaction): Promise<void> {
    await this.write(async () => {
      const row = await this.host.ctx.api.restore<Interaction>(PATH, entry.id)
      this.removed = new Set([...this.removed].filter((id) => id !== entry.id))
      this.put(row)
    })
  }

  /** What cannot be done is said, and what is shown is read again when somebody else has changed it. */
  private async write(act: () => Promise<void>): Promise<void> {
    const { t, notify } = this.host.ctx
    try {
      await act()
    } catch (cause) {
      const status = cause instanceof ApiProblem ? cause.status : 500
      notify(t(status === 0 ? 'timeline.offline' : status === 412 ? 'timeline.changed' : 'timeline.failed'), 'error')
      if (status === 412 || status === 404) await this.read()
    }
  }

  private update(change: () => void): void {
    change()
    this.host.requestUpdate()
  }
}
