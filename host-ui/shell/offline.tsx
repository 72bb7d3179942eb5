import { onlineManager } from '@tanstack/react-query'
import { WifiOff } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useTexts } from './texts.ts'

export function Offline() {
  const { t } = useTexts()
  const online = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  )
  return (
    <div role="status">
      {!online && (
        <p className="offline-bar">
          <WifiOff aria-hidden className="size-4" />
          {t('state.offline')}
        </p>
      )}
    </div>
  )
}
