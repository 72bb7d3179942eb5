import { html } from 'lit'
import { live } from 'lit/directives/live.js'
import type { Schema, WidgetContext } from 'weft/ui'
import { icon } from './icons.ts'
import { typesOf } from './interaction.ts'
import type { Log } from './log.ts'

/** The kinds in the order of the schema, after the one that the organisation wants offered first. */
function offered(schema: Schema, first: unknown): string[] {
  const types = typesOf(schema)
  return [...types.filter((type) => type === first), ...types.filter((type) => type !== first)]
}

/** One button for each kind of interaction; pressing it opens the form below. */
export const typeButtons = (
  { t, settings }: WidgetContext,
  schema: Schema,
  chosen: string | undefined,
  choose: (type: string) => void,
) => html`
  <div role="group" aria-labelledby="timeline-add" class="flex flex-wrap items-center gap-2">
    <span id="timeline-add" class="text-muted-foreground me-1 text-sm">${t('timeline.add')}</span>
    ${offered(schema, settings.defaultType).map(
      (type) => html`
        <button
          type="button"
          class="btn"
          id="timeline-add-${type}"
          data-size="sm"
          data-variant=${chosen === type ? 'primary' : 'outline'}
          aria-pressed=${chosen === type}
          @click=${() => choose(type)}
        >
          ${icon(type)} ${t(`interactions.type.${type}`)}
        </button>
      `,
    )}
  </div>
`

export const filters = ({ t }: WidgetContext, schema: Schema, log: Log) => html`
  <div class="flex flex-wrap items-center justify-between gap-3">
    <div role="group" aria-labelledby="timeline-filter" class="flex flex-wrap items-center gap-1.5">
      <span id="timeline-filter" class="text-muted-foreground me-1 text-sm">${t('timeline.filter')}</span>
      ${typesOf(schema).map(
        (type) => html`
          <button
            type="button"
            class="btn rounded-full"
            data-size="xs"
            data-variant=${log.types.includes(type) ? 'primary' : 'secondary'}
            aria-pressed=${log.types.includes(type)}
            @click=${() => log.toggle(type)}
          >
            ${t(`interactions.type.${type}`)}
          </button>
        `,
      )}
    </div>
    <div class="flex w-48 max-w-xs grow">
      <input
        class="input h-8 w-full"
        type="search"
        aria-label=${t('timeline.search')}
        placeholder=${t('timeline.search')}
        .value=${live(log.q)}
        @input=${(event: Event) => log.search((event.target as HTMLInputElement).value)}
      />
    </div>
  </div>
`
