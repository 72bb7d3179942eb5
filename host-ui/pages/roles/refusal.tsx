import { useTexts } from '../../shell/texts.ts'

/** Why something was not taken, at its place; nothing without a code. */
export function Refusal({ code, id }: { code: string | undefined; id?: string }) {
  const { t } = useTexts()
  if (!code) return null
  return (
    <p id={id} className="text-destructive text-sm">
      {t(`roles.problem.${code}`, { defaultValue: t('roles.problem.other', { code }) })}
    </p>
  )
}
