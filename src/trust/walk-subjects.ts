// The digests of an account that have something beside them which may be a signature, page by page.
import type { Digest } from '../oci/digest.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import type { AccountId } from '../policy/account-id.ts'
import {
  findRepository,
  listRepositoriesOf,
  type Repository,
} from '../registry/repository-store.ts'
import { signatureSubjectOf } from '../registry/rules/companion-tag.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listSignatureTags, listSubjects } from './candidate-store.ts'
import type { SweepPlace } from './evaluation-jobs.ts'

const pageSize = 50

export interface SubjectPage {
  readonly repository: Repository
  readonly subjects: readonly Digest[]
  readonly next: SweepPlace | undefined
}

/** The page at a place, in the order of repositories; undefined where nothing is left. */
export async function nextSubjects(
  reader: SqlReader,
  account: AccountId,
  place: SweepPlace | undefined,
): Promise<SubjectPage | undefined> {
  const found =
    place === undefined ? undefined : await repositoryAt(reader, account, place.repository)
  // A repository that is gone meanwhile is passed over.
  const repository = found ?? (await repositoryAfter(reader, account, place?.repository ?? ''))
  if (repository === undefined) return undefined
  const { phase, after } = found === undefined || place === undefined ? start : place
  const page = { after, limit: pageSize }
  return phase === 'referrers'
    ? referrersPage(reader, repository, page)
    : tagsPage(reader, account, repository, page)
}

interface Page {
  readonly after: string
  readonly limit: number
}

async function referrersPage(
  reader: SqlReader,
  repository: Repository,
  page: Page,
): Promise<SubjectPage> {
  const { id, name } = repository
  const subjects = await listSubjects(reader, id, page)
  const last = subjects.length < page.limit ? undefined : subjects.at(-1)
  const next: SweepPlace =
    last === undefined
      ? { repository: name, phase: 'tags', after: '' }
      : { repository: name, phase: 'referrers', after: last }
  return { repository, subjects, next }
}

async function tagsPage(
  reader: SqlReader,
  account: AccountId,
  repository: Repository,
  page: Page,
): Promise<SubjectPage> {
  const { id, name } = repository
  const tags = await listSignatureTags(reader, id, page)
  const subjects = tags.flatMap((tag) => signatureSubjectOf(tag) ?? [])
  const last = tags.length < page.limit ? undefined : tags.at(-1)
  if (last !== undefined)
    return { repository, subjects, next: { repository: name, phase: 'tags', after: last } }
  const following = await repositoryAfter(reader, account, name)
  const next = following === undefined ? undefined : { repository: following.name, ...start }
  return { repository, subjects, next }
}

const start = { phase: 'referrers', after: '' } as const

async function repositoryAt(
  reader: SqlReader,
  account: AccountId,
  text: string,
): Promise<Repository | undefined> {
  const name = parseRepositoryName(text)
  return name === undefined ? undefined : findRepository(reader, { account, name })
}

async function repositoryAfter(
  reader: SqlReader,
  account: AccountId,
  after: string,
): Promise<Repository | undefined> {
  const [next] = await listRepositoriesOf(reader, account, { after, limit: 1 })
  return next
}
