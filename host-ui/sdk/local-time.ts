/** Between a `datetime-local` input, which knows no zone, and ISO 8601 in UTC, which the server keeps. */

const two = (value: number) => String(value).padStart(2, '0')

export function toLocalInput(iso: string | null | undefined): string {
  const at = iso ? new Date(iso) : undefined
  if (!at || Number.isNaN(at.getTime())) return ''
  const day = `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`
}

export function fromLocalInput(local: string): string | undefined {
  const at = local ? new Date(local) : undefined
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : undefined
}
