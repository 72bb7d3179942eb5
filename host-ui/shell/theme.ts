import { useSyncExternalStore } from 'react'

export const THEMES = ['light', 'dark', 'system'] as const
export type Theme = (typeof THEMES)[number]

// Plain text and not JSON: public/assets/theme.js reads it before any module runs.
const MEMORY = 'weft.theme'
const listeners = new Set<() => void>()
const prefersDark = () => matchMedia('(prefers-color-scheme: dark)')
let current: Theme = 'system'

export function startTheme(): void {
  current = THEMES.find((theme) => theme === stored()) ?? 'system'
  prefersDark().addEventListener('change', apply)
  addEventListener('storage', (event) => {
    if (event.key === MEMORY) setTheme(THEMES.find((theme) => theme === event.newValue) ?? 'system')
  })
  apply()
}

export function setTheme(theme: Theme): void {
  current = theme
  try {
    localStorage.setItem(MEMORY, theme)
  } catch {
    // The choice then lasts as long as the page.
  }
  apply()
  listeners.forEach((listener) => listener())
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}

function apply(): void {
  const dark = current === 'dark' || (current === 'system' && prefersDark().matches)
  document.documentElement.classList.toggle('dark', dark)
}

function stored(): string | null {
  try {
    return localStorage.getItem(MEMORY)
  } catch {
    return null
  }
}
