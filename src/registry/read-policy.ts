import type { PolicyDocument } from '../policy/document.ts'
import { parsePolicy } from '../policy/parse-policy.ts'
import { registryError } from './errors.ts'

export type ResourcePolicyKind = 'repository' | 'registry'

/** The document, or POLICY_MALFORMED with where the first fault stands and why it is one. */
export function readPolicy(text: string, kind: ResourcePolicyKind): PolicyDocument {
  const reading = parsePolicy(text, kind)
  if (reading.kind === 'valid') return reading.document
  const [{ code, reason, at }] = reading.faults
  throw policyMalformed(kind, { code, reason, at })
}

export function policyMalformed(
  kind: ResourcePolicyKind,
  fault: {
    readonly code: string
    readonly reason: string
    readonly at: { readonly line: number; readonly column: number }
  },
): Error {
  const { code, reason, at } = fault
  const { line, column } = at
  const message = `the ${kind} policy cannot be accepted (line ${line}, column ${column}): ${reason}`
  return registryError('POLICY_MALFORMED', message, { kind, line, column, code, reason })
}
