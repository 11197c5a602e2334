import type { Refused } from '../access/authenticate-basic.ts'

/** Why nobody was let in, and what to do; `otherwise` for who showed nothing, or nothing that is known here. */
export function whyNotLetIn(
  result: Refused | { readonly kind: 'absent' },
  otherwise: string,
): string {
  if (result.kind === 'absent') return otherwise
  switch (result.reason) {
    case 'expired':
      return 'Your authorization token has expired. Reauthenticate and try again.'
    case 'temporary':
      return 'temporary access keys (ASIA…) do not log in by themselves: take the password of `aws ecr get-login-password`, or `pratique login`'
    case 'invalid':
      return otherwise
  }
}
