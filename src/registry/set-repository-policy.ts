import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import { resolvePrincipals } from '../access/resolve-principals.ts'
import { repositoryPolicyName } from '../access/stored-policy.ts'
import type { Clock } from '../lib/clock.ts'
import { repositoryArn } from '../policy/arn.ts'
import { compilePolicy, type CompiledPolicy } from '../policy/compile.ts'
import type { PolicyDocument, Statement } from '../policy/document.ts'
import { compileResource } from '../policy/resource-match.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
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

/**
 * Puts the policy of a repository: POLICY_MALFORMED; without `force` also POLICY_LOCKS_OUT and POLICY_IS_PUBLIC. The text is
 * kept as it is. `mayStillSet` says whether the caller could put another policy under this one.
 */
export async function setRepositoryPolicy(
  deps: SetRepositoryPolicyDeps,
  input: {
    readonly repository: RepositoryAddress
    readonly text: string
    readonly force: boolean
    readonly mayStillSet: (policy: CompiledPolicy) => Promise<boolean>
  },
): Promise<void> {
  const { text, force } = input
  const document = readPolicy(text, 'repository')
  await deps.database.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository)
    refuseOtherResources(deps.region, repository, document)
    const principals = await resolveOrRefuse(tx, document, 'repository')
    if (!force) {
      if (deps.isAnonymousPullOn && grantsToEverybody(document)) throw isPublic(repository)
      const compiled = compilePolicy(document, repositoryPolicyName, principals)
      if (!(await input.mayStillSet(compiled))) throw locksOut(repository)
    }
    await putRepositoryPolicyRow(
      tx,
      repository.id,
      { document: text, principals },
      deps.clock.now(),
    )
    await bumpPolicyEpoch(tx)
  })
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
function refuseOtherResources(
  region: string,
  repository: Repository,
  { statements, version }: PolicyDocument,
): void {
  const arn = repositoryArn(region, repository.account, repository.name)
  const isOther = ({ resource }: Statement): boolean =>
    resource !== undefined &&
    compileResource(resource, { hasVariables: version === '2012-10-17' }).matches(arn, noValues) ===
      false
  const other = statements.find(isOther)
  if (other === undefined) return
  const reason = `Resource is not this repository; leave it out, or write * or ${arn}`
  throw policyMalformed('repository', { code: 'OTHER_RESOURCE', reason, at: other.at })
}

function locksOut({ name, account }: Repository): Error {
  const message = `under this policy you could not set another policy of repository ${name}; force it if that is meant`
  return registryError('POLICY_LOCKS_OUT', message, { repository: name, account })
}

function isPublic({ name, account }: Repository): Error {
  const message = `this policy lets everybody pull from repository ${name}, without credentials; force it if that is meant`
  return registryError('POLICY_IS_PUBLIC', message, { repository: name, account })
}
