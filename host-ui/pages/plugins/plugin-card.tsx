import { Settings2 } from 'lucide-react'
import { useId, useState } from 'react'
import { Avatar } from '../../shell/avatar.tsx'
import { useComposition } from '../../shell/composition.tsx'
import { PluginAsks } from './plugin-asks.tsx'
import { PluginMetrics } from './plugin-metrics.tsx'
import { PluginReason } from './plugin-reason.tsx'
import { SettingsDialog } from './settings-dialog.tsx'
import { inWords, type Plugin } from './plugin.ts'
import { useSwitch } from './use-switch.ts'
import { useTexts } from '../../shell/texts.ts'

export function PluginCard({ plugin, plugins }: { plugin: Plugin; plugins: readonly Plugin[] }) {
  const { t, i18n } = useTexts()
  const { can } = useComposition()
  const id = useId()
  const [settings, setSettings] = useState(false)
  const { flip, busy } = useSwitch(plugin, plugins)
  const lang = i18n.language
  const name = inWords(plugin.name, lang)
  const needs = plugin.requires
    .map((needed) => plugins.find((each) => each.id === needed))
    .filter((each) => each !== undefined)
  const isAway = plugin.state !== 'active'
  const may = can('plugins.manage')
  return (
    <li className="plugin-card" data-off={!plugin.enabled || isAway || undefined}>
      <div className="flex items-start gap-3">
        <Avatar name={name} large />
        <div className="min-w-0 flex-1">
          <h2 id={id}>{name}</h2>
          {plugin.version && (
            <p className="text-muted-foreground text-xs tabular-nums">
              {t('plugins.version', { version: plugin.version })}
            </p>
          )}
        </div>
        <Standing {...{ plugin, id, busy }} may={may} onFlip={() => void flip()} />
      </div>
      {isAway ? (
        <PluginReason plugin={plugin} name={name} />
      ) : (
        <p className="plugin-summary">{inWords(plugin.summary, lang)}</p>
      )}
      {may && <PluginAsks plugin={plugin} name={name} />}
      {may && <PluginMetrics plugin={plugin} />}
      <footer>
        {needs.length > 0 && (
          <p className="text-muted-foreground min-w-0 flex-1 text-xs">
            {t('plugins.requires', {
              names: new Intl.ListFormat(lang).format(needs.map((each) => inWords(each.name, lang))),
            })}
          </p>
        )}
        {(plugin.settingsSchema || plugin.secrets.length > 0) && plugin.enabled && !isAway && may && (
          <button
            type="button"
            className="btn ms-auto"
            data-variant="outline"
            data-size="sm"
            aria-label={t('plugins.settings.of', { name })}
            onClick={() => setSettings(true)}
          >
            <Settings2 aria-hidden />
            {t('plugins.settings')}
          </button>
        )}
      </footer>
      {settings && <SettingsDialog plugin={plugin} name={name} onClose={() => setSettings(false)} />}
    </li>
  )
}

interface StandingProps {
  readonly plugin: Plugin
  /** Of its name. */
  readonly id: string
  readonly busy: boolean
  readonly may: boolean
  readonly onFlip: () => void
}

/** What it is: the kernel's own, away with a reason, or a switch. */
function Standing({ plugin, id, busy, may, onFlip }: StandingProps) {
  const { t } = useTexts()
  if (plugin.core)
    return (
      <span className="badge" data-variant="secondary">
        {t('plugins.core')}
      </span>
    )
  if (plugin.state !== 'active')
    return (
      <span className="badge" data-variant="destructive">
        {t(`plugins.state.${plugin.state}`)}
      </span>
    )
  return (
    <input
      type="checkbox"
      role="switch"
      className="input"
      aria-labelledby={id}
      checked={plugin.enabled}
      disabled={!may}
      aria-busy={busy || undefined}
      onChange={() => !busy && onFlip()}
    />
  )
}
