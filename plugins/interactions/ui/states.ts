import { html } from 'lit'
import type { WidgetContext } from 'weft/ui'
import { icon } from './icons.ts'
import type { Interaction } from './interaction.ts'

export const loadingView = ({ t }: WidgetContext) => html`
  <div role="status" class="flex flex-col gap-6">
    <span class="sr-only">${t('timeline.loading')}</span>
    ${[1, 2, 3].map(
      () => html`
        <div class="flex gap-3" aria-hidden="true">
          <div class="skeleton bg-muted size-8 shrink-0 rounded-full"></div>
          <div class="flex flex-1 flex-col gap-2">
            <div class="skeleton bg-muted h-4 w-48 rounded-md"></div>
            <div class="skeleton bg-muted h-10 w-full rounded-md"></div>
          </div>
        </div>
      `,
    )}
  </div>
`

export const failureView = ({ t }: WidgetContext, retry: () => void) => html`
  <div role="alert" class="flex flex-wrap items-center justify-between gap-3 rounded-lg border p-4">
    <p class="text-sm">${t('timeline.unread')}</p>
    <button type="button" class="btn" data-variant="outline" data-size="sm" @click=${retry}>
      ${t('timeline.retry')}
    </button>
  </div>
`

export function emptyView({ t, can }: WidgetContext, filtered: boolean, clear: () => void) {
  if (filtered) {
    return html`
      <div class="text-muted-foreground flex flex-col items-center gap-3 p-8 text-center text-sm">
        <p>${t('timeline.none')}</p>
        <button type="button" class="btn" data-variant="outline" data-size="sm" @click=${clear}>
          ${t('timeline.clear')}
        </button>
      </div>
    `
  }
  return html`
    <div class="flex flex-col items-center gap-2 rounded-lg border border-dashed p-8 text-center">
      <span class="bg-muted text-muted-foreground flex size-10 items-center justify-center rounded-full"
        >${icon('other')}</span
      >
      <p class="text-sm font-medium">${t('timeline.empty')}</p>
      ${can('interactions.create') ? html`<p class="text-muted-foreground max-w-sm text-sm">${t('timeline.empty.help')}</p>` : ''}
    </div>
  `
}

/** Where a deleted entry stood: no question before, but a way back for as long as the page is open. */
export const removedView = ({ t }: WidgetContext, entry: Interaction, last: boolean, restore: () => void) => html`
  <li
    class="${last ? '' : 'mb-6'} text-muted-foreground bg-muted flex flex-wrap items-center justify-between gap-2 rounded-md px-3 py-2 text-sm"
  >
    <span role="status">${t('timeline.deleted', { title: entry.title ?? t(`interactions.type.${entry.type}`) })}</span>
    <button
      type="button"
      class="btn"
      data-variant="outline"
      data-size="sm"
      id="interaction-${entry.id}-undo"
      @click=${restore}
    >
      ${t('timeline.undo')}
    </button>
  </li>
`
