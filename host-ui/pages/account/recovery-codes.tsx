import { Check, Copy, Download } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Dialog } from '../../shell/dialog.tsx'
import { useTexts } from '../../shell/texts.ts'

/** Shown this once: they are kept as hashes. */
export function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose(): void }) {
  const { t } = useTexts()
  const [copied, setCopied] = useState(false)
  const text = codes.join('\n')
  const file = useMemo(() => `data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`, [text])
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  const Icon = copied ? Check : Copy
  const footer = (
    <button type="button" className="btn" onClick={onClose}>
      {t('factor.codes.done')}
    </button>
  )
  return (
    <Dialog title={t('factor.codes')} text={t('factor.codes.text')} onClose={onClose} footer={footer} firm>
      <ul className="recovery-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <p className="mt-3 flex flex-wrap gap-2">
        <button type="button" className="btn" data-variant="outline" onClick={() => void copy()} data-autofocus>
          <Icon aria-hidden />
          <span aria-live="polite">{t(copied ? 'keys.copied' : 'keys.copy')}</span>
        </button>
        <a className="btn" data-variant="outline" href={file} download="weft-recovery-codes.txt">
          <Download aria-hidden />
          {t('factor.codes.download')}
        </a>
      </p>
    </Dialog>
  )
}
