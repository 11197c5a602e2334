import { deriveKey } from '../../src/access/rules/seal.ts'
import type { createAuthenticator } from '../../src/edges/authenticate.ts'
import { fakeClock } from '../kit/fake-clock.ts'

/** A registry that nobody has an account in. */
export function openMemoryPrincipals(): Parameters<typeof createAuthenticator>[0] {
  const reader = {
    all: async () => Promise.resolve([]),
    first: async () => Promise.resolve(undefined),
  }
  const key = deriveKey(Buffer.alloc(32, 3), 'bearer')
  return {
    reader,
    clock: fakeClock(),
    tokenKey: key,
    accessKeyKey: key,
    bearerKey: key,
    recordUse: async () => Promise.resolve(),
    policyEpoch: async () => Promise.resolve(1),
  }
}
