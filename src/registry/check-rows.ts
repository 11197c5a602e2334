import { pagesOf } from '../lib/pages.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import {
  deleteDanglingLink,
  listNeededDeletions,
  unqueueNeededDeletion,
  walkLinks,
  walkTags,
  type LinkRecord,
  type TagRecord,
} from './check-store.ts'
import type { CheckDeps, CheckInput, CheckStep } from './check-step.ts'
import { findRepositoryById } from './repository-store.ts'
import { problem } from './rules/storage-problems.ts'
import { recountAccount, recountRepository } from './usage-store.ts'

const pageSize = 1000

/** Nothing is queued for removal that a blob or an open upload needs. One statement sees both, so nothing can come between. */
export async function* checkQueue(deps: CheckDeps, input: CheckInput): AsyncGenerator<CheckStep> {
  const pages = pagesOf<string>(pageSize, (last) =>
    listNeededDeletions(deps.database, { after: last ?? '', limit: pageSize }),
  )
  for await (const page of pages) {
    for (const key of page) {
      const isDone =
        input.repair && (await deps.database.transaction((tx) => unqueueNeededDeletion(tx, key)))
      const detail = 'the collector would remove them'
      yield { kind: 'problem', problem: problem('deletion-of-needed-bytes', key, detail, isDone) }
    }
  }
}

/** Every link leads to a blob that is live, or missing and waiting for its bytes. Judged by one statement, as above. */
export async function* checkLinks(deps: CheckDeps, input: CheckInput): AsyncGenerator<CheckStep> {
  const first = { repositoryId: 0, blobId: 0 }
  const pages = pagesOf<LinkRecord>(pageSize, (last) =>
    walkLinks(deps.database, { after: last ?? first, limit: pageSize }),
  )
  for await (const page of pages) {
    for (const link of page) {
      if (link.state === 'live' || link.state === 'missing') continue
      const isDone = input.repair && (await deps.database.transaction((tx) => removeLink(tx, link)))
      const subject = `${link.repository} blob ${link.blobId}`
      const detail = link.state === undefined ? 'no such blob' : `it is ${link.state}`
      yield { kind: 'problem', problem: problem('link-dangling', subject, detail, isDone) }
    }
    yield { kind: 'counted', counts: { links: page.length } }
  }
}

/** A blob that is not there has no size to be taken off: usage is counted anew. */
async function removeLink(tx: SqlWriter, link: LinkRecord): Promise<boolean> {
  if (!(await deleteDanglingLink(tx, link))) return false
  const repository = await findRepositoryById(tx, link.repositoryId)
  await recountRepository(tx, link.repositoryId)
  if (repository !== undefined) await recountAccount(tx, repository.account)
  return true
}

/** Every tag points to a manifest. Judged by one statement, as above. */
export async function* checkTags(deps: CheckDeps): AsyncGenerator<CheckStep> {
  const first = { repositoryId: 0, name: '' }
  const pages = pagesOf<TagRecord>(pageSize, (last) =>
    walkTags(deps.database, { after: last ?? first, limit: pageSize }),
  )
  for await (const page of pages) {
    for (const { repository, name, digest, hasManifest } of page) {
      if (hasManifest) continue
      const subject = `${repository}:${name}`
      yield { kind: 'problem', problem: problem('tag-dangling', subject, `to ${digest}`, false) }
    }
    yield { kind: 'counted', counts: { tags: page.length } }
  }
}
