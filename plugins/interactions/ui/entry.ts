import { html, nothing, type TemplateResult } from 'lit'
import { formatDate, formatDateTime, type Schema, type WidgetContext } from 'weft/ui'
import { icon, toneOf } from './icons.ts'
import { fieldsOf, HEADLINE, type Interaction } from './interaction.ts'

interface EntryView {
  readonly ctx: WidgetContext
  readonly schema: Schema
  readonly entry: Interaction
  readonly author: string | undefined
  readonly last: boolean
  edit(): void
  remove(): void
}

export function entryView(view: EntryView): TemplateResult {
  const { ctx, entry, last } = view
  const { t } = ctx
  const name = t(`interactions.type.${entry.type}`)
  const headline = entry.title ?? statusChange(entry)
  return html`
    <li class="flex gap-3" id="interaction-${entry.id}" tabindex="-1">
      <div class="flex flex-col items-center gap-1.5">
        <span class="${toneOf(entry.type)} flex size-8 shrink-0 items-center justify-center rounded-full"
          >${icon(entry.type)}</span
        >
        ${last ? nothing : html`<span class="border-border grow border-s"></span>`}
      </div>
      <article class="flex min-w-0 flex-1 flex-col gap-1 ${last ? '' : 'pb-6'}">
        <header class="flex items-start gap-2">
          <div class="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2 pt-1">
            <h4 class="min-w-0 text-sm font-medium break-words">${headline ?? name}</h4>
            ${headline ? html`<span class="text-muted-foreground text-xs">${name}</span>` : nothing}
            ${entry.pinned ? html`<span class="badge" data-variant="outline">${icon('pin')} ${t('timeline.pinned')}</span>` : nothing}
          </div>
          ${entryActions(view, headline ?? name)}
        </header>
        ${entry.text ? html`<p class="max-w-prose text-sm break-words whitespace-pre-line">${entry.text}</p>` : nothing}
        ${details(view)}
        <p class="text-muted-foreground text-xs">${when(view)}${view.author ? ` · ${view.author}` : nothing}</p>
      </article>
    </li>
  `
}

/** How long ago is what one wants to know; of what is long ago, the day. */
function when({ ctx, entry }: EntryView) {
  const { occurredAt } = entry
  const isOld = Date.now() - Date.parse(occurredAt) > WEEK
  const full = formatDateTime(occurredAt, ctx.lang, 'long')
  return html`<time datetime=${occurredAt} title=${full}
    >${isOld ? `${formatDate(occurredAt, ctx.lang)} · ` : nothing}${formatDateTime(occurredAt, ctx.lang, 'relative')}<span
      class="sr-only"
      >, ${full}</span
    ></time
  >`
}
const WEEK = 7 * 86_400_000

function statusChange({ statusBefore, statusAfter }: Interaction): string | undefined {
  const both = [statusBefore, statusAfter].filter(Boolean)
  return both.length > 0 ? both.join(' → ') : undefined
}

function entryActions({ ctx, edit, remove }: EntryView, headline: string) {
  const button = (name: 'edit' | 'delete', act: () => void) => html`
    <button
      type="button"
      class="btn text-muted-foreground"
      data-variant="ghost"
      data-size="icon-sm"
      aria-label=${ctx.t(`timeline.${name}`, { title: headline })}
      title=${ctx.t(`timeline.${name}.short`)}
      @click=${act}
    >
      ${icon(name)}
    </button>
  `
  return html`
    <div class="flex shrink-0">
      ${ctx.can('interactions.update') ? button('edit', edit) : nothing}
      ${ctx.can('interactions.delete') ? button('delete', remove) : nothing}
    </div>
  `
}

function details({ ctx, schema, entry }: EntryView) {
  const names = fieldsOf(schema, entry).filter((name) => !HEADLINE.includes(name) && isFilled(entry[name]))
  if (names.length === 0) return nothing
  return html`
    <dl class="flex flex-wrap gap-x-5 gap-y-1 text-sm">
      ${names.map(
        (name) => html`
          <div class="flex min-w-0 flex-wrap gap-x-1.5">
            <dt class="text-muted-foreground">${ctx.t(`interactions.${name}`)}</dt>
            <dd class="min-w-0 break-words">${valueView(ctx, name, schema.properties[name], entry)}</dd>
          </div>
        `,
      )}
    </dl>
  `
}

function valueView({ t, lang }: WidgetContext, name: string, property: Schema, entry: Interaction) {
  const value = entry[name]
  if (Array.isArray(value)) return value.join(', ')
  if (property.enum) return t(`interactions.${name}.${value}`, { defaultValue: String(value) })
  if (property.type === 'boolean') return t(value ? 'timeline.yes' : 'timeline.no')
  if (typeof value === 'number') return new Intl.NumberFormat(lang).format(value)
  if (property.format === 'date-time') return formatDateTime(value, lang)
  if (property.format === 'date') return formatDate(value, lang)
  if (property.format === 'email') return link(`mailto:${value}`, value)
  if (property.format === 'phone' && entry[`${name}E164`]) return link(`tel:${entry[`${name}E164`]}`, value)
  return String(value)
}

const link = (href: string, text: string) => html`<a class="underline" href=${href}>${text}</a>`

const isFilled = (value: unknown) =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
