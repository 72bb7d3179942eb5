import { Bell, ChevronsUpDown, LogOut, ShieldCheck, Monitor, Moon, Sun } from 'lucide-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { Avatar } from './avatar.tsx'
import { api } from './client.ts'
import { changeLanguage, useComposition } from './composition.tsx'
import { type Language, LANGUAGES } from './i18n.ts'
import { Menu, MenuGroup, MenuItem, MenuLine } from './menu.tsx'
import { NoticePreferences } from './notice-preferences.tsx'
import { problemText } from './problem.ts'
import { useSession } from './session.tsx'
import { setTheme, type Theme, THEMES, useTheme } from './theme.ts'
import { notify } from './toast.tsx'
import { useTexts } from './texts.ts'

/** A language is named in itself: who is lost in the wrong one has to find it. */
const NAMES: Record<Language, string> = { en: 'English', fr: 'Français' }
const ICONS = { light: Sun, dark: Moon, system: Monitor }

export function UserMenu() {
  const { t, i18n } = useTexts()
  const { user, actingBy } = useComposition()
  const { leave } = useSession()
  const theme = useTheme()
  const [, go] = useLocation()
  const [preferring, setPreferring] = useState(false)
  const button = (
    <>
      <Avatar name={user.name} />
      <span className="min-w-0 flex-1 text-left">
        <span className="block truncate text-sm leading-tight font-medium">{user.name}</span>
        <span className="block truncate text-xs leading-tight opacity-80">{user.email}</span>
      </span>
      <span className="sr-only">, {t('user.menu')}</span>
      <ChevronsUpDown aria-hidden className="size-4 shrink-0 opacity-60" />
    </>
  )
  async function speak(language: Language) {
    try {
      await changeLanguage(language)
      // What somebody reads is not for another one to choose.
      if (!actingBy) await api.send('PATCH', '/api/session', { language })
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
  }
  const signOut = () => leave().catch((error: unknown) => notify(problemText(error, t), 'error'))
  return (
    <>
      <Menu label={t('user.menu')} button={button} side="top" buttonProps={{ className: 'side-user' }}>
        {(close) => (
          <>
            <MenuGroup title={t('user.language')}>
              {LANGUAGES.map((language) => (
                <MenuItem
                  key={language}
                  lang={language}
                  checked={i18n.language === language}
                  onSelect={() => (close(), void speak(language))}
                >
                  {NAMES[language]}
                </MenuItem>
              ))}
            </MenuGroup>
            <MenuLine />
            <MenuGroup title={t('user.theme')}>
              {THEMES.map((name) => (
                <ThemeItem key={name} name={name} checked={theme === name} onSelect={() => (close(), setTheme(name))} />
              ))}
            </MenuGroup>
            <MenuLine />
            {!actingBy && (
              <MenuItem onSelect={() => (close(), go('/account'))}>
                <ShieldCheck aria-hidden />
                {t('account.title')}
              </MenuItem>
            )}
            <MenuItem onSelect={() => (close(), setPreferring(true))}>
              <Bell aria-hidden />
              {t('notices.preferences')}
            </MenuItem>
            <MenuItem onSelect={() => void signOut()}>
              <LogOut aria-hidden />
              {t('user.signOut')}
            </MenuItem>
          </>
        )}
      </Menu>
      {preferring && <NoticePreferences onClose={() => setPreferring(false)} />}
    </>
  )
}

function ThemeItem({ name, ...item }: { name: Theme; checked: boolean; onSelect(): void }) {
  const { t } = useTexts()
  const Icon = ICONS[name]
  return (
    <MenuItem {...item}>
      <Icon aria-hidden />
      {t(`theme.${name}`)}
    </MenuItem>
  )
}
