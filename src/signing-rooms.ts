// What signing does for Pratique's own API, bound to what it stands on.
import type { SigningRooms } from './edges/control/signing-routes.ts'
import type { Foundation } from './foundation.ts'
import { rootsInPem } from './signing/installation-authority.ts'
import { describeNamedKeys, makeNamedKey } from './signing/named-keys.ts'
import { signWithNamedKey } from './signing/sign-with-named-key.ts'
import { describeRuleOptions, putRuleOption } from './trust/index-only.ts'
import { withdrawKeyTrust } from './trust/withdraw-key-trust.ts'
import { revokeNamedKey } from './signing/revoke-key.ts'
import { timestampRootsInPem } from './signing/timestamp-authority.ts'
import type { SigningDeps } from './signing/make-signature.ts'
import { signExisting } from './trust/sign-existing.ts'

export function signingRooms(
  deps: SigningDeps,
  foundation: Foundation,
  wake: () => void,
): SigningRooms {
  const { database } = foundation
  return {
    signingRoots: () => database.transaction((tx) => rootsInPem(deps, tx)),
    timestampRoots: () => timestampRootsInPem(deps),
    listSigningKeys: (account) => describeNamedKeys(database, account),
    createSigningKey: (input) => makeNamedKey(deps, input),
    signWithKey: (input) => signWithNamedKey(deps, input),
    async revokeSigningKey(input) {
      await revokeNamedKey({ ...deps, onKeyRevoked: withdrawKeyTrust }, input)
      wake()
    },
    describeRuleOptions: (account) => describeRuleOptions(deps, account),
    putRuleOption: (input) => putRuleOption(deps, input),
    async signExisting(input, options) {
      const done = await signExisting(deps, input, options)
      wake()
      return done
    },
  }
}
