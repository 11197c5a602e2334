// Spec:     Amazon ECR API Reference, GetAuthorizationToken.
// Deviates: every entry has a password of the caller for this registry, whatever registryIds says; it ends with the session that asked; proxyEndpoint is the address of this server.
import { claimsOfCaller } from '../../../access/carry-session.ts'
import { makeAuthorizationToken, tokenLifetimeMs } from '../../../access/authorization-token.ts'
import { epochSeconds, type EcrCall, type EcrDeps } from './call.ts'

/** A password for /v2 that names the caller for 12 hours, or until its session ends; one entry for each registry id asked for. */
export async function getAuthorizationToken(
  deps: EcrDeps,
  input: { readonly registryIds?: readonly string[] },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { principalId, accessKeyId = '' } = call.caller
  const session = claimsOfCaller(call.caller)
  const issuedAt = deps.clock.now()
  const latest = issuedAt.getTime() + tokenLifetimeMs
  const expiresAt = new Date(Math.min(latest, session?.expiresAt.getTime() ?? Infinity))
  const entries = new Set(input.registryIds ?? [call.caller.accountId])
  const authorizationData = Array.from(entries, () => {
    const claims = { principalId, accessKeyId, issuedAt, expiresAt, session }
    const password = makeAuthorizationToken(deps.tokenKey, deps.ids.bytes(12), claims)
    return {
      authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
      expiresAt: epochSeconds(expiresAt),
      proxyEndpoint: deps.url(),
    }
  })
  return Promise.resolve({ authorizationData })
}
