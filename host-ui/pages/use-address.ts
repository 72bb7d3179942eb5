import { useLocation, useSearch } from 'wouter'

/** What a page is asked for, as its address says it: so it can be sent to a colleague and gone back to. */
export function useAddress<N extends string>(names: readonly N[]) {
  const [path, navigate] = useLocation()
  const params = new URLSearchParams(useSearch())
  const asked = Object.fromEntries(names.map((name) => [name, params.get(name) ?? ''])) as Record<N, string>
  return {
    asked,
    /** What is empty is left out. */
    show(next: Record<N, string>) {
      const given = names.filter((name) => next[name] !== '').map((name) => [name, next[name]])
      navigate(given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path)
    },
  }
}
