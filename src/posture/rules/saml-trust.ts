// Purpose:  what a trust policy says beside its SAML providers.
// Spec:     IAM User Guide, "AWS JSON policy elements: Principal" (SAML session principals).
// Input:    the text of a trust policy; hostile.
// Deviates: the policy language here knows no SAML. A statement for such a provider of an account names who comes from it and nobody else, so the others are judged.
// Unknowns: a text that is no JSON stays what it is: its reader says that it cannot be understood.
import { readStrictJson } from '../../policy/strict-json.ts'

const samlProvider = /^arn:aws[a-z-]*:iam::[0-9]{12}:saml-provider\/[\w.-]{1,128}$/

/** The text without the statements of SAML providers; undefined where there are no others. */
export function withoutSaml(text: string): string | undefined {
  if (readStrictJson(text).kind === 'unreadable') return text
  const document = recordOf(JSON.parse(text))
  const statements: readonly unknown[] = [document['Statement']].flat()
  const kept = statements.filter((statement) => !isOfSaml(recordOf(statement)))
  if (kept.length === statements.length) return text
  return kept.length === 0 ? undefined : JSON.stringify({ ...document, Statement: kept })
}

function isOfSaml({ Principal: principal }: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(recordOf(principal))
  const [first, ...more] = entries
  if (first === undefined || more.length > 0) return false
  const [type, value] = first
  const named: readonly unknown[] = [value].flat()
  return type === 'Federated' && named.length > 0 && named.every(isSaml)
}

function isSaml(one: unknown): boolean {
  return typeof one === 'string' && samlProvider.test(one)
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? Object.fromEntries(Object.entries(value)) : {}
}
