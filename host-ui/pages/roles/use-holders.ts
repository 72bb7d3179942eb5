import { useQuery } from '@tanstack/react-query'
import { invitationsOptions, membersOptions } from '../people/people.ts'

/** Who has a role, or has been invited to it. */
export interface Holders {
  readonly members: readonly string[]
  readonly invited: readonly string[]
}

export function useHolders(): (role: string) => Holders {
  const { data: members = [] } = useQuery(membersOptions)
  const { data: invitations = [] } = useQuery(invitationsOptions)
  return (role) => ({
    members: members.filter((member) => member.role === role).map(({ name }) => name),
    invited: invitations.filter((invitation) => invitation.role === role).map(({ email }) => email),
  })
}
