import { useLayoutEffect, type RefObject } from 'react'

/** Where one was in a list, by its address: browsers remember that of the window only. */
const places = new Map<string, number>()

export function useScrollMemory(scroller: RefObject<HTMLElement | null>): void {
  const address = location.pathname + location.search
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    element.scrollTo({ top: places.get(address) ?? 0 })
    const keep = () => places.set(address, element.scrollTop)
    element.addEventListener('scroll', keep, { passive: true })
    return () => element.removeEventListener('scroll', keep)
  }, [address, scroller])
}
