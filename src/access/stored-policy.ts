// Stored documents as the engine takes them. One that cannot be read is worse than none: it may have held a Deny.
import type { PolicyKind } from '../policy/document.ts'
import { compilePolicy, type CompiledPolicy, type PolicyName } from '../policy/compile.ts'
import { parsePolicy } from '../policy/parse-policy.ts'

const nobody = new Map<string, string>()

/** As decisions name them. */
export const repositoryPolicyName = { type: 'resource', id: 'repository policy' } as const
export const registryPolicyName = { type: 'resource', id: 'registry policy' } as const

const kindOf = {
  identity: 'identity',
  boundary: 'identity',
  session: 'session',
  scp: 'scp',
  rcp: 'rcp',
  trust: 'trust',
} as const satisfies Record<Exclude<PolicyName['type'], 'resource'>, PolicyKind>

/**
 * The document, compiled under that name; `principals` gives the unique ids of those whom it names by ARN. What this version
 * cannot read (a newer one may have written it) denies everything, under the same name.
 */
export function compileStored(
  document: string,
  name: PolicyName,
  principals: ReadonlyMap<string, string> = nobody,
  kind: PolicyKind = name.type === 'resource' ? 'repository' : kindOf[name.type],
): CompiledPolicy {
  const reading = parsePolicy(document, kind)
  return reading.kind === 'valid'
    ? compilePolicy(reading.document, name, principals)
    : denyEverything(name)
}

/** Stands where a policy or a principal should be and is not. */
export function denyEverything(name: PolicyName): CompiledPolicy {
  const isOfResource = name.type === 'resource' || name.type === 'rcp'
  const statement = isOfResource
    ? '{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}'
    : '{"Effect":"Deny","Action":"*","Resource":"*"}'
  const kind = name.type === 'rcp' ? 'rcp' : isOfResource ? 'repository' : 'identity'
  const reading = parsePolicy(`{"Version":"2012-10-17","Statement":[${statement}]}`, kind)
  if (reading.kind === 'malformed') throw new Error(reading.faults[0].reason)
  return compilePolicy(reading.document, name, nobody)
}
