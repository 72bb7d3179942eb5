import type { ReactNode } from 'react'

interface PanelTableProps {
  /** What the table is of: it is a region that can be scrolled with the keyboard. */
  label: string
  /** The heads in their order. */
  columns: readonly string[]
  /** The head of the last column, whose buttons need none for the eyes. */
  actions?: string
  /** On a small screen each row is a card, with what its cells name by `data-label`. */
  stacked?: boolean
  children: ReactNode
}

/** The table of a page of settings. */
export function PanelTable({ label, columns, actions, stacked, children }: PanelTableProps) {
  return (
    <div
      className="table-container panel-table"
      data-stacked={stacked || undefined}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table className="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
            {actions && (
              <th scope="col">
                <span className="sr-only">{actions}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
