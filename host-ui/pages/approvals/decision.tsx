import { Check, X } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import { ApiProblem } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'
import { Dialog } from '../../shell/dialog.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import type { Proposal } from './proposal.ts'
import { DialogButtons } from '../../shell/dialog-buttons.tsx'

/** To approve and to reject; who comes second is told so and sees what was decided. */
export function Decision({ proposal, title }: { proposal: Proposal; title: string }) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  const [rejecting, setRejecting] = useState(false)

  async function decide(verb: 'approve' | 'reject', body?: object) {
    setBusy(true)
    try {
      const { state } = await api.send<Proposal>('POST', `/api/proposals/${proposal.id}/${verb}`, body)
      notify(t(`approvals.done.${state}`), state === 'failed' ? 'error' : 'success')
    } catch (error) {
      const isSecond = error instanceof ApiProblem && error.code === 'decided'
      notify(isSecond ? t('approvals.decidedByOther') : problemText(error, t), isSecond ? 'info' : 'error')
    }
    setRejecting(false)
    const touched = ['proposals', proposal.resource]
    await queries.invalidateQueries({ predicate: ({ queryKey: [name] }) => touched.includes(name as string) })
    setBusy(false)
    // The card may be gone with its buttons: whoever uses the keyboard goes on from the top.
    if (document.activeElement === document.body) document.querySelector('h1')?.focus()
  }
  return (
    <>
      <button
        type="button"
        className="btn"
        data-size="sm"
        disabled={busy}
        aria-label={t('approvals.approve.of', { what: title })}
        onClick={() => void decide('approve')}
      >
        <Check aria-hidden />
        {t('approvals.approve')}
      </button>
      <button
        type="button"
        className="btn"
        data-variant="outline"
        data-size="sm"
        disabled={busy}
        aria-label={t('approvals.reject.of', { what: title })}
        onClick={() => setRejecting(true)}
      >
        <X aria-hidden />
        {t('approvals.reject')}
      </button>
      {rejecting && (
        <Rejection
          busy={busy}
          onReject={(reason) => void decide('reject', { reason })}
          onClose={() => setRejecting(false)}
        />
      )}
    </>
  )
}

interface RejectionProps {
  busy: boolean
  onReject(reason: string): void
  onClose(): void
}

function Rejection({ busy, onReject, onClose }: RejectionProps) {
  const { t } = useTexts()
  const id = useId()
  const [reason, setReason] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onReject(reason)
  }
  return (
    <Dialog title={t('approvals.reject.title')} text={t('approvals.reject.text')} onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-5">
        <div className="field">
          <label htmlFor={id}>{t('approvals.reason')}</label>
          <textarea
            id={id}
            data-autofocus
            rows={3}
            maxLength={1000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </div>
        <DialogButtons submit={t('approvals.reject')} busy={busy} danger onCancel={onClose} />
      </form>
    </Dialog>
  )
}
