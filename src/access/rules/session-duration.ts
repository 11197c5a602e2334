// Purpose:  for how many seconds does a session last, given what was asked for and who asks?
// Spec:     STS API Reference, DurationSeconds of AssumeRole, GetSessionToken and GetFederationToken; "Role chaining".
// Input:    seconds within the bounds of the operation's model, or nothing.
// Deviates: nothing.
// Unknowns: none.

export type SessionDuration =
  | { readonly kind: 'seconds'; readonly seconds: number }
  | { readonly kind: 'refused'; readonly reason: string }

const hour = 3600

/** `isChained`: the caller is a session of a role itself, which AWS holds to an hour. */
export function roleSessionDuration(
  asked: number | undefined,
  maxSeconds: number,
  isChained: boolean,
): SessionDuration {
  const seconds = asked ?? Math.min(hour, maxSeconds)
  if (isChained && seconds > hour) {
    return refused(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    )
  }
  if (seconds <= maxSeconds) return { kind: 'seconds', seconds }
  return refused('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
}

/** Of a user twelve hours unless something else is asked for; of root an hour at most. */
export function ownSessionSeconds(asked: number | undefined, isRoot: boolean): number {
  const seconds = asked ?? 12 * hour
  return isRoot ? Math.min(seconds, hour) : seconds
}

function refused(reason: string): SessionDuration {
  return { kind: 'refused', reason }
}
