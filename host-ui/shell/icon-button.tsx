import type { LucideIcon } from 'lucide-react'

interface IconButtonProps {
  icon: LucideIcon
  /** What it does, and to what: all that is read aloud. */
  label: string
  /** The short form, for the pointer that rests on it. */
  tip?: string
  onClick(): void
}

/** A small button that is a picture, beside what it acts on. */
export function IconButton({ icon: Icon, label, tip = label, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      className="btn"
      data-variant="ghost"
      data-size="icon-sm"
      aria-label={label}
      title={tip}
      onClick={onClick}
    >
      <Icon aria-hidden />
    </button>
  )
}
