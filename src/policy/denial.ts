import type { PolicyType } from './compile.ts'
import type { Decision } from './evaluate.ts'

/** One type is named even where several deny; this is the order, and for a silence within one account identity comes first. */
const precedence: readonly PolicyType[] = [
  'scp',
  'rcp',
  'trust',
  'resource',
  'identity',
  'boundary',
  'session',
]

const explicitWords: Readonly<Record<PolicyType, string>> = {
  identity: 'an identity-based policy',
  resource: 'a resource-based policy',
  boundary: 'a permissions boundary',
  session: 'a session policy',
  scp: 'a service control policy',
  rcp: 'a resource control policy',
  trust: 'the role trust policy',
}

const silentWords: Readonly<Record<PolicyType, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  scp: 'service control policy',
  rcp: 'resource control policy',
  trust: 'role trust policy',
}

/**
 * AWS's sentence for a refused request (IAM User Guide, "Troubleshoot access denied error messages"). `principalArn` is the
 * session's of a session. A denial without a known reason, after a fault, gets the sentence without one.
 */
export function denialSentence(
  request: { readonly principalArn: string; readonly action: string; readonly resource: string },
  decision: Exclude<Decision, { kind: 'allow' }>,
): string {
  const { principalArn, action, resource } = request
  const refusal = `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource}`
  if (decision.kind === 'explicit-deny') {
    const type = firstOf(decision.decidedBy.map((by) => by.type))
    return type === undefined
      ? refusal
      : `${refusal} with an explicit deny in ${explicitWords[type]}`
  }
  const type = silentType(decision.missing, isWithin(principalArn, resource))
  if (type === undefined) return refusal
  return `${refusal} because no ${silentWords[type]} allows the ${action} action`
}

function firstOf(types: readonly PolicyType[]): PolicyType | undefined {
  return precedence.find((type) => types.includes(type))
}

/** Where either of the two would do, AWS asks for the caller's own policy. */
function silentType(missing: readonly PolicyType[], isOneAccount: boolean): PolicyType | undefined {
  const isEither = isOneAccount && missing.includes('identity')
  return firstOf(isEither ? missing.filter((type) => type !== 'resource') : missing)
}

/** An action without a resource is within the account. */
function isWithin(principalArn: string, resource: string): boolean {
  return resource === '*' || principalArn.split(':')[4] === resource.split(':')[4]
}
