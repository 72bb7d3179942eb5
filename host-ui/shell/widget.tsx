import { CircleAlert, RotateCw } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { WidgetContext } from 'weft/ui'
import { mountWidget, watchPlugins, type WidgetElement } from './widget-mount.ts'

export interface WidgetContribution {
  readonly plugin: string
  readonly id: string
  readonly tag: string
  readonly module: string
}

interface WidgetProps {
  readonly contribution: WidgetContribution
  readonly ctx: WidgetContext
}

/**
 * The place of a plugin's element. React's error boundaries do not see what fails inside custom elements, so the
 * element is mounted by hand, and a failure becomes a card in its place while the rest of the page lives on.
 */
export function Widget({ contribution, ctx }: WidgetProps) {
  const { box, state, retry } = useMount(contribution, ctx)
  return (
    <div data-widget={contribution.tag}>
      {state.is === 'loading' && <Loading />}
      {state.is === 'failed' && (
        <FailureCard
          contribution={contribution}
          title={ctx.t(`widget.${contribution.id}`)}
          reason={state.reason}
          onRetry={retry}
        />
      )}
      <div ref={box} hidden={state.is === 'failed'} />
    </div>
  )
}

type State = { is: 'loading' } | { is: 'shown' } | { is: 'failed'; reason: string }

function useMount({ plugin, tag, module }: WidgetContribution, ctx: WidgetContext) {
  const box = useRef<HTMLDivElement>(null)
  const element = useRef<WidgetElement>(undefined)
  const latest = useRef(ctx)
  const [attempt, setAttempt] = useState(0)
  const [state, setState] = useState<State>({ is: 'loading' })

  // Before the mounting effect, so that a mount that ends between the two gets the newest context.
  useEffect(() => {
    latest.current = ctx
    if (element.current) element.current.ctx = ctx
  }, [ctx])

  useEffect(() => {
    watchPlugins()
    const gone = new AbortController()
    const address = attempt ? again(module, attempt) : module
    setState({ is: 'loading' })
    mountWidget({ tag, module: address, box: box.current!, signal: gone.signal, ctx: () => latest.current }).then(
      (mounted) => {
        if (gone.signal.aborted || !mounted) return
        element.current = mounted
        mounted.ctx = latest.current
        setState({ is: 'shown' })
      },
      (cause: unknown) => {
        console.error(`[weft] plugin "${plugin}" could not show <${tag}>`, cause)
        if (!gone.signal.aborted)
          setState({ is: 'failed', reason: cause instanceof Error ? cause.message : String(cause) })
      },
    )
    return () => {
      gone.abort()
      element.current = undefined
    }
  }, [plugin, tag, module, attempt])

  return { box, state, retry: () => setAttempt((count) => count + 1) }
}

/** A module that failed stays failed under its address, for as long as the page lives. */
const again = (module: string, attempt: number) => `${module}${module.includes('?') ? '&' : '?'}retry=${attempt}`

function Loading() {
  const { t } = useTranslation('host')
  return (
    <div role="status" className="flex flex-col gap-3 py-2">
      <span className="sr-only">{t('widget.loading')}</span>
      <div className="skeleton h-5 w-40 rounded-md" />
      <div className="skeleton h-16 w-full rounded-md" />
    </div>
  )
}

interface FailureCardProps {
  readonly contribution: WidgetContribution
  readonly title: string
  readonly reason: string
  onRetry(): void
}

function FailureCard({ contribution, title, reason, onRetry }: FailureCardProps) {
  const { t } = useTranslation('host')
  return (
    <div role="alert" className="card max-w-xl gap-4 p-5">
      <div className="flex items-start gap-3">
        <CircleAlert className="text-destructive mt-0.5 size-5 shrink-0" aria-hidden />
        <div className="flex min-w-0 flex-col gap-1">
          <p className="font-medium">{t('widget.failed', { title })}</p>
          <p className="text-muted-foreground text-sm">{t('widget.failed.help', { plugin: contribution.plugin })}</p>
          <details className="text-muted-foreground mt-1 text-xs">
            <summary className="w-fit cursor-pointer">{t('widget.failed.details')}</summary>
            <code className="mt-1 block break-words font-mono">{reason}</code>
          </details>
        </div>
      </div>
      <button type="button" className="btn w-fit" data-variant="outline" data-size="sm" onClick={onRetry}>
        <RotateCw aria-hidden /> {t('widget.retry')}
      </button>
    </div>
  )
}
