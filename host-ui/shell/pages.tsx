import { lazy, type ReactNode, Suspense } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { AccountPage } from '../pages/account/account-page.tsx'
import { ApprovalsPage } from '../pages/approvals/approvals-page.tsx'
import { ApiKeysPage } from '../pages/api-keys/api-keys-page.tsx'
import { DeliveriesPage } from '../pages/deliveries/deliveries-page.tsx'
import { FeedsPage } from '../pages/feeds/feeds-page.tsx'
import { LinksPage } from '../pages/links/links-page.tsx'
import { ForbiddenPage } from '../pages/forbidden.tsx'
import { ListPage } from '../pages/list/list-page.tsx'
import { ListsPage } from '../pages/lists/lists-page.tsx'
import { MailPage } from '../pages/mailbox/mail-page.tsx'
import { MailboxPage } from '../pages/mailbox/mailbox-page.tsx'
import { NotFoundPage } from '../pages/not-found.tsx'
import { PeoplePage } from '../pages/people/people-page.tsx'
import { PluginsPage } from '../pages/plugins/plugins-page.tsx'
import { ProvidersPage } from '../pages/providers/providers-page.tsx'
import { PrivacyPage } from '../pages/privacy/privacy-page.tsx'
import { RulePage } from '../pages/privacy/rule-page.tsx'
import { RecordPage } from '../pages/record/record-page.tsx'
import { RolePage } from '../pages/roles/role-page.tsx'
import { RolesPage } from '../pages/roles/roles-page.tsx'
import { TasksPage } from '../pages/tasks/tasks-page.tsx'
import { WidgetPage } from '../pages/widget-page.tsx'
import { type Resource, useComposition } from './composition.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { LoadingPage } from './notice.tsx'

/** The form stack is a third of the code and only needed where one writes. */
const FormPage = lazy(async () => ({ default: (await import('../pages/form-page.tsx')).FormPage }))

/** `new` stands where an id would. */
const idOf = (id: string) => (id === 'new' ? {} : { id })

/** The pages of the settings that are for some alone. */
const SETTINGS: readonly { path: string; needs: string; render(id: string): ReactNode }[] = [
  { path: '/settings/people', needs: 'users.manage', render: () => <PeoplePage /> },
  { path: '/settings/roles', needs: 'roles.manage', render: () => <RolesPage /> },
  { path: '/settings/roles/:id', needs: 'roles.manage', render: (id) => <RolePage key={id} {...idOf(id)} /> },
  { path: '/settings/identity-providers', needs: 'roles.manage', render: () => <ProvidersPage /> },
  { path: '/settings/api-keys', needs: 'api-keys.manage', render: () => <ApiKeysPage /> },
  { path: '/settings/lists', needs: 'lists.manage', render: () => <ListsPage /> },
  { path: '/settings/deliveries', needs: 'deliveries.manage', render: () => <DeliveriesPage /> },
  { path: '/settings/feeds', needs: 'deliveries.manage', render: () => <FeedsPage /> },
  { path: '/settings/links', needs: 'links.manage', render: () => <LinksPage /> },
  { path: '/settings/privacy', needs: 'privacy.manage', render: () => <PrivacyPage /> },
  { path: '/settings/privacy/:id', needs: 'privacy.manage', render: (id) => <RulePage key={id} {...idOf(id)} /> },
  { path: '/settings/mailbox', needs: 'mailbox.read', render: () => <MailboxPage /> },
  { path: '/settings/mailbox/:id', needs: 'mailbox.read', render: (id) => <MailPage id={id} /> },
]

export function Pages() {
  const [place] = useLocation()
  return (
    <ErrorBoundary place={place}>
      <Suspense fallback={<LoadingPage />}>
        <Switch>
          <Route path="/">
            <Home />
          </Route>
          <Route path="/approvals" component={ApprovalsPage} />
          <Route path="/account" component={AccountPage} />
          {/* Where links to the sign-in of an organisation lead, for who is signed in already. */}
          <Route path="/sign-in/:organisation">
            <Redirect to="/" replace />
          </Route>
          <Route path="/settings/plugins" component={PluginsPage} />
          <Route path="/settings/tasks" component={TasksPage} />
          {SETTINGS.map(({ path, needs, render }) => (
            <Route key={path} path={path}>
              {({ id }: { id?: string }) => <May permission={needs}>{render(id ?? '')}</May>}
            </Route>
          ))}
          <Route path="/page/:plugin/:id">{({ plugin, id }) => <WidgetPage plugin={plugin} id={id} />}</Route>
          <Route path="/:resource">{(at) => <Of name={at.resource} render={(r) => <ListPage resource={r} />} />}</Route>
          <Route path="/:resource/new">
            {(at) => <Of name={at.resource} verb="create" render={(r) => <FormPage resource={r} />} />}
          </Route>
          <Route path="/:resource/:id">
            {(at) => <Of name={at.resource} render={(r) => <RecordPage resource={r} id={at.id} />} />}
          </Route>
          <Route path="/:resource/:id/edit">
            {(at) => <Of name={at.resource} verb="update" render={(r) => <FormPage resource={r} id={at.id} />} />}
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
  const { resources, can } = useComposition()
  const first = resources.find(({ belongsTo }) => belongsTo === null)
  const without = can('plugins.manage') ? '/settings/plugins' : '/account'
  return <Redirect to={first ? `/${first.name}` : without} replace />
}

function May({ permission, children }: { permission: string; children: ReactNode }) {
  return useComposition().can(permission) ? children : <ForbiddenPage />
}

interface OfProps {
  name: string
  /** What is done there, beside reading. */
  verb?: 'create' | 'update'
  render(resource: Resource): ReactNode
}

function Of({ name, verb, render }: OfProps) {
  const resource = useComposition().resource(decodeURIComponent(name))
  if (!resource) return <NotFoundPage />
  return verb ? <May permission={`${resource.name}.${verb}`}>{render(resource)}</May> : render(resource)
}
