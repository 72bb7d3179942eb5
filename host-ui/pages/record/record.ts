import type { Row, Schema } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'

/** A record with all that is needed to read it. */
export interface RecordProps {
  resource: Resource
  schema: Schema
  row: Row
}
