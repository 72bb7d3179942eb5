/** Judges generated SQL: what only adds passes, what could lose or block data needs a person. */

export interface Verdict {
  readonly passed: readonly string[]
  readonly refused: readonly { statement: string; reason: string }[]
}

const ADDITIVE = [
  /^create table /i,
  /^create (unique )?index /i,
  /^create trigger /i,
  /^create policy "tenant_isolation" /i,
  /^alter table \S+ (enable|force) row level security$/i,
  /^alter table \S+ add constraint \S+ (foreign key|check) /i,
  /^alter table (\S+) add( column)? "\w+" [^,]*( null| default [^,]*)?$/i,
]
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/drop (table|column)|drop "/i, 'it drops data'],
  [/set not null/i, 'rows without a value would be refused'],
  [/alter column .* type/i, 'it rewrites the table and may lose values'],
  [/drop constraint|drop index|drop trigger|drop policy/i, 'it takes a promise away'],
  [/row level security/i, 'it changes who sees the rows'],
]

/** A new column may not be required without a default: the rows that are there have no value for it. */
const isRequiredColumn = (statement: string) =>
  /add( column)? "/i.test(statement) && /not null(?!.*default)(?<!default.*)/i.test(statement)

/** A check of enum values that is dropped and added again may only widen. */
function isWidened(statements: readonly string[], statement: string): boolean {
  const name = /drop constraint (?:if exists )?("\w+_enum")/i.exec(statement)?.[1]
  return name !== undefined && statements.some((other) => other.includes(`add constraint ${name}`))
}

/** @param before the values of each `_enum` check in the database, by name */
export function judgeStatements(
  statements: readonly string[],
  before: ReadonlyMap<string, readonly string[]>,
): Verdict {
  const passed: string[] = []
  const refused: { statement: string; reason: string }[] = []
  for (const statement of statements) {
    const lost = lostValues(statement, before)
    if (lost.length > 0) refused.push({ statement, reason: `rows may still hold ${lost.join(', ')}` })
    else if (isRequiredColumn(statement))
      refused.push({ statement, reason: 'the rows that are there have no value for it' })
    else if (ADDITIVE.some((rule) => rule.test(statement)) || isWidened(statements, statement)) passed.push(statement)
    else
      refused.push({
        statement,
        reason: REASONS.find(([rule]) => rule.test(statement))?.[1] ?? 'it is not known to be safe',
      })
  }
  return { passed, refused }
}

/** The values quoted in a check, as `'a'`. */
export const quotedValues = (text: string): string[] => text.match(/'(?:[^']|'')*'/g) ?? []

function lostValues(statement: string, before: ReadonlyMap<string, readonly string[]>): string[] {
  const name = /add constraint "(\w+_enum)"/i.exec(statement)?.[1]
  const old = name ? (before.get(name) ?? []) : []
  const now = quotedValues(statement)
  return old.filter((value) => !now.includes(value))
}
