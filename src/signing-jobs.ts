// What signing stands on.
import type { Foundation } from './foundation.ts'
import { embeddedKeys } from './signing/embedded-keys.ts'
import type { SigningDeps } from './signing/make-signature.ts'

export function signingDeps(region: string, foundation: Foundation): SigningDeps {
  const { database, clock, ids } = foundation
  return { database, clock, ids, region, keys: embeddedKeys(foundation) }
}
