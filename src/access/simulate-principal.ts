// Whose policies a simulation holds, and who is simulated to ask.
import type { AccountId } from '../policy/account-id.ts'
import { contextOf } from '../policy/context-values.ts'
import { compileTokens, tokenise } from '../policy/pattern.ts'
import type { Requester } from '../policy/requester.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { accessError } from './errors.ts'
import { listIdentityTags } from './identity-tag-store.ts'
import type { OwnerAddress } from './inline-policies.ts'
import {
  arnOfOwner,
  entityOfArn,
  listPolicySources,
  readManagedSource,
  requireOwnerOfArn,
  type PolicySource,
} from './policy-sources.ts'
import { findPolicyOwner, type PolicyOwner } from './policy-owner-store.ts'
import {
  compileStoredSource,
  type SimulatedCaller,
  type SimulatedPolicy,
  type SimulatedSource,
} from './simulate-policies.ts'

/** Policies to be left out: what would be decided without them? */
export type PolicyExclusion =
  | { readonly kind: 'type'; readonly type: string }
  /** `*` and `?` stand for what they stand for in policies. */
  | { readonly kind: 'arn'; readonly pattern: string }
  | {
      readonly kind: 'inline'
      readonly name: string
      readonly ownerKind: string
      readonly ownerPattern: string
    }

export interface PrincipalPolicies {
  readonly owner: PolicyOwner
  readonly identity: readonly SimulatedPolicy[]
  readonly boundary: SimulatedPolicy | undefined
}

/** The policies of the user, role or group that the ARN names, without those that are excluded. */
export async function gatherPrincipalPolicies(
  reader: SqlReader,
  account: AccountId,
  asked: { readonly arn: string; readonly exclusions: readonly PolicyExclusion[] },
): Promise<PrincipalPolicies> {
  const owner = await requireOwnerOfArn(reader, account, asked.arn)
  const isExcluded = exclusionOf(asked.exclusions)
  const sources = await listPolicySources(reader, owner)
  const isBounded = owner.boundaryArn !== undefined && !isTypeExcluded(asked, 'permission-boundary')
  const boundary = isBounded
    ? await readManagedSource(reader, account, owner.boundaryArn ?? '')
    : undefined
  return {
    owner,
    identity: sources
      .filter((source) => !isExcluded(source))
      .map((source) => compileStoredSource(sourceOf(source), 'identity')),
    boundary:
      boundary === undefined ? undefined : compileStoredSource(sourceOf(boundary), 'boundary'),
  }
}

export function isTypeExcluded(
  { exclusions }: { readonly exclusions: readonly PolicyExclusion[] },
  type: 'permission-boundary' | 'scp' | 'rcp',
): boolean {
  return exclusions.some((one) => one.kind === 'type' && one.type === type)
}

/** As the policy simulator names them: `user_dev_pull`, or the name of a managed policy. */
function sourceOf(source: PolicySource): SimulatedSource {
  const { name, document: text } = source
  if (source.kind === 'managed') {
    return { id: name, type: source.isOfAws ? 'aws-managed' : 'user-managed', text }
  }
  const { owner } = source
  return { id: `${owner.kind}_${owner.name}_${name}`, type: owner.kind, text }
}

function exclusionOf(exclusions: readonly PolicyExclusion[]): (source: PolicySource) => boolean {
  const tests = exclusions.map((exclusion) => testOf(exclusion))
  return (source) => tests.some((matches) => matches(source))
}

function testOf(exclusion: PolicyExclusion): (source: PolicySource) => boolean {
  switch (exclusion.kind) {
    case 'type':
      return (source) => exclusion.type === typeOf(source)
    case 'arn': {
      const matches = matcherOf(exclusion.pattern)
      return (source) => source.kind === 'managed' && matches(source.arn)
    }
    case 'inline': {
      const matches = matcherOf(exclusion.ownerPattern)
      return (source) =>
        source.kind === 'inline' &&
        source.name.toLowerCase() === exclusion.name.toLowerCase() &&
        source.owner.kind === exclusion.ownerKind &&
        matches(source.owner.name)
    }
  }
}

function typeOf(source: PolicySource): string {
  if (source.kind === 'inline') return 'inline'
  return source.isOfAws ? 'aws-managed' : 'user-managed'
}

function matcherOf(pattern: string): (text: string) => boolean {
  if (pattern.split('*').length > 2) {
    throw accessError('INPUT_INVALID', `${pattern} has more than one wildcard *.`)
  }
  const matches = compileTokens(tokenise(pattern, { hasVariables: false, hasWildcards: true }))
  const nothing = contextOf({})
  return (text) => matches(text, nothing) === true
}

/** A user, a role or a group asks, of whatever account; of this account with what is known of it. */
export async function simulatedCaller(
  reader: SqlReader,
  account: AccountId,
  arn: string,
): Promise<SimulatedCaller> {
  const entity = entityOfArn(arn)
  const named =
    entity.account === account ? await findPolicyOwner(reader, account, entity) : undefined
  // In another path, or in other letters, it is nobody.
  const owner = named !== undefined && arnOfOwner(named) === arn ? named : undefined
  const derived = {
    'aws:PrincipalArn': arn,
    'aws:PrincipalAccount': entity.account,
    'aws:PrincipalType': entity.kind === 'role' ? 'AssumedRole' : 'User',
    ...(entity.kind === 'user' ? { 'aws:username': entity.name } : {}),
    ...(owner === undefined ? {} : await knownOf(reader, owner)),
  }
  const requester = requesterOf(arn, { ...entity, id: owner?.id ?? '' })
  return { requester, account: entity.account, derived }
}

/** Somebody of the account, of whom nothing else is said. */
export function anybodyOf(account: AccountId): SimulatedCaller {
  const requester = { kind: 'user', account, id: '', arn: '' } as const
  return { requester, account, derived: { 'aws:PrincipalAccount': account } }
}

function requesterOf(
  arn: string,
  { account, kind, name, id }: OwnerAddress & { readonly id: string },
): Requester {
  if (kind !== 'role') return { kind: 'user', account, id, arn }
  // No session is meant: a policy that names one by its ARN does not mean this caller.
  const sessionArn = `arn:aws:sts::${account}:assumed-role/${name}/*`
  return { kind: 'assumed-role', account, roleId: id, roleArn: arn, sessionArn }
}

/** Of a role no `aws:userid`: that is its session's. */
async function knownOf(
  reader: SqlReader,
  { id, kind }: PolicyOwner,
): Promise<Readonly<Record<string, string>>> {
  const tags = await listIdentityTags(reader, id)
  const tagKeys = Object.fromEntries(
    tags.map(({ key, value }) => [`aws:PrincipalTag/${key}`, value]),
  )
  return kind === 'user' ? { ...tagKeys, 'aws:userid': id } : tagKeys
}
