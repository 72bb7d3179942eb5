/** An annotated JSON Schema as `GET /api/schemas/<resource>` gives it. */
export type Schema = { readonly [keyword: string]: any }

export interface Row {
  readonly id: string
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly createdBy: string | null
  readonly updatedBy: string | null
  // What else a row holds is said by its schema, which the tenant decides.
  readonly [field: string]: any
}

export interface Page<R = Row> {
  items: R[]
  next: string | null
  total: { value: number; exact: boolean }
}
