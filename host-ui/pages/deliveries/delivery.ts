import { queryOptions } from '@tanstack/react-query'
import { api, queries } from '../../shell/client.ts'
import { usePluginName } from '../../shell/plugin-name.ts'
import { useTexts } from '../../shell/texts.ts'

/** What a handler could not be told: `GET /api/deliveries`. */
export interface Delivery {
  id: string
  /** `<plugin>.<handler>` */
  handler: string
  event: string
  recordId: string | null
  resource: string | null
  state: 'waiting' | 'queued' | 'held' | 'dead'
  attempts: number
  reason: string | null
  due: string
  updatedAt: string
}

/** Given up, or still tried again. */
export const VIEWS = ['dead', 'tried'] as const
export type View = (typeof VIEWS)[number]

const KEY = 'deliveries'

export const deliveriesOptions = (asked: { state: View; handler: string; after: string | null }) =>
  queryOptions({
    queryKey: [KEY, 'list', asked],
    queryFn: () => api.get<{ items: Delivery[]; next: string | null }>('/api/deliveries', { ...asked, limit: 25 }),
  })

/** How many were given up, by handler. */
export const handlersOptions = queryOptions({
  queryKey: [KEY, 'handlers'],
  queryFn: async () =>
    (await api.get<{ items: { handler: string; dead: number }[] }>('/api/deliveries/handlers')).items,
})

export const countOf = (handlers: readonly { dead: number }[] = []) =>
  handlers.reduce((count, { dead }) => count + dead, 0)

const refetch = () => queries.invalidateQueries({ queryKey: [KEY] })

export const retryDelivery = (id: string) => api.send('POST', `/api/deliveries/${id}/retry`).finally(refetch)

/** Goes on until none is left. @returns how many are told again */
export async function retryHandler(handler: string): Promise<number> {
  let told = 0
  try {
    for (let left = true; left;) {
      const reply = await api.send<{ count: number; left: boolean }>('POST', '/api/deliveries/retry', { handler })
      told += reply.count
      left = reply.left
    }
  } finally {
    await refetch()
  }
  return told
}

/** A handler in the words of its plugin, as far as it has some. */
export function useHandlerName(): (handler: string) => { plugin: string; name: string } {
  const { t } = useTexts()
  const nameOf = usePluginName()
  return (handler) => {
    const [plugin = '', ...rest] = handler.split('.')
    return { plugin: plugin === 'kernel' ? t('history.system') : nameOf(plugin), name: rest.join('.') }
  }
}
