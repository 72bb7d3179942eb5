interface ViewChoiceProps<V extends string> {
  label: string
  views: readonly { value: V; text: string }[]
  chosen: NoInfer<V>
  onChoose(view: NoInfer<V>): void
}

/** Which of a few lists is looked at. */
export function ViewChoice<V extends string>({ label, views, chosen, onChoose }: ViewChoiceProps<V>) {
  return (
    <div role="group" aria-label={label} className="button-group">
      {views.map(({ value, text }) => (
        <button
          key={value}
          type="button"
          className="btn"
          data-variant={value === chosen ? 'secondary' : 'outline'}
          data-size="sm"
          aria-pressed={value === chosen}
          onClick={() => onChoose(value)}
        >
          {text}
        </button>
      ))}
    </div>
  )
}
