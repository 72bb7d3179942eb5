/** Ours: the whole kernel behind its web server, and the worker that tells facts, as `npm start` runs them. */
import { buildServer } from '../../core/http/server.ts'
import { openKernel } from '../../core/kernel.ts'
import { serve } from './child.ts'
import { SECRET } from './settings.ts'

interface Input {
  readonly ownerUrl: string
  /** Folders of plugins beside the shipped ones. */
  readonly plugins?: readonly string[]
  readonly redisUrl?: string | null
}

await serve<Input>(async ({ ownerUrl, plugins = [], redisUrl = null }) => {
  const config = {
    port: 0,
    dataDir: '/nonexistent',
    url: null,
    adminEmail: null,
    adminPassword: null,
    secret: SECRET,
    plugins,
    databaseUrl: ownerUrl,
    databaseOwnerUrl: ownerUrl,
    databaseConnections: 24,
    memoryMb: null,
    chromium: null,
    redisUrl,
    s3Url: null,
    smtpUrl: null,
  }
  const report = (message: string, fields: Record<string, unknown>) => console.error(message, fields)
  const kernel = await openKernel({ config, databaseUrl: ownerUrl, screen: null, report })
  await kernel.worker.start()
  const app = await buildServer(kernel.services)
  const close = () => app.close().then(() => kernel.close())
  return { app, close }
})
