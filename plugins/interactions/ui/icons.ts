import { svg, type SVGTemplateResult } from 'lit'

/** Outlines of 24 by 24, after Lucide (ISC). */
const phone = svg`<path d="M22 16.92v3a2 2 0 0 1-2.18 2 19.8 19.8 0 0 1-8.63-3.07 19.5 19.5 0 0 1-6-6A19.8 19.8 0 0 1 2.12 4.18 2 2 0 0 1 4.11 2h3a2 2 0 0 1 2 1.72c.13.96.36 1.9.7 2.81a2 2 0 0 1-.45 2.11L8.09 9.91a16 16 0 0 0 6 6l1.27-1.27a2 2 0 0 1 2.11-.45c.9.34 1.85.57 2.81.7A2 2 0 0 1 22 16.92z"/>`

const OUTLINES: Record<string, SVGTemplateResult> = {
  'call-in': svg`<path d="M16 2v6h6M22 2l-6 6"/>${phone}`,
  'call-out': svg`<path d="M22 8V2h-6M16 8l6-6"/>${phone}`,
  email: svg`<rect width="20" height="16" x="2" y="4" rx="2"/><path d="m22 7-8.97 5.7a1.94 1.94 0 0 1-2.06 0L2 7"/>`,
  meeting: svg`<path d="M8 2v4M16 2v4M3 10h18"/><rect width="18" height="18" x="3" y="4" rx="2"/><path d="m9 16 2 2 4-4"/>`,
  note: svg`<path d="M16 3H5a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h14a2 2 0 0 0 2-2V8Z"/><path d="M15 3v5h6M8 12h8M8 16h5"/>`,
  status: svg`<path d="m16 3 4 4-4 4M20 7H4M8 21l-4-4 4-4M4 17h16"/>`,
  other: svg`<circle cx="12" cy="12" r="9"/><path d="M12 8v4l2.5 2"/>`,
  edit: svg`<path d="M12 20h9M16.4 3.6a2.1 2.1 0 1 1 3 3L7 19l-4 1 1-4Z"/>`,
  delete: svg`<path d="M3 6h18M19 6v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V6M8 6V4a2 2 0 0 1 2-2h4a2 2 0 0 1 2 2v2M10 11v6M14 11v6"/>`,
  search: svg`<circle cx="11" cy="11" r="7"/><path d="m20.5 20.5-4-4"/>`,
  pin: svg`<path d="M12 17v5M9 10.8V5h6v5.8l2.5 3.2v3h-11v-3zM8 2h8"/>`,
}

/** Colours that the host keeps apart from one another and readable in both themes. */
const TONES: Record<string, string> = {
  'call-in': 'tone-2',
  'call-out': 'tone-1',
  email: 'tone-3',
  meeting: 'tone-5',
  note: 'tone-6',
  status: 'tone-4',
}

export const toneOf = (type: string) => TONES[type] ?? 'bg-muted'

export function icon(name: string): SVGTemplateResult {
  return svg`<svg viewBox="0 0 24 24" width="16" height="16" fill="none" stroke="currentColor" stroke-width="2"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${OUTLINES[name] ?? OUTLINES.other}</svg>`
}
