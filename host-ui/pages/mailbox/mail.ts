import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api } from '../../shell/client.ts'

export interface MailEntry {
  id: string
  plugin: string
  to: string[]
  subject: string
  state: 'queued' | 'sent' | 'failed' | 'kept'
  reason: string | null
  at: string
  sentAt: string | null
}
export interface WholeMail extends MailEntry {
  from: string
  replyTo: string | null
  messageId: string
  /** Null where a mail server has it. */
  text: string | null
  html: string | null
  attachments: string[]
}
interface MailPage {
  items: MailEntry[]
  next: string | null
  /** Whether mails go anywhere but here. */
  live: boolean
}

export const mailsOptions = infiniteQueryOptions({
  queryKey: ['mailbox', 'list'],
  queryFn: ({ pageParam }) => api.get<MailPage>('/api/mailbox', { after: pageParam }),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next }) => next,
  refetchInterval: 30_000,
})

export const mailOptions = (id: string) =>
  queryOptions({
    queryKey: ['mailbox', 'mail', id],
    queryFn: () => api.get<WholeMail>(`/api/mailbox/${encodeURIComponent(id)}`),
  })

export const stateVariant = (state: MailEntry['state']): string => (state === 'failed' ? 'destructive' : 'secondary')
