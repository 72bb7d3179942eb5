import { Blocks, KeyRound, Search } from 'lucide-react'
import { Link, useLocation } from 'wouter'
import { useComposition } from './composition.tsx'
import { ResourceIcon } from './resource-icon.tsx'
import { Slot } from './slot.tsx'
import { TenantMenu } from './tenant-menu.tsx'
import { UserMenu } from './user-menu.tsx'
import { useTexts } from './texts.ts'

export function Sidebar({ onSearch }: { onSearch(): void }) {
  const { t } = useTexts()
  return (
    <div className="side">
      <TenantMenu />
      <button type="button" className="side-search" onClick={onSearch} aria-keyshortcuts="/ Control+K">
        <Search aria-hidden className="size-4 shrink-0" />
        <span className="flex-1 text-left">{t('search.open')}</span>
        <kbd className="kbd" aria-hidden>
          /
        </kbd>
      </button>
      <nav aria-label={t('nav.main')} className="side-nav">
        <Entries />
      </nav>
      <UserMenu />
    </div>
  )
}

function Entries() {
  const { t } = useTexts()
  const { resources, slot, can } = useComposition()
  const pages = slot('page')
  const manages = can('plugins.manage')
  const keys = can('api-keys.manage')
  return (
    <>
      <ul>
        {resources
          .filter(({ belongsTo, name }) => belongsTo === null && can(`${name}.read`))
          .map(({ name, plugin }) => (
            <Entry key={name} href={`/${name}`} icon={<ResourceIcon name={name} />} text={t(`${plugin}:${name}`)} />
          ))}
        {pages.map(({ plugin, id }) => (
          <Entry
            key={`${plugin}/${id}`}
            href={`/page/${plugin}/${id}`}
            icon={<Blocks aria-hidden />}
            text={t(`${plugin}:widget.${id}`)}
          />
        ))}
      </ul>
      <Slot name="nav" />
      {(manages || keys) && <h2 className="side-title">{t('nav.settings')}</h2>}
      <ul>
        {manages && <Entry href="/settings/plugins" icon={<Blocks aria-hidden />} text={t('plugins.title')} />}
        {keys && <Entry href="/settings/api-keys" icon={<KeyRound aria-hidden />} text={t('keys.title')} />}
      </ul>
    </>
  )
}

function Entry({ href, icon, text }: { href: string; icon: React.ReactNode; text: string }) {
  const [place] = useLocation()
  const here = place === href || place.startsWith(`${href}/`)
  return (
    <li>
      <Link href={href} className="side-link" aria-current={here ? (place === href ? 'page' : 'true') : undefined}>
        {icon}
        <span className="truncate">{text}</span>
      </Link>
    </li>
  )
}
