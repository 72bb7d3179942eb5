import { Download, EllipsisVertical, Eraser } from 'lucide-react'
import { useState } from 'react'
import type { Row, Schema } from '../../sdk/index.ts'
import { api } from '../../shell/client.ts'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { Menu, MenuItem } from '../../shell/menu.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { EraseDialog } from './erase-dialog.tsx'

interface RecordPrivacyProps {
  resource: Resource
  schema: Schema
  row: Row
  name: string
}

/** What the law gives the person whom a record is about, for who may see to it. */
export function RecordPrivacy({ resource, schema, row, name }: RecordPrivacyProps) {
  const { t } = useTexts()
  const { can } = useComposition()
  const [erasing, setErasing] = useState(false)
  if (resource.keep !== 'record' || !can('privacy.manage')) return null
  async function download() {
    try {
      const pack = await api.get<object>(`${resource.path}/${row.id}/access-pack`)
      save(`access-pack-${row.id}.json`, JSON.stringify(pack, null, 2))
      notify(t('privacy.pack.done'))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
  }
  return (
    <>
      <Menu
        label={t('privacy.record')}
        align="end"
        button={<EllipsisVertical aria-hidden />}
        buttonProps={{
          className: 'btn',
          'data-variant': 'ghost',
          'data-size': 'icon-sm',
          'aria-label': t('privacy.record'),
          title: t('privacy.record'),
        }}
      >
        {(close) => (
          <>
            <MenuItem onSelect={() => (close(), void download())}>
              <Download aria-hidden />
              {t('privacy.pack')}
            </MenuItem>
            <MenuItem danger onSelect={() => (close(), setErasing(true))}>
              <Eraser aria-hidden />
              {t('privacy.erase')}
            </MenuItem>
          </>
        )}
      </Menu>
      {erasing && <EraseDialog {...{ resource, schema, row, name }} onClose={() => setErasing(false)} />}
    </>
  )
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  URL.revokeObjectURL(url)
}
