import { useQuery } from '@tanstack/react-query'
import { useTexts } from '../../shell/texts.ts'
import { When } from '../../shell/when.tsx'
import { PanelTable } from '../panel-table.tsx'
import { actingOptions } from './people.ts'

/** When administrators acted as members; nothing where nobody ever did. */
export function ActingTable() {
  const { t } = useTexts()
  const { data = [] } = useQuery(actingOptions)
  if (data.length === 0) return null
  return (
    <section className="mt-8">
      <h2 className="mb-1 font-semibold">{t('acting.title')}</h2>
      <p className="text-muted-foreground mb-3 text-sm">{t('acting.lead')}</p>
      <PanelTable
        label={t('acting.title')}
        columns={['by', 'user', 'began', 'ended'].map((column) => t(`acting.${column}`))}
      >
        {data.map(({ id, by, user, beganAt, endedAt }) => (
          <tr key={id}>
            <th scope="row" className="font-medium">
              {by.name}
            </th>
            <td>{user.name}</td>
            <td>
              <When at={beganAt} />
            </td>
            <td>{endedAt ? <When at={endedAt} /> : t('acting.lasts')}</td>
          </tr>
        ))}
      </PanelTable>
    </section>
  )
}
