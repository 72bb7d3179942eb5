/** The input gate: nothing that PostgreSQL could not store or that no client means reaches a handler. */
import { parse } from 'secure-json-parse'
import { type Json, Problem } from '../contract.ts'

const MAX_DEPTH = 40
const decoder = new TextDecoder('utf-8', { fatal: true })
/** A character that PostgreSQL cannot store. */
const NUL = '\u0000'

const refuse = (code: string, path = ''): never => {
  throw new Problem(400, 'invalid_body', [{ path, code }])
}

function assertText(text: string, path: string): void {
  if (text.includes(NUL) || !text.isWellFormed()) refuse('text', path)
}

function assertSound(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string') return assertText(value, path)
  if (typeof value === 'number') {
    // Beyond this JSON.parse has already lost digits that the client wrote.
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) refuse('number', path)
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) refuse('depth', path)
  for (const [name, each] of Object.entries(value)) {
    assertText(name, path)
    assertSound(each, `${path}/${name}`, depth + 1)
  }
}

function decode(bytes: Buffer): string {
  try {
    return decoder.decode(bytes)
  } catch {
    return refuse('json')
  }
}

const isForbidden = (name: string, value: unknown) =>
  name === '__proto__' ||
  (name === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype'))

function pathTo(value: unknown, path: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  for (const [name, each] of Object.entries(value)) {
    const here = `${path}/${name}`
    const found = isForbidden(name, each) ? here : pathTo(each, here)
    if (found !== null) return found
  }
  return null
}

/** Where the name stands by which sound JSON would change all objects; empty where the JSON itself is broken. */
function findForbidden(text: string): string {
  try {
    return pathTo(JSON.parse(text), '') ?? ''
  } catch {
    // Broken, or too deep to look through.
    return ''
  }
}

/** @throws Problem 400 `invalid_body` for broken UTF-8 or JSON, forbidden names, NUL, lone surrogates, deep nesting */
export function readBody(bytes: Buffer): Json | undefined {
  if (bytes.length === 0) return undefined
  const text = decode(bytes)
  let value: unknown
  try {
    value = parse(text, null, { protoAction: 'error', constructorAction: 'error' })
  } catch {
    return refuse('json', findForbidden(text))
  }
  assertSound(value, '', 0)
  return value as Json
}

/** Pairs in their order. It never throws: Fastify asks for it before there is anybody to catch. */
export const readQueryString = (text: string): [string, string][] => (text === '' ? [] : [...new URLSearchParams(text)])

/** @throws Problem 400 `invalid_query` for broken encoding, NUL and lone surrogates */
export function assertQueryString(url: string): void {
  const at = url.indexOf('?')
  if (at < 0) return
  let text: string
  try {
    text = decodeURIComponent(url.slice(at + 1).replaceAll('+', ' '))
  } catch {
    throw new Problem(400, 'invalid_query', [{ path: '', code: 'encoding' }])
  }
  if (text.includes(NUL)) throw new Problem(400, 'invalid_query', [{ path: '', code: 'text' }])
}
