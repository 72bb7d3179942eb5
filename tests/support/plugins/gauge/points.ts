import { allow, defineAnswer, hold } from 'weft'
import { notes } from './contract.ts'

/** Holds what begins so, and shows by it who is asked of rows that others do not meet. */
export const onNoteUpdating = defineAnswer({
  point: notes.points.updating,
  answer: async (_ctx, { patch }) => (String(patch.text).startsWith('hold ') ? hold('wording') : allow()),
})
