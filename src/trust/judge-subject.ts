// One digest as it is at this moment: what lies beside it, under each policy that is about it.
import type { Clock } from '../lib/clock.ts'
import { findManifestSummary } from '../registry/manifest-store.ts'
import { findRepositoryById, type Repository } from '../registry/repository-store.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import type { SubjectKey } from './evaluation-jobs.ts'
import { judgeCandidates, type Judgement } from './judge-candidates.ts'
import { listCandidates, type SubjectContent } from './list-candidates.ts'
import type { LoadedPolicy, TrustPlace } from './load-policies.ts'
import type { SignedSubject, Verifier } from './rules/verifier.ts'

export interface EvaluationDeps {
  readonly database: Database
  readonly clock: Clock
  readonly contentOf: (repositoryId: number) => SubjectContent
  readonly verifier: Verifier
  readonly place: TrustPlace
  /** Changes with the verifier: what another one found is found anew. */
  readonly engineRevision: string
}

/** What a digest is judged by, as it was at one moment. */
export interface JudgedSubject {
  readonly repository: Repository
  readonly subject: SignedSubject
  readonly policies: readonly LoadedPolicy[]
  readonly judgement: Judgement
}

/** Undefined where the digest is not in the repository: a signature waits for what it signs. */
export async function judgeSubject(
  deps: Pick<EvaluationDeps, 'clock' | 'contentOf' | 'verifier'> & { readonly database: SqlReader },
  key: SubjectKey,
  policies: readonly LoadedPolicy[],
  options: { readonly signal: AbortSignal },
): Promise<JudgedSubject | undefined> {
  const { database: reader, clock } = deps
  const repository = await findRepositoryById(reader, key.repositoryId)
  const manifest = await findManifestSummary(reader, key.repositoryId, key.digest)
  if (repository === undefined || manifest === undefined) return undefined
  const { mediaType, digest, size } = manifest
  const subject = { mediaType, digest, size, repository: repository.name }
  const content = deps.contentOf(key.repositoryId)
  const trusted = new Set(
    policies.flatMap(({ material }) =>
      [...material.stores.values()].flatMap(({ thumbprints }) => thumbprints),
    ),
  )
  const now = clock.now().getTime()
  const candidates = await listCandidates({ reader, content }, key, { now, trusted })
  const given = { candidates, subject, policies }
  const judgement = await judgeCandidates({ ...deps, content }, given, options)
  return { repository, subject, policies, judgement }
}
