import type { Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Repository } from '../registry/repository-store.ts'
import type { SignatureReason, SignatureResult } from '../signatures/outcome.ts'
import type { SweepPlace } from './evaluation-jobs.ts'
import { judgeSubject, type EvaluationDeps } from './judge-subject.ts'
import { loadMaterial, type LoadedPolicy } from './load-policies.ts'
import { maxPolicies, readTrustPolicy } from './put-trust-policy.ts'
import { readEvidence } from './read-evidence.ts'
import { covers } from './rules/policy-coverage.ts'
import type { TrustPolicy } from './rules/trust-policy.ts'
import { listPolicyRows } from './trust-policy-store.ts'
import { nextSubjects, type SubjectPage } from './walk-subjects.ts'
import { weighSignatures } from './weigh-judgement.ts'

/** One image, of which a draft would say something else than what is in force under its name. */
export interface TestedImage {
  readonly kind: 'image'
  readonly repository: string
  readonly digest: string
  readonly before: TestedResult
  readonly after: TestedResult
}

interface TestedResult {
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
}

export interface TestSummary {
  readonly kind: 'summary'
  readonly policy: string
  /** Images that have something beside them, in repositories that the draft is about. */
  readonly images: number
  readonly changed: number
  readonly gained: number
  readonly lost: number
}

/** More are not looked at; the summary says how many were. */
const maxImages = 10_000

/** Judges what is stored by a draft, and writes nothing. TRUST_POLICY_INVALID. Each image that would change, then the sum. */
export async function* testTrustPolicy(
  deps: EvaluationDeps,
  { account, text }: { readonly account: AccountId; readonly text: string },
  options: { readonly signal: AbortSignal },
): AsyncGenerator<TestedImage | TestSummary> {
  const { database: reader, place, clock } = deps
  const policy = readTrustPolicy(text)
  const loaded = { policy, revision: 0, material: await loadMaterial(reader, account, policy) }
  const summary = { images: 0, changed: 0, gained: 0, lost: 0 }
  for await (const { repository, digest } of subjectsOf(deps, account, policy)) {
    options.signal.throwIfAborted()
    if (summary.images >= maxImages) break
    const after = await weighDraft(deps, { repository, digest, loaded }, options)
    if (after === undefined) continue
    summary.images += 1
    const asked = { account, repository: repository.name, digest, policy: policy.name }
    const before = await readEvidence({ reader, place }, asked, clock.now().getTime())
    if (before.result === after.result && before.reason === after.reason) continue
    summary.changed += 1
    if (after.result === 'verified') summary.gained += 1
    if (before.result === 'verified') summary.lost += 1
    const was = { result: before.result, reason: before.reason }
    yield { kind: 'image', repository: repository.name, digest, before: was, after }
  }
  yield { kind: 'summary', policy: policy.name, ...summary }
}

async function weighDraft(
  deps: EvaluationDeps,
  given: {
    readonly repository: Repository
    readonly digest: Digest
    readonly loaded: LoadedPolicy
  },
  options: { readonly signal: AbortSignal },
): Promise<TestedResult | undefined> {
  const key = { repositoryId: given.repository.id, digest: given.digest }
  const judged = await judgeSubject(deps, key, [given.loaded], options)
  if (judged === undefined) return undefined
  const { result, reason } = weighSignatures(judged, given.loaded, deps.engineRevision)
  return { result, reason }
}

/** Each once for each repository, of those that the policy is about. */
async function* subjectsOf(
  { database: reader, place }: Pick<EvaluationDeps, 'database' | 'place'>,
  account: AccountId,
  policy: TrustPolicy,
): AsyncGenerator<{ readonly repository: Repository; readonly digest: Digest }> {
  const rows = await listPolicyRows(reader, account, maxPolicies)
  const others = rows
    .filter(({ name }) => name !== policy.name)
    .map((row) => readTrustPolicy(row.text))
  const { region, hostsOf } = place
  const seen = new Set<string>()
  let at: SweepPlace | undefined
  do {
    const page: SubjectPage | undefined = await nextSubjects(reader, account, at)
    if (page === undefined) return
    const { repository, subjects } = page
    const { name } = repository
    const isCovered = covers(policy, { account, name, region, hosts: hostsOf(account) }, others)
    for (const digest of isCovered ? subjects : []) {
      const key = `${repository.id}/${digest}`
      // An image may have referrers and a tag.
      if (seen.has(key)) continue
      if (seen.size < maxImages) seen.add(key)
      yield { repository, digest }
    }
    at = page.next
  } while (at !== undefined)
}
