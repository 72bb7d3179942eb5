import { ChevronsUpDown } from 'lucide-react'
import { api } from './client.ts'
import { useComposition } from './composition.tsx'
import { Mark } from './mark.tsx'
import { Menu, MenuGroup, MenuItem } from './menu.tsx'
import { problemText } from './problem.ts'
import { notify } from './toast.tsx'
import { useTexts } from './texts.ts'

export function TenantMenu() {
  const { t } = useTexts()
  const { tenant, tenants } = useComposition()
  const face = (
    <>
      <Mark className="size-7 shrink-0" />
      <span className="min-w-0 flex-1 text-left">
        <span className="block text-xs leading-tight opacity-80">Weft</span>
        <span className="block truncate text-sm leading-tight font-semibold">{tenant.name}</span>
      </span>
    </>
  )
  if (tenants.length < 2) return <div className="side-tenant">{face}</div>

  async function change(slug: string) {
    try {
      await api.send('PATCH', '/api/session', { tenant: slug })
      // A whole new page: nothing of one organisation may stay in memory beside the other's.
      location.assign('/')
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
  }
  const button = (
    <>
      {face}
      <span className="sr-only">, {t('tenant.switch')}</span>
      <ChevronsUpDown aria-hidden className="size-4 shrink-0 opacity-60" />
    </>
  )
  return (
    <Menu label={t('tenant.switch')} button={button} buttonProps={{ className: 'side-tenant' }}>
      {(close) => (
        <MenuGroup title={t('tenant.title')}>
          {tenants.map(({ slug, name: other }) => (
            <MenuItem
              key={slug}
              checked={slug === tenant.slug}
              onSelect={() => (slug === tenant.slug ? close() : void change(slug))}
            >
              <span className="truncate">{other}</span>
            </MenuItem>
          ))}
        </MenuGroup>
      )}
    </Menu>
  )
}
