// Purpose:  read one value of a Principal or NotPrincipal element.
// Spec:     IAM User Guide, "AWS JSON policy elements: Principal" and "IAM identifiers" (unique ids).
// Input:    the type it stands under (`AWS`, `Federated`, `Service`, ...) and its text; hostile.
// Deviates: SAML providers, canonical users and public identity providers are refused: nobody here can be one.
// Unknowns: text of no known form → a fault, never a principal; a pattern is no form.
import { parseAccountId, type AccountId } from '../account-id.ts'
import type { PrincipalForm } from '../document.ts'
import { quoted } from '../strict-json.ts'
import type { FaultCode } from './faults.ts'

export type PrincipalReading =
  | { readonly kind: 'principal'; readonly form: PrincipalForm }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly problem: string }

/** Names of users and roles are up to 64 characters of this set, under a path of printable ASCII (IAM API, Path). */
const entity = /^(user|role)\/(?:[\u0021-\u007E]{1,510}\/)?[\w+=,.@-]{1,64}$/
const session = /^assumed-role\/[\w+=,.@-]{1,64}\/[\w+=,.@-]{1,64}$/
const federatedUser = /^federated-user\/[\w+=,.@-]{2,32}$/
const uniqueId = /^A(?:IDA|ROA)[A-Z0-9]{12,124}$/
const provider = /^oidc-provider\/[\u0021-\u007E]{1,1000}$/
const serviceName = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/

/** The form of one principal, or what is wrong with it. */
export function readPrincipal(type: string, text: string): PrincipalReading {
  if (type === 'AWS') return readAwsPrincipal(text)
  if (type === 'Federated') return readFederated(text)
  if (type === 'Service') return readService(text)
  const problem =
    type === 'CanonicalUser'
      ? 'canonical users are of S3'
      : `${quoted(type)} is no type of principals: they are AWS, Federated and Service`
  return { kind: 'fault', code: 'UNSUPPORTED_PRINCIPAL', problem }
}

function readAwsPrincipal(text: string): PrincipalReading {
  if (text === '*') return found({ kind: 'everyone' })
  const account = parseAccountId(text)
  if (account !== undefined) return found({ kind: 'account', account })
  if (uniqueId.test(text)) return found({ kind: 'unique-id', id: text })
  if (/[*?]/.test(text)) return wildcard(text)
  const arn = /^arn:aws:(iam|sts)::([0-9]{12}):(.+)$/.exec(text)
  const [, service = '', digits = '', resource = ''] = arn ?? []
  const owner = parseAccountId(digits)
  if (owner === undefined) {
    const problem = `${quoted(text)} is no account, no unique id, and no ARN arn:aws:iam::ACCOUNT:...`
    return { kind: 'fault', code: 'INVALID_PRINCIPAL', problem }
  }
  const form = service === 'iam' ? iamForm(owner, resource, text) : stsForm(owner, resource, text)
  if (form !== undefined) return found(form)
  const problem = `${quoted(text)} is no user, role or session: groups, instance profiles and policies are no principals`
  return { kind: 'fault', code: 'INVALID_PRINCIPAL', problem }
}

function iamForm(account: AccountId, resource: string, arn: string): PrincipalForm | undefined {
  if (resource === 'root') return { kind: 'account', account }
  if (!entity.test(resource)) return undefined
  return { kind: resource.startsWith('user/') ? 'user' : 'role', account, arn }
}

function stsForm(account: AccountId, resource: string, arn: string): PrincipalForm | undefined {
  if (session.test(resource)) return { kind: 'session', account, arn }
  return federatedUser.test(resource) ? { kind: 'federated-user', account, arn } : undefined
}

function readFederated(text: string): PrincipalReading {
  if (/[*?]/.test(text)) return wildcard(text)
  const [, digits = '', resource = ''] = /^arn:aws:iam::([0-9]{12}):(.+)$/.exec(text) ?? []
  if (parseAccountId(digits) !== undefined && provider.test(resource)) {
    return found({ kind: 'oidc-provider', arn: text })
  }
  const problem = `${quoted(text)} is no OIDC provider of an account: arn:aws:iam::ACCOUNT:oidc-provider/HOST`
  return { kind: 'fault', code: 'UNSUPPORTED_PRINCIPAL', problem }
}

function readService(text: string): PrincipalReading {
  if (/[*?]/.test(text)) return wildcard(text)
  if (serviceName.test(text) && text.length <= 253) return found({ kind: 'service', name: text })
  const problem = `${quoted(text)} is no name of a service, such as replication.ecr.amazonaws.com`
  return { kind: 'fault', code: 'INVALID_PRINCIPAL', problem }
}

function found(form: PrincipalForm): PrincipalReading {
  return { kind: 'principal', form }
}

function wildcard(text: string): PrincipalReading {
  const problem = `${quoted(text)} holds a wildcard, and a principal is no pattern`
  return { kind: 'fault', code: 'UNSUPPORTED_WILDCARD_IN_PRINCIPAL', problem }
}
