import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Router } from 'wouter'
import { App } from './app.tsx'
import { queries } from './client.ts'
import { startTexts } from './i18n.ts'
import { SessionProvider } from './session.tsx'
import { startTheme } from './theme.ts'
import { Toaster } from './toast.tsx'
import { aroundNav, LeaveQuestion, startLeaveGuard } from './unsaved.tsx'

startTheme()
startLeaveGuard()
await startTexts()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Router aroundNav={aroundNav}>
        <SessionProvider>
          <App />
          <LeaveQuestion />
          <Toaster />
        </SessionProvider>
      </Router>
    </QueryClientProvider>
  </StrictMode>,
)
