// Purpose:  from which moment on may what somebody signed be taken back?
// Spec:     AWS Signer API, RevokeSigningProfile (effectiveTime).
// Input:    the moment asked for, the time now, and the revocation that is there already.
// Deviates: nothing.
// Unknowns: none.

/** Why it cannot be: the moment has not come, or would give something back. Undefined where it can. */
export function faultOfRevocation(
  what: 'version' | 'key',
  from: Date,
  state: { readonly now: Date; readonly earlier: { readonly from: Date } | undefined },
):
  | { readonly code: 'SIGNING_INPUT_INVALID' | 'SIGNING_CONFLICT'; readonly message: string }
  | undefined {
  const { now, earlier } = state
  if (from.getTime() > now.getTime()) {
    const message = `effectiveTime ${from.toISOString()} has not come yet; it is ${now.toISOString()}`
    return { code: 'SIGNING_INPUT_INVALID', message }
  }
  if (earlier === undefined || from.getTime() < earlier.from.getTime()) return undefined
  const message = `the ${what} is revoked from ${earlier.from.toISOString()} on; only an earlier moment can take its place`
  return { code: 'SIGNING_CONFLICT', message }
}
