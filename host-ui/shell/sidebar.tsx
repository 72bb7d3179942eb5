import { useQuery } from '@tanstack/react-query'
import {
  Blocks,
  ClipboardCheck,
  KeyRound,
  ListChecks,
  ListOrdered,
  LogIn,
  Mail,
  PackageX,
  Rss,
  Search,
  Share2,
  ShieldCheck,
  UserCog,
  Users,
} from 'lucide-react'
import { Link, useLocation } from 'wouter'
import { countOptions } from '../pages/approvals/proposal.ts'
import { countOf, handlersOptions } from '../pages/deliveries/delivery.ts'
import { Bell } from './bell.tsx'
import { useComposition } from './composition.tsx'
import { ResourceIcon } from './resource-icon.tsx'
import { Slot } from './slot.tsx'
import { TenantMenu } from './tenant-menu.tsx'
import { UserMenu } from './user-menu.tsx'
import { useTexts } from './texts.ts'

/** @param bell whether the notifications are here and not in the bar above */
export function Sidebar({ onSearch, bell }: { onSearch(): void; bell?: boolean }) {
  const { t } = useTexts()
  return (
    <div className="side">
      <div className="side-top">
        <TenantMenu />
        {bell && <Bell align="start" />}
      </div>
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
  const { resources, slot, can, lists } = useComposition()
  const pages = slot('page')
  const manages = can('plugins.manage')
  const keys = can('api-keys.manage')
  const mails = can('mailbox.read')
  const edits = lists.length > 0 && can('lists.manage')
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
      <Approvals />
      <Slot name="nav" />
      <h2 className="side-title">{t('nav.settings')}</h2>
      <ul>
        <Entry href="/settings/tasks" icon={<ListChecks aria-hidden />} text={t('task.title')} />
        {can('users.manage') && <Entry href="/settings/people" icon={<Users aria-hidden />} text={t('people.title')} />}
        {can('roles.manage') && <Entry href="/settings/roles" icon={<UserCog aria-hidden />} text={t('roles.title')} />}
        {can('roles.manage') && (
          <Entry href="/settings/identity-providers" icon={<LogIn aria-hidden />} text={t('providers.title')} />
        )}
        {manages && <Entry href="/settings/plugins" icon={<Blocks aria-hidden />} text={t('plugins.title')} />}
        {edits && <Entry href="/settings/lists" icon={<ListOrdered aria-hidden />} text={t('lists.title')} />}
        {keys && <Entry href="/settings/api-keys" icon={<KeyRound aria-hidden />} text={t('keys.title')} />}
        {mails && <Entry href="/settings/mailbox" icon={<Mail aria-hidden />} text={t('mailbox.title')} />}
        {can('links.manage') && <Entry href="/settings/links" icon={<Share2 aria-hidden />} text={t('links.title')} />}
        {can('deliveries.manage') && <Deliveries />}
        {can('deliveries.manage') && (
          <Entry href="/settings/feeds" icon={<Rss aria-hidden />} text={t('feeds.title')} />
        )}
        {can('privacy.manage') && (
          <Entry href="/settings/privacy" icon={<ShieldCheck aria-hidden />} text={t('privacy.title')} />
        )}
      </ul>
    </>
  )
}

/** For those who decide, and for whoever has asked for something. */
function Approvals() {
  const { t } = useTexts()
  const { can } = useComposition()
  const [place] = useLocation()
  const { data: count = 0 } = useQuery(countOptions)
  if (count === 0 && !can('proposals.decide') && place !== '/approvals') return null
  const badge = <Count count={count} text={t('approvals.count', { count })} />
  const icon = <ClipboardCheck aria-hidden />
  return (
    <ul>
      <Entry href="/approvals" icon={icon} text={t('approvals.title')} badge={badge} />
    </ul>
  )
}

/** With how many were given up, when there are some. */
function Deliveries() {
  const { t } = useTexts()
  const count = countOf(useQuery(handlersOptions).data)
  const badge = <Count count={count} text={t('deliveries.count', { count })} bad />
  return (
    <Entry href="/settings/deliveries" icon={<PackageX aria-hidden />} text={t('deliveries.title')} badge={badge} />
  )
}

const MOST_SHOWN = 999

function Count({ count, text, bad }: { count: number; text: string; bad?: boolean }) {
  if (count === 0) return null
  return (
    <span className="badge side-count" data-variant="secondary" data-bad={bad || undefined}>
      <span aria-hidden>{count > MOST_SHOWN ? `${MOST_SHOWN}+` : count}</span>
      <span className="sr-only">{text}</span>
    </span>
  )
}

interface EntryProps {
  href: string
  icon: React.ReactNode
  text: string
  badge?: React.ReactNode
}

function Entry({ href, icon, text, badge }: EntryProps) {
  const [place] = useLocation()
  const here = place === href || place.startsWith(`${href}/`)
  return (
    <li>
      <Link href={href} className="side-link" aria-current={here ? (place === href ? 'page' : 'true') : undefined}>
        {icon}
        <span className="truncate">{text}</span>
        {badge}
      </Link>
    </li>
  )
}
