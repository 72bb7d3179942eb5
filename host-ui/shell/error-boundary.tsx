import { Component, type ReactNode } from 'react'
import { FailurePage } from './failure-page.tsx'

interface Props {
  /** Another place is another try. */
  place: string
  children: ReactNode
}

/** A page that breaks leaves the shell, and so the way out of it, alone. */
export class ErrorBoundary extends Component<Props, { error: unknown; place: string }> {
  override state = { error: undefined as unknown, place: this.props.place }

  static getDerivedStateFromError(error: unknown) {
    return { error: error ?? new Error('unknown') }
  }

  static getDerivedStateFromProps(props: Props, state: { place: string }) {
    return props.place === state.place ? null : { error: undefined, place: props.place }
  }

  override render() {
    if (this.state.error === undefined) return this.props.children
    return <FailurePage error={this.state.error} retry={() => this.setState({ error: undefined })} />
  }
}
