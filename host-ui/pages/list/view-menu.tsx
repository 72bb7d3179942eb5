import { Bookmark, ChevronDown, Users } from 'lucide-react'
import { useState } from 'react'
import type { Resource } from '../../shell/composition.tsx'
import { Question } from '../../shell/dialog.tsx'
import { Menu, MenuGroup, MenuItem, MenuLine } from '../../shell/menu.tsx'
import type { Close } from '../../shell/popover.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import type { Views } from './use-views.ts'
import type { View } from './view.ts'
import { ViewDialog } from './view-dialog.tsx'

type Asking = 'new' | 'edit' | 'remove' | null

/** The saved views of this list: shown, saved, changed, shared and deleted. */
export function ViewMenu({ resource, views }: { resource: Resource; views: Views }) {
  const { t } = useTexts()
  const [asking, setAsking] = useState<Asking>(null)
  const { current } = views
  const done = () => setAsking(null)
  return (
    <div className="view-menu">
      <Menu
        label={t('view.title')}
        button={
          <>
            <Bookmark aria-hidden />
            <span className="truncate">{current?.name ?? t('view.title')}</span>
            {views.changed && <span className="view-changed">{t('view.changed')}</span>}
            <ChevronDown aria-hidden />
          </>
        }
        buttonProps={{ className: 'btn', 'data-variant': 'outline', 'data-size': 'sm' }}
      >
        {(close) => <Items resource={resource} views={views} ask={setAsking} close={close} />}
      </Menu>
      {asking === 'new' && <ViewDialog title={t('view.new')} save={views.save} onDone={done} />}
      {asking === 'edit' && current && (
        <ViewDialog
          title={t('view.edit')}
          view={current}
          save={(name, isShared) => views.describe(current, name, isShared)}
          onDone={done}
        />
      )}
      {asking === 'remove' && current && <Removal view={current} views={views} onDone={done} />}
    </div>
  )
}

interface ItemsProps {
  resource: Resource
  views: Views
  ask(asking: Asking): void
  close: Close
}

function Items({ resource, views, ask, close }: ItemsProps) {
  const { t } = useTexts()
  const { all, current, changed, standard } = views
  const mine = current !== undefined && views.mayWrite(current)
  const act = (run: () => void) => () => (close(), run())
  const update = (view: View) =>
    void views.update(view).then(
      () => notify(t('view.updated', { name: view.name })),
      (error: unknown) => notify(problemText(error, t), 'error'),
    )
  return (
    <>
      <MenuGroup title={t('view.title')}>
        <MenuItem checked={current === undefined && views.isWhole} onSelect={act(() => views.show(null))}>
          {t('view.all', { what: t(`${resource.plugin}:${resource.name}`) })}
        </MenuItem>
        {all.map((view) => (
          <MenuItem key={view.id} checked={view.id === current?.id} onSelect={act(() => views.show(view))}>
            <span className="truncate">{view.name}</span>
            {view.isShared && (
              <span className="view-shared">
                <Users aria-hidden className="size-3.5" />
                <span className="sr-only">{t('view.shared')}</span>
              </span>
            )}
            {view.id === standard && <span className="view-shared">{t('view.standard')}</span>}
          </MenuItem>
        ))}
      </MenuGroup>
      <MenuLine />
      {current && changed && mine && <MenuItem onSelect={act(() => update(current))}>{t('view.update')}</MenuItem>}
      {views.maySave && <MenuItem onSelect={act(() => ask('new'))}>{t('view.save')}</MenuItem>}
      {current && (
        <MenuItem onSelect={act(() => views.makeStandard(standard === current.id ? null : current))}>
          {t(standard === current.id ? 'view.standard.end' : 'view.standard.make')}
        </MenuItem>
      )}
      {mine && <MenuItem onSelect={act(() => ask('edit'))}>{t('view.rename')}</MenuItem>}
      {current && views.mayRemove(current) && (
        <MenuItem danger onSelect={act(() => ask('remove'))}>
          {t('view.remove')}
        </MenuItem>
      )}
    </>
  )
}

function Removal({ view, views, onDone }: { view: View; views: Views; onDone(): void }) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  const remove = async () => {
    setBusy(true)
    try {
      await views.remove(view)
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    onDone()
  }
  return (
    <Question
      title={t('view.remove.title', { name: view.name })}
      text={t(view.isShared ? 'view.remove.shared' : 'view.remove.text')}
      yes={t('action.delete')}
      danger
      busy={busy}
      onYes={() => void remove()}
      onNo={onDone}
    />
  )
}
