/** Weft's mark: a W, and the thread that crosses it. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden focusable="false">
      <rect width="32" height="32" rx="8" className="fill-primary" />
      <g fill="none" className="stroke-primary-foreground" strokeLinecap="round" strokeLinejoin="round">
        <path d="M7.5 10.5 12 22l4-9.5L20 22l4.5-11.5" strokeWidth="3" />
        <path d="M6.5 16.5h19" strokeWidth="1.75" opacity=".5" />
      </g>
    </svg>
  )
}
