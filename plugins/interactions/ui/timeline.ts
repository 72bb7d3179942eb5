import { html, nothing, type PropertyDeclarations, type PropertyValues } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { formatDay, formatMonth, type Schema, WeftElement } from 'weft/ui'
import { entryView } from './entry.ts'
import { type Group, grouped } from './grouping.ts'
import type { Interaction } from './interaction.ts'
import { Log } from './log.ts'
import { emptyView, failureView, loadingView, removedView } from './states.ts'
import { filters, typeButtons } from './toolbar.ts'

/** Everything that happened with a record, the latest first: a log to read, to filter and to add to. */
export class Timeline extends WeftElement {
  static override properties: PropertyDeclarations = {
    ...WeftElement.properties,
    adding: { state: true },
    editing: { state: true },
  }
  static override watches = ['interactions']
  /** The type that is being added. */
  declare adding: string | undefined
  /** The entry that is being changed, as it was when that began. */
  declare editing: Interaction | undefined
  private readonly log = new Log(this)

  protected override willUpdate(changed: PropertyValues): void {
    const before = (changed.get('ctx') as this['ctx'] | undefined)?.record?.id
    // A new context of the same record (its language, its rights) is drawn; only another record is read.
    if (!changed.has('ctx') || before === this.ctx.record?.id) return
    this.adding = this.editing = undefined
    void this.log.open()
  }

  /** What others have written comes in, and what is being written stays. */
  protected override refetch(): void {
    void this.log.follow(this.editing?.id)
  }

  protected override render() {
    const { ctx, log } = this
    const { schema } = log
    if (!schema) return log.state === 'failed' ? failureView(ctx, () => log.read()) : loadingView(ctx)
    return html`
      <section class="flex flex-col gap-5" aria-labelledby="timeline-heading">
        <h2 id="timeline-heading" class="sr-only">${ctx.t('widget.timeline')}</h2>
        ${ctx.can('interactions.create') ? this.renderAdd(schema) : nothing}
        ${log.entries.length > 0 || log.isFiltered ? filters(ctx, schema, log) : nothing}
        <div aria-busy=${log.state === 'loading'}>${this.renderEntries(schema)}</div>
      </section>
    `
  }

  private renderAdd(schema: Schema) {
    const choose = (type: string) => (this.adding = this.adding === type ? undefined : type)
    return html`
      <div class="bg-card rounded-lg border p-4">
        ${typeButtons(this.ctx, schema, this.adding, choose)}
        ${
          this.adding
            ? html`<interactions-entry-form
                class="mt-4 block border-t pt-4"
                .ctx=${this.ctx}
                .schema=${schema}
                .type=${this.adding}
                @saved=${(event: CustomEvent<Interaction>) => this.added(event.detail)}
                @cancelled=${() => this.stopAdding()}
              >
              </interactions-entry-form>`
            : nothing
        }
      </div>
    `
  }

  private renderEntries(schema: Schema) {
    const { ctx, log } = this
    if (log.state === 'failed') return failureView(ctx, () => log.read())
    if (log.state === 'loading' && log.entries.length === 0) return loadingView(ctx)
    if (log.entries.length === 0) return emptyView(ctx, log.isFiltered, () => log.clear())
    return html`
      <div class="flex flex-col gap-6">
        ${repeat(grouped(log.entries), groupKey, (group) => this.renderGroup(schema, group))}
        ${
          log.next
            ? html`<button
                type="button"
                class="btn self-center"
                data-variant="outline"
                data-size="sm"
                ?disabled=${log.reading}
                @click=${() => log.readOn()}
              >
                ${ctx.t(log.reading ? 'timeline.loading' : 'timeline.more')}
              </button>`
            : nothing
        }
      </div>
    `
  }

  private renderGroup(schema: Schema, { kind, at, entries }: Group) {
    const { lang, t } = this.ctx
    const heading =
      kind === 'pinned' ? t('timeline.pinned') : kind === 'day' ? formatDay(at, lang) : formatMonth(at, lang)
    return html`
      <section>
        <h3 class="text-muted-foreground mb-3 text-xs font-medium">${heading}</h3>
        <ol class="flex list-none flex-col">
          ${repeat(
            entries,
            ({ id }) => id,
            (entry, index) => this.renderEntry(schema, entry, index === entries.length - 1),
          )}
        </ol>
      </section>
    `
  }

  private renderEntry(schema: Schema, entry: Interaction, last: boolean) {
    const { ctx, log } = this
    if (log.removed.has(entry.id)) return removedView(ctx, entry, last, () => this.restore(entry))
    if (this.editing?.id === entry.id) {
      return html`
        <li class="bg-card mb-6 rounded-lg border p-4">
          <interactions-entry-form
            .ctx=${ctx}
            .schema=${schema}
            .entry=${this.editing}
            @saved=${(event: CustomEvent<Interaction>) => this.changed(event.detail)}
            @cancelled=${() => this.stopEditing(entry)}
          >
          </interactions-entry-form>
        </li>
      `
    }
    const author = entry.createdBy ? log.authors.get(entry.createdBy) : undefined
    return entryView({
      ctx,
      schema,
      entry,
      author,
      last,
      edit: () => (this.editing = entry),
      remove: () => this.drop(entry),
    })
  }

  private added(row: Interaction): void {
    this.log.put(row)
    this.ctx.notify(this.ctx.t('timeline.added'), 'success')
    this.stopAdding()
  }

  /** The focus goes back to the button that opened the form, not to the top of the page. */
  private stopAdding(): void {
    const { adding } = this
    this.adding = undefined
    this.focusOn(`timeline-add-${adding}`)
  }

  private changed(row: Interaction): void {
    this.log.put(row)
    this.stopEditing(row)
  }

  private stopEditing({ id }: Interaction): void {
    this.editing = undefined
    this.focusOn(`interaction-${id}`)
  }

  private async drop(entry: Interaction): Promise<void> {
    await this.log.remove(entry)
    this.focusOn(`interaction-${entry.id}-undo`)
  }

  private async restore(entry: Interaction): Promise<void> {
    await this.log.restore(entry)
    this.focusOn(`interaction-${entry.id}`)
  }

  private focusOn(id: string): void {
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#${CSS.escape(id)}`)?.focus())
  }
}

const groupKey = ({ kind, at }: Group) => (kind === 'pinned' ? kind : kind + new Date(at).toDateString())
