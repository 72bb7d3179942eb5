/** Why Weft could not start: an error whose message is one clear sentence for the operator, printed without a stack. */
export class StartFault extends Error {
  override readonly name = 'StartFault'
}

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of this path is a file',
  EEXIST: 'there is a file where a folder should be',
  EISDIR: 'there is a folder where a file should be',
  ENOENT: 'it does not exist',
  ENOTFOUND: 'this host name is unknown',
  EAI_AGAIN: 'this host name cannot be looked up now',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'there is no route to this host',
  ENETUNREACH: 'there is no route to this network',
  ETIMEDOUT: 'no answer',
}

/** The reason of a system error in plain words, without path or stack; any other value's message, on one line. */
export function reasonOf(error: unknown): string {
  // Node tries IPv6 and IPv4 and then throws one AggregateError whose own message is empty.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  const code = codeOf(error)
  if (code !== undefined && reasons[code] !== undefined) return reasons[code]
  const message = error instanceof Error ? error.message : String(error)
  return message.replaceAll(/\s+/g, ' ').trim()
}

/** The code of a system or PostgreSQL error (`ENOENT`, `28P01`), undefined when it has none. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
