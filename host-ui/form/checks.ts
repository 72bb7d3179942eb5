import { useMemo, useState } from 'react'
import type { ProblemEntry, Schema } from 'weft/ui'
import { at, same, type Values } from './merge-patch.ts'
import { fieldPointer } from './problem-text.ts'
import { problemsOf, segments } from './validation.ts'

/** What the server said of a field holds until the field holds something else. */
interface Refusal {
  readonly entry: ProblemEntry
  readonly value: unknown
}

/** Format errors show when a field is left, missing values only once somebody tried to save. */
export function useChecks(asked: Schema, data: Values) {
  const [attempted, setAttempted] = useState(false)
  const [touched, setTouched] = useState<readonly string[]>([])
  const [refusals, setRefusals] = useState<readonly Refusal[]>([])
  const errors = useMemo(() => {
    const found = problemsOf(asked, data).filter(
      ({ path, code }) => attempted || (code !== 'required' && touched.includes(fieldPointer(path))),
    )
    const standing = refusals.filter(({ entry, value }) => same(at(data, segments(fieldPointer(entry.path))), value))
    return [...standing.map(({ entry }) => entry), ...found]
  }, [asked, data, attempted, touched, refusals])
  return {
    errors,
    attempt: () => setAttempted(true),
    leave: (pointer: string) => setTouched((before) => (before.includes(pointer) ? before : [...before, pointer])),
    refuse: (entries: readonly ProblemEntry[], values: Values) =>
      setRefusals(entries.map((entry) => ({ entry, value: at(values, segments(fieldPointer(entry.path))) }))),
  }
}
