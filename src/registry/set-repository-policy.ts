import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import { resolvePrincipals } from '../access/resolve-principals.ts'
import type { StoredPolicy } from '../access/policy-snapshot-store.ts'
import { repositoryPolicyName } from '../access/stored-policy.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import { repositoryArn } from '../policy/arn.ts'
import { compilePolicy, type CompiledPolicy } from '../policy/compile.ts'
import type { PolicyDocument, Statement } from '../policy/document.ts'
import { compileResource } from '../policy/resource-match.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { policyMalformed, readPolicy, type ResourcePolicyKind } from './read-policy.ts'
import { putRepositoryPolicyRow } from './repository-policy-store.ts'
import { getRepository, type Repository, type RepositoryAddress } from './repository-store.ts'
import { grantsToEverybody } from './rules/public-grant.ts'

export interface SetRepositoryPolicyDeps {
  readonly database: Database
  readonly clock: Clock
  readonly region: string
  /** Whether pulls without credentials are possible at all. */
  readonly isAnonymousPullOn: boolean
}

/** Whose policy it is to be. */
export interface PolicyPlace {
  readonly account: AccountId
  /** Of the repository; of all that a template is for, with a star at its end. */
  readonly arn: string
  /** As refusals name it: `repository team/app`. */
  readonly shown: string
  /** What to do who means it though it is refused as harmful. */
  readonly ifMeant: string
}

/** Whether the caller could put another policy under this one. */
export type MayStillSet = (policy: CompiledPolicy) => Promise<boolean>

/**
 * Puts the policy of a repository: POLICY_MALFORMED; without `force` also POLICY_LOCKS_OUT and POLICY_IS_PUBLIC. The text is
 * kept as it is.
 */
export async function setRepositoryPolicy(
  deps: SetRepositoryPolicyDeps,
  input: {
    readonly repository: RepositoryAddress
    readonly text: string
    readonly force: boolean
    readonly mayStillSet: MayStillSet
  },
): Promise<void> {
  const { text, force, mayStillSet } = input
  const document = readPolicy(text, 'repository')
  await deps.database.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository)
    const place = placeOf(deps.region, repository)
    const principals = await requirePossible(tx, place, document)
    if (!force) await requireHarmless(deps, place, { document, principals, mayStillSet })
    await keepPolicy(tx, deps, repository.id, { document: text, principals })
  })
}

/** Refuses what `setRepositoryPolicy` would without `force`, of a policy that repositories are to have which are not there yet. */
export async function checkFuturePolicy(
  reader: SqlReader,
  deps: Pick<SetRepositoryPolicyDeps, 'isAnonymousPullOn'>,
  input: {
    readonly place: PolicyPlace
    readonly text: string
    readonly mayStillSet: MayStillSet
  },
): Promise<void> {
  const { place, mayStillSet } = input
  const document = readPolicy(input.text, 'repository')
  const principals = await requirePossible(reader, place, document)
  await requireHarmless(deps, place, { document, principals, mayStillSet })
}

/** The policy as it will be judged when a repository has it; POLICY_MALFORMED when a principal of it is gone by now. */
export async function compileFuturePolicy(
  reader: SqlReader,
  place: PolicyPlace,
  text: string,
): Promise<CompiledPolicy> {
  const document = readPolicy(text, 'repository')
  const principals = await requirePossible(reader, place, document)
  return compilePolicy(document, repositoryPolicyName, principals)
}

/** The policy of a repository that was made in this transaction, as whoever made it is trusted with. */
export async function giveFirstPolicy(
  tx: SqlWriter,
  deps: Pick<SetRepositoryPolicyDeps, 'clock' | 'region'>,
  repository: Repository,
  text: string,
): Promise<void> {
  const document = readPolicy(text, 'repository')
  const principals = await requirePossible(tx, placeOf(deps.region, repository), document)
  await keepPolicy(tx, deps, repository.id, { document: text, principals })
}

export function placeOf(region: string, { account, name }: RepositoryAddress): PolicyPlace {
  const arn = repositoryArn(region, account, name)
  return { account, arn, shown: `repository ${name}`, ifMeant: 'force it if that is meant' }
}

async function keepPolicy(
  tx: SqlWriter,
  { clock }: { readonly clock: Clock },
  repositoryId: number,
  policy: StoredPolicy,
): Promise<void> {
  await putRepositoryPolicyRow(tx, repositoryId, policy, clock.now())
  await bumpPolicyEpoch(tx)
}

/** Whom it names, by id. */
async function requirePossible(
  reader: SqlReader,
  place: PolicyPlace,
  document: PolicyDocument,
): Promise<ReadonlyMap<string, string>> {
  refuseOtherResources(place, document)
  return resolveOrRefuse(reader, document, 'repository')
}

async function requireHarmless(
  { isAnonymousPullOn }: Pick<SetRepositoryPolicyDeps, 'isAnonymousPullOn'>,
  place: PolicyPlace,
  policy: {
    readonly document: PolicyDocument
    readonly principals: ReadonlyMap<string, string>
    readonly mayStillSet: MayStillSet
  },
): Promise<void> {
  const { document, principals, mayStillSet } = policy
  if (isAnonymousPullOn && grantsToEverybody(document)) throw isPublic(place)
  const compiled = compilePolicy(document, repositoryPolicyName, principals)
  if (!(await mayStillSet(compiled))) throw locksOut(place)
}

export async function resolveOrRefuse(
  reader: SqlReader,
  document: PolicyDocument,
  kind: ResourcePolicyKind,
): Promise<ReadonlyMap<string, string>> {
  const resolved = await resolvePrincipals(reader, document)
  if (resolved.kind === 'resolved') return resolved.ids
  const { arn } = resolved
  const named = document.statements.find(
    ({ principal }) =>
      principal !== undefined &&
      principal.members.some((member) => 'arn' in member && member.arn === arn),
  )
  const at = named?.at ?? { line: 1, column: 1 }
  throw policyMalformed(kind, { code: 'INVALID_PRINCIPAL', reason: `there is no ${arn}`, at })
}

const noValues = { get: () => undefined }

/** A policy of one repository can speak of that one only; one with another in it would silently do nothing. */
function refuseOtherResources({ arn }: PolicyPlace, { statements, version }: PolicyDocument): void {
  const isOther = ({ resource }: Statement): boolean =>
    resource !== undefined &&
    compileResource(resource, { hasVariables: version === '2012-10-17' }).matches(arn, noValues) ===
      false
  const other = statements.find(isOther)
  if (other === undefined) return
  const reason = `Resource is not this repository; leave it out, or write * or ${arn}`
  throw policyMalformed('repository', { code: 'OTHER_RESOURCE', reason, at: other.at })
}

function locksOut({ shown, account, ifMeant }: PolicyPlace): Error {
  const message = `under this policy you could not set another policy of ${shown}; ${ifMeant}`
  return registryError('POLICY_LOCKS_OUT', message, { account })
}

function isPublic({ shown, account, ifMeant }: PolicyPlace): Error {
  const message = `this policy lets everybody pull from ${shown}, without credentials; ${ifMeant}`
  return registryError('POLICY_IS_PUBLIC', message, { account })
}
