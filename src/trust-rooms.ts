// What the trust room does for Pratique's own API, bound to what it stands on.
import type { Config } from './config.ts'
import type { RevocationRooms } from './edges/control/revocation-routes.ts'
import type { TrustRooms } from './edges/control/trust-routes.ts'
import type { Foundation } from './foundation.ts'
import { evaluationDeps, publicRootDeps } from './trust-jobs.ts'
import {
  describeEvidence,
  describeSignatures,
  recallEvidence,
} from './trust/describe-signatures.ts'
import {
  listTrustMaterial,
  listTrustPolicies,
  showTrustMaterial,
  showTrustPolicy,
} from './trust/describe-trust.ts'
import { followPublicRoot } from './trust/follow-public-root.ts'
import { deleteTrustMaterial, putTrustMaterial } from './trust/put-trust-material.ts'
import { deleteTrustPolicy, putTrustPolicy } from './trust/put-trust-policy.ts'
import { listRevocationData, putRevocationDatum } from './trust/revocation-data.ts'
import { testTrustPolicy } from './trust/test-trust-policy.ts'
import type { Verifiers } from './trust/verify-aside.ts'

export function trustRooms(
  config: Config,
  foundation: Foundation,
  { verifiers, wake }: { readonly verifiers: Verifiers; readonly wake: () => void },
): TrustRooms & RevocationRooms {
  const { database } = foundation
  const deps = evaluationDeps(config, foundation, { verifiers })
  const waking = async <T>(work: Promise<T>): Promise<T> => {
    const done = await work
    wake()
    return done
  }
  return {
    listTrustPolicies: (account) => listTrustPolicies(database, account),
    showTrustPolicy: (input) => showTrustPolicy(database, input),
    putTrustPolicy: (input) => waking(putTrustPolicy(foundation, input)),
    deleteTrustPolicy: (input) => waking(deleteTrustPolicy(foundation, input)),
    testTrustPolicy: (input, options) => testTrustPolicy(deps, input, options),
    listTrustMaterial: (input) => listTrustMaterial(database, input),
    showTrustMaterial: (input) => showTrustMaterial(database, input),
    putTrustMaterial: (input) => waking(putTrustMaterial(foundation, input)),
    followPublicRoot: (input, options) =>
      waking(followPublicRoot(publicRootDeps(config, foundation), input, options)),
    deleteTrustMaterial: (input) => waking(deleteTrustMaterial(foundation, input)),
    listRevocationData: () => listRevocationData(database),
    putRevocationDatum: (input, options) =>
      putRevocationDatum(
        { ...foundation, mayReplaceCrl: (...asked) => verifiers.mayReplaceCrl(...asked) },
        input,
        options,
      ),
    describeSignatures: (image) => describeSignatures(deps, image),
    describeEvidence: (image, policy) => describeEvidence(deps, image, policy),
    recallEvidence: (image, asked) => recallEvidence(deps, image, asked),
  }
}
