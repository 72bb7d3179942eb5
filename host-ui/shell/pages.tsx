import { lazy, Suspense } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { ApiKeysPage } from '../pages/api-keys/api-keys-page.tsx'
import { ListPage } from '../pages/list/list-page.tsx'
import { NotFoundPage } from '../pages/not-found.tsx'
import { PluginsPage } from '../pages/plugins/plugins-page.tsx'
import { RecordPage } from '../pages/record/record-page.tsx'
import { WidgetPage } from '../pages/widget-page.tsx'
import { type Resource, useComposition } from './composition.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { LoadingPage } from './notice.tsx'

/** The form stack is a third of the code and only needed where one writes. */
const FormPage = lazy(async () => ({ default: (await import('../pages/form-page.tsx')).FormPage }))

export function Pages() {
  const [place] = useLocation()
  return (
    <ErrorBoundary place={place}>
      <Suspense fallback={<LoadingPage />}>
        <Switch>
          <Route path="/">
            <Home />
          </Route>
          <Route path="/settings/plugins" component={PluginsPage} />
          <Route path="/settings/api-keys" component={ApiKeysPage} />
          <Route path="/page/:plugin/:id">{({ plugin, id }) => <WidgetPage plugin={plugin} id={id} />}</Route>
          <Route path="/:resource">{(at) => <Of name={at.resource} render={(r) => <ListPage resource={r} />} />}</Route>
          <Route path="/:resource/new">
            {(at) => <Of name={at.resource} render={(r) => <FormPage resource={r} />} />}
          </Route>
          <Route path="/:resource/:id">
            {(at) => <Of name={at.resource} render={(r) => <RecordPage resource={r} id={at.id} />} />}
          </Route>
          <Route path="/:resource/:id/edit">
            {(at) => <Of name={at.resource} render={(r) => <FormPage resource={r} id={at.id} />} />}
          </Route>
          <Route>
            <NotFoundPage />
          </Route>
        </Switch>
      </Suspense>
    </ErrorBoundary>
  )
}

function Home() {
  const { resources } = useComposition()
  const first = resources.find(({ belongsTo }) => belongsTo === null)
  return <Redirect to={first ? `/${first.name}` : '/settings/plugins'} replace />
}

function Of({ name, render }: { name: string; render(resource: Resource): React.ReactNode }) {
  const resource = useComposition().resource(decodeURIComponent(name))
  return resource ? render(resource) : <NotFoundPage />
}
