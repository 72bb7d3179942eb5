import { html, nothing, type PropertyDeclarations, type PropertyValues } from 'lit'
import { ApiProblem, type ProblemEntry, type Schema, WeftElement } from 'weft/ui'
import { fieldInput, isWide } from './entry-input.ts'
import { changes, tidied, type Values, valuesOf, valuesOfFormat } from './entry-values.ts'
import { fieldsOf, type Interaction, PATH } from './interaction.ts'

/** Writes a new entry of `type`, or changes `entry`. Tells `saved` with the row, or `cancelled`. */
export class EntryForm extends WeftElement {
  static override properties: PropertyDeclarations = {
    ...WeftElement.properties,
    schema: { attribute: false },
    type: { attribute: false },
    entry: { attribute: false },
    values: { state: true },
    errors: { state: true },
    problem: { state: true },
    busy: { state: true },
  }
  declare schema: Schema
  declare type: string
  declare entry: Interaction | undefined
  declare values: Values
  declare errors: readonly ProblemEntry[]
  declare problem: string | undefined
  declare busy: boolean
  private start: Values = {}
  private record: Schema | undefined
  // The same form sent twice after a broken line is one entry.
  private key: string | undefined

  constructor() {
    super()
    this.values = {}
    this.errors = []
    this.busy = false
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!this.hasUpdated) {
      this.start = this.entry ? valuesOf(this.schema, this.entry) : { occurredAt: thisMinute() }
      this.values = { ...this.start, type: this.entry?.type ?? this.type }
      if (this.entry) this.start = { ...this.values }
      void this.learnRecord()
    } else if (changed.has('type') && !this.entry) this.values = { ...this.values, type: this.type }
  }

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>('input, textarea')?.focus()
  }

  private async learnRecord(): Promise<void> {
    const resource = this.ctx.record?.resource
    this.record = resource ? await this.ctx.schemas(resource).catch(() => undefined) : undefined
    this.requestUpdate()
  }

  protected override render() {
    const { t } = this.ctx
    return html`
      <form
        class="flex flex-col gap-4"
        novalidate
        @submit=${this.submit}
        @keydown=${this.press}
        aria-label=${t(this.entry ? 'timeline.form.edit' : 'timeline.form.add')}
      >
        <div class="grid gap-4 sm:grid-cols-2">${this.names().map((name) => this.renderField(name))}</div>
        ${this.problem ? html`<p role="alert" class="text-destructive text-sm">${this.problem}</p>` : nothing}
        <div class="flex flex-wrap items-center gap-2">
          <button type="submit" class="btn" data-size="sm" ?disabled=${this.busy}>
            ${t(this.busy ? 'timeline.saving' : 'timeline.save')}
          </button>
          <button type="button" class="btn" data-variant="ghost" data-size="sm" @click=${this.cancel}>
            ${t('timeline.cancel')}
          </button>
          <kbd class="kbd ms-auto hidden sm:inline-flex">${t('timeline.keys')}</kbd>
        </div>
      </form>
    `
  }

  /** Long texts first, as one writes; then what is filled in by the way. */
  private names(): string[] {
    const asked = fieldsOf(this.schema, this.values).filter((name) => name !== 'recordId')
    const names = asked.filter((name) => name !== 'type' || this.entry)
    const wide = (name: string) => isWide(name, this.schema.properties[name])
    return [...names.filter(wide), ...names.filter((name) => !wide(name))]
  }

  private renderField(name: string) {
    const property = this.schema.properties[name]
    const error = this.errors.find(({ path }) => path === `/${name}` || path.startsWith(`/${name}/`))
    const suggested = property.format === 'phone' || property.format === 'email'
    return fieldInput({
      name,
      property,
      id: `interaction-${this.entry?.id ?? 'new'}-${name}`,
      value: this.values[name],
      error: error && this.message(error),
      suggestions: suggested ? valuesOfFormat(this.record, this.ctx.record?.row, property.format) : [],
      t: this.ctx.t,
      change: (value) => {
        this.values = { ...this.values, [name]: value }
        this.errors = this.errors.filter(({ path }) => path !== `/${name}`)
      },
    })
  }

  private message({ code, params }: ProblemEntry): string {
    const { t } = this.ctx
    const particular = t(`timeline.error.${code}.${params?.format ?? ''}`, { defaultValue: '' })
    return particular || t(`timeline.error.${code}`, { ...params, defaultValue: '' }) || t('timeline.error.other')
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault()
    if (this.busy) return
    this.busy = true
    this.errors = []
    this.problem = undefined
    try {
      const row = await this.write(tidied(this.schema, this.values))
      this.dispatchEvent(new CustomEvent('saved', { detail: row }))
    } catch (cause) {
      await this.refused(cause)
    } finally {
      this.busy = false
    }
  }

  private write(values: Values): Promise<Interaction> {
    const { api, record } = this.ctx
    if (this.entry) return api.update(PATH, this.entry, changes(this.start, values))
    // A time that nobody touched is left to the server, which knows the second.
    const { occurredAt, ...rest } = values
    const time = occurredAt === this.start.occurredAt ? {} : { occurredAt }
    const body = { recordId: record?.id, ...rest, ...time }
    const sent = JSON.stringify(body)
    if (!this.key?.startsWith(sent)) this.key = sent + crypto.getRandomValues(new Uint32Array(4)).join('-')
    return api.create(PATH, body, { idempotencyKey: this.key.slice(sent.length) })
  }

  private async refused(cause: unknown): Promise<void> {
    const { t } = this.ctx
    const problem = cause instanceof ApiProblem ? cause : new ApiProblem(500, 'internal')
    this.errors = problem.status < 500 ? problem.errors : []
    if (problem.status === 412) await this.follow()
    else if (this.errors.length === 0) this.problem = t(problem.status === 0 ? 'timeline.offline' : 'timeline.failed')
    await this.updateComplete
    this.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }

  /** Somebody else was faster: what they wrote comes in where nothing was written here, and saving again is safe. */
  private async follow(): Promise<void> {
    const mine = changes(this.start, tidied(this.schema, this.values))
    this.problem = this.ctx.t('timeline.stale')
    const current = await this.ctx.api.get<Interaction>(`${PATH}/${this.entry!.id}`).catch(() => undefined)
    if (!current) return
    this.entry = current
    this.start = valuesOf(this.schema, current)
    this.values = { ...this.start, ...mine }
  }

  private press(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.submit(event)
    const untouched =
      Object.keys(changes(this.start, tidied(this.schema, { ...this.values, type: this.start.type }))).length === 0
    if (event.key === 'Escape' && untouched) this.cancel()
  }

  private cancel(): void {
    this.dispatchEvent(new CustomEvent('cancelled'))
  }
}

const thisMinute = () => new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString()
