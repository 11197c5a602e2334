// Purpose:  sign a message so that its receiver knows that it is ours, whole, and of now.
// Spec:     RFC 2104 (HMAC), with SHA-256; docs/notifications.md has the receiver's side.
// Input:    the body as it is sent, the time, and the secrets that are valid: two while one follows the other.
// Deviates: nothing.
// Unknowns: none.
import { createHmac } from 'node:crypto'

/** `sha256=HEX`, one for each secret with a comma between; over the seconds since 1970, a dot, and the body. */
export function signDelivery(
  secrets: readonly string[],
  { timestamp, body }: { readonly timestamp: number; readonly body: string },
): string {
  return secrets
    .map((secret) => {
      const hmac = createHmac('sha256', secret).update(`${timestamp}.`).update(body)
      return `sha256=${hmac.digest('hex')}`
    })
    .join(',')
}
