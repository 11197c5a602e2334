import type { PolicyDocument, PolicyKind } from '../policy/document.ts'
import { parsePolicy, type PolicyFault } from '../policy/parse-policy.ts'
import { accessError } from './errors.ts'

/** The document of a text, or POLICY_MALFORMED with IAM's sentence, and our place and reason beside it. */
export function requirePolicy(text: string, kind: PolicyKind): PolicyDocument {
  const reading = parsePolicy(text, kind)
  if (reading.kind === 'valid') return reading.document
  const [fault] = reading.faults
  throw accessError('POLICY_MALFORMED', fault.message, { policyError: policyErrorOf(fault) })
}

const longestHeader = 1000

/** `LINE:COLUMN CODE reason` in printable ASCII, since it becomes a header and quotes the document. */
export function policyErrorOf({ at, code, reason }: PolicyFault): string {
  const text = `${at.line}:${at.column} ${code} ${reason}`
  return text.replaceAll(/[^ -~]/g, '?').slice(0, longestHeader)
}
