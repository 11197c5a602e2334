// What signing does for Pratique's own API, bound to what it stands on.
import type { SigningRooms } from './edges/control/signing-routes.ts'
import type { Foundation } from './foundation.ts'
import { signingDeps } from './signing-jobs.ts'
import { rootsInPem } from './signing/installation-authority.ts'
import { describeNamedKeys, makeNamedKey } from './signing/named-keys.ts'
import { signWithNamedKey } from './signing/sign-with-named-key.ts'
import { signExisting } from './trust/sign-existing.ts'

export function signingRooms(
  region: string,
  foundation: Foundation,
  wake: () => void,
): SigningRooms {
  const deps = signingDeps(region, foundation)
  const { database } = foundation
  return {
    signingRoots: () => database.transaction((tx) => rootsInPem(deps, tx)),
    listSigningKeys: (account) => describeNamedKeys(database, account),
    createSigningKey: (input) => makeNamedKey(deps, input),
    signWithKey: (input) => signWithNamedKey(deps, input),
    async signExisting(input, options) {
      const done = await signExisting(deps, input, options)
      wake()
      return done
    },
  }
}
