import { CalendarHeart, Folder, MapPin, Sparkles, Users, type LucideIcon } from 'lucide-react'

/** A schema names no picture; what a wedding planner's plugins are likely to bring gets a telling one. */
const ICONS: Record<string, LucideIcon> = {
  clients: Users,
  leads: Sparkles,
  events: CalendarHeart,
  venues: MapPin,
}

export function ResourceIcon({ name, className }: { name: string; className?: string }) {
  const Icon = ICONS[name] ?? Folder
  return <Icon aria-hidden className={className} />
}
