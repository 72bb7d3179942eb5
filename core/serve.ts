/** The serving process: started, watched and started again by its supervisor (`commands/supervisor.ts`). */
import { once } from 'node:events'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { ServeOrders } from './commands/supervisor.ts'
import { StartFault } from './fault.ts'

// The life after this one begins sooner. Where the folder cannot be written, it only begins later.
enableCompileCache(fileURLToPath(new URL('../.build/code', import.meta.url)))

// It may have to wait for them, ready to begin.
const told = once(process, 'message')
// Whoever kills the supervisor means this process.
process.on('disconnect', () => process.exit(1))

try {
  const { serve } = await import('./commands/serving.ts')
  const [orders] = (await told) as [ServeOrders]
  await serve(orders)
  // Not at its end, which may be sudden.
  flushCompileCache()
} catch (error) {
  console.error(error instanceof StartFault ? error.message : error)
  process.exit(1)
}
