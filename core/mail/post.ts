/** The way out for mails: a mail server, or none. Its client is loaded when the first mail is sent. */
import type { Readable } from 'node:stream'
import type { Transporter } from 'nodemailer'
import type { Address, Message } from './message.ts'

export interface Attachment {
  readonly filename: string
  readonly contentType: string
  readonly content: Readable | AsyncIterable<Uint8Array>
}
export interface Letter extends Omit<Message, 'attachments'> {
  readonly messageId: string
  readonly from: Address
  readonly attachments: readonly Attachment[]
}

export interface Post {
  /** Whether mails go anywhere. */
  readonly isLive: boolean
  readonly sender: string
  /** Right of the @ in the ids of messages. */
  readonly host: string
  /** @throws Error of the mail server */
  send(letter: Letter): Promise<void>
  close(): void
}

interface Settings {
  readonly smtpUrl: string | null
  readonly url: string | null
}

const CONNECT_MS = 10_000
const SOCKET_MS = 30_000

async function openTransport(smtpUrl: string): Promise<Transporter> {
  const { createTransport } = await import('nodemailer')
  const url = new URL(smtpUrl)
  const isSecure = url.protocol === 'smtps:'
  const user = decodeURIComponent(url.username)
  return createTransport({
    pool: true,
    maxConnections: 3,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (isSecure ? 465 : 587),
    secure: isSecure,
    requireTLS: url.searchParams.get('tls') === 'true',
    ignoreTLS: url.searchParams.get('tls') === 'false',
    ...(user ? { auth: { user, pass: decodeURIComponent(url.password) } } : {}),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
    // A mail is made of what is given and of nothing that it names.
    disableFileAccess: true,
    disableUrlAccess: true,
  }) as unknown as Transporter
}

/** Who mails are from: `from` in the query of SMTP_URL, else nobody at the public address. */
function senderOf({ smtpUrl, url }: Settings): { sender: string; host: string } {
  const given = smtpUrl ? new URL(smtpUrl).searchParams.get('from') : null
  const host = url ? new URL(url).hostname : 'localhost'
  const sender = given ?? `no-reply@${host}`
  return { sender, host: sender.split('@')[1] ?? host }
}

export function openPost(settings: Settings): Post {
  const { smtpUrl } = settings
  let opened: Promise<Transporter> | null = null
  return {
    ...senderOf(settings),
    isLive: smtpUrl !== null,
    async send({ from, to, replyTo, subject, text, html, messageId, attachments }) {
      if (smtpUrl === null) throw new Error('There is no mail server.')
      opened ??= openTransport(smtpUrl)
      await (
        await opened
      ).sendMail({
        from,
        to: [...to],
        subject,
        text,
        messageId,
        ...(replyTo ? { replyTo } : {}),
        ...(html === null ? {} : { html }),
        attachments: attachments.map((each) => ({ ...each, content: each.content as Readable })),
      })
    },
    close: () => void opened?.then((transport) => transport.close()),
  }
}
