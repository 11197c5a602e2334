// Purpose:  who beyond the known principals is let in by what a resource's policies name?
// Spec:     IAM User Guide, "AWS JSON policy elements: Principal", "Cross-account policy evaluation logic".
// Input:    the policies of a resource and its guard rails, compiled.
// Deviates: nothing; of another account's own policies it is taken that they allow everything, which the answer says.
// Unknowns: a unique id that no candidate bears names nobody here; keys of an outsider's requests are free.
import { nobodysAccount, type AccountId } from './account-id.ts'
import { compilePolicy, type CompiledPolicy } from './compile.ts'
import type { PrincipalForm } from './document.ts'
import type { PolicySet } from './evaluate.ts'
import { askFor } from './action-match.ts'
import type { Requester } from './requester.ts'
import type { PartialContext } from './residual.ts'
import { accessFor, type AccessQuestion, type CandidateAccess } from './who-can.ts'

export interface OutsiderAccess extends CandidateAccess {
  /** `public` is who shows no credential; `anyone` is every principal of every other account. */
  readonly kind: 'public' | 'anyone' | 'account' | 'principal' | 'service' | 'web-identity'
  /** What the answer rests on beside this account's policies: that the other account's allow it as well. */
  readonly needsOwnPolicies: boolean
}

/** What a resource's policies can say of people whose own policies nobody here can read. */
export interface ResourceSide {
  readonly resource: readonly CompiledPolicy[]
  readonly rcp: PolicySet['rcp']
  /** What is known of the resource and of every request; the keys of the principal are worked out here. */
  readonly context: PartialContext
}

/** An answer for everybody whom an Allow about this action names, once each; who never may is not among them. */
export function outsidersWhoCan(
  side: ResourceSide,
  question: AccessQuestion,
): readonly OutsiderAccess[] {
  const action = askFor(question.action)
  const named = side.resource.flatMap(({ allows, principals }) =>
    allows
      .filter(({ matchesAction }) => matchesAction(action))
      // A NotPrincipal names nobody with Allow.
      .flatMap(({ written: { principal } }) =>
        principal === undefined || principal.isNegated
          ? []
          : principal.members.map((form) => ({ form, principals })),
      ),
  )
  const outsiders = new Map(
    named
      .flatMap(({ form, principals }) => outsidersOf(form, question.resourceAccount, principals))
      .map((outsider) => [outsider.name, outsider] as const),
  )
  return [...outsiders.values()]
    .map((outsider) => answerFor(outsider, side, question))
    .filter(({ access }) => access.kind !== 'never')
}

interface Outsider {
  readonly name: string
  readonly kind: OutsiderAccess['kind']
  readonly requester: Requester
  /** Keys that its requests have, in lower case; the other keys of principals are free. */
  readonly keys: Readonly<Record<string, string>>
}

function outsidersOf(
  form: PrincipalForm,
  owner: AccountId | undefined,
  ids: ReadonlyMap<string, string>,
): readonly Outsider[] {
  if (form.kind === 'everyone') return [anonymous, anyone]
  if (form.kind === 'service') {
    const requester: Requester = { kind: 'service', name: form.name }
    const keys = { 'aws:principalservicename': form.name, 'aws:principalisawsservice': 'true' }
    return [{ name: form.name, kind: 'service', requester, keys }]
  }
  if (form.kind === 'oidc-provider') {
    const requester: Requester = { kind: 'web-identity', providerArn: form.arn }
    return [{ name: form.arn, kind: 'web-identity', requester, keys: {} }]
  }
  if (form.kind === 'unique-id' || form.account === owner) return []
  const keys = { 'aws:principalaccount': form.account }
  if (form.kind === 'account') {
    // Its root stands for all of it: whoever its policies allow everything.
    const requester: Requester = { kind: 'root', account: form.account }
    return [{ name: `arn:aws:iam::${form.account}:root`, kind: 'account', requester, keys }]
  }
  return [
    {
      name: form.arn,
      kind: 'principal',
      requester: foreigner(form, ids),
      keys: form.kind === 'session' ? keys : { ...keys, 'aws:principalarn': form.arn },
    },
  ]
}

const anonymous: Outsider = {
  name: 'public',
  kind: 'public',
  requester: { kind: 'anonymous' },
  keys: { 'aws:principaltype': 'Anonymous', 'aws:userid': 'anonymous' },
}

/** Whoever that is, it is not of this account. */
const anyone: Outsider = {
  name: 'anyone',
  kind: 'anyone',
  requester: { kind: 'root', account: nobodysAccount },
  keys: {},
}

function foreigner(
  form: Extract<PrincipalForm, { readonly arn: string; readonly account: AccountId }>,
  ids: ReadonlyMap<string, string>,
): Requester {
  const { kind, account, arn } = form
  // A principal of this installation's other accounts was resolved when the policy was put.
  const id = ids.get(arn) ?? arn
  if (kind === 'user') return { kind, account, id, arn }
  const [, name = '', session = '*'] = arn.split('/')
  if (kind === 'federated-user') {
    const userArn = `arn:aws:iam::${account}:user/${name}`
    return { kind, account, sessionArn: arn, userId: userArn, userArn }
  }
  const isRole = kind === 'role'
  const roleArn = isRole ? arn : `arn:aws:iam::${account}:role/${name}`
  const roleName = isRole ? roleArn.slice(roleArn.lastIndexOf('/') + 1) : name
  const sessionArn = `arn:aws:sts::${account}:assumed-role/${roleName}/${isRole ? '*' : session}`
  const roleId = isRole ? id : roleArn
  return { kind: 'assumed-role', account, roleId, roleArn, sessionArn }
}

function answerFor(
  { name, kind, requester, keys }: Outsider,
  { resource, rcp, context }: ResourceSide,
  question: AccessQuestion,
): OutsiderAccess {
  const isMember = 'account' in requester
  const known: PartialContext = {
    get: (key) => keys[key] ?? (isOfPrincipal(key) ? undefined : context.get(key)),
    isFree: (key) => {
      if (keys[key] !== undefined) return false
      // Who is no member of an account has no tags, no name and no ARN.
      return isOfPrincipal(key) ? isMember : context.isFree(key)
    },
  }
  const policies: PolicySet = {
    identity: isMember ? [everything] : [],
    resource,
    boundary: undefined,
    session: undefined,
    scp: [],
    rcp,
  }
  const answer = accessFor({ name, requester, policies, context: known }, question)
  const grantedBy = answer.grantedBy.filter(({ type }) => type !== 'identity')
  return { ...answer, grantedBy, kind, needsOwnPolicies: isMember }
}

function isOfPrincipal(key: string): boolean {
  return /^aws:(?:principal|userid$|username$|tokenissuetime$|multifactorauth|federatedprovider$|sourceidentity$)/.test(
    key,
  )
}

const everything = compilePolicy(
  {
    version: '2012-10-17',
    id: undefined,
    statements: [
      {
        index: 0,
        sid: undefined,
        effect: 'Allow',
        principal: undefined,
        action: { isNegated: false, patterns: ['*'] },
        resource: { isNegated: false, patterns: ['*'] },
        conditions: [],
        at: { pointer: '', line: 1, column: 1 },
      },
    ],
  },
  { type: 'identity', id: 'the policies of the other account' },
  new Map(),
)
