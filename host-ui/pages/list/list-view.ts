import { tableFeatures } from '@tanstack/react-table'
import type { Row, Schema } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'
import type { Reading } from '../fields/text.ts'
import type { Columns } from './use-columns.ts'
import type { Selection } from './use-selection.ts'
import type { ListPlace } from './use-list-state.ts'

export const features = tableFeatures({})
export type ListFeatures = typeof features

/** What table and cards draw. */
export interface ListView {
  resource: Resource
  schema: Schema
  columns: Columns
  place: ListPlace
  reading: Reading
  rows: Row[]
  /** Null for who may do nothing with many rows. */
  selection: Selection | null
}
