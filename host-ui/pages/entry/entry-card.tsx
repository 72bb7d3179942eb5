import { useEffect, type ReactNode } from 'react'
import { LANGUAGES, rememberLanguage } from '../../shell/i18n.ts'
import { Mark } from '../../shell/mark.tsx'
import { useTexts } from '../../shell/texts.ts'

interface EntryCardProps {
  title: string
  lead: string
  onSpeak?(language: string): void
  children?: ReactNode
}

/** What is shown to somebody who is not signed in. */
export function EntryCard({ title, lead, onSpeak, children }: EntryCardProps) {
  const { i18n } = useTexts()
  useEffect(() => {
    document.title = `${title} · Weft`
  }, [title])
  const speak = (language: string) => {
    rememberLanguage(language)
    onSpeak?.(language)
    void i18n.changeLanguage(language)
  }
  return (
    <div className="sign-in">
      <main className="sign-in-card">
        <Mark className="size-10" />
        <h1>{title}</h1>
        <p className="text-muted-foreground text-sm">{lead}</p>
        {children}
      </main>
      <footer className="sign-in-footer">
        {LANGUAGES.map((language) => (
          <button
            key={language}
            type="button"
            lang={language}
            className="link-button"
            aria-pressed={i18n.language === language}
            onClick={() => speak(language)}
          >
            {language === 'fr' ? 'Français' : 'English'}
          </button>
        ))}
      </footer>
    </div>
  )
}
