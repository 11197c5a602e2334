import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { RecordedImage } from './finding-record.ts'
import {
  findRecordedImage,
  findRepositoryRow,
  listRepositoryRows,
  listScannedDigests,
  type RepositoryRow,
} from './recorded-image-store.ts'

/** The image that was seen last. */
export interface ImagePlace {
  readonly repository: string
  readonly digest: string
}

const rowsAtOnce = 100

/** Images of an account whose scan has ended once, in order of repository and digest, behind a place; each met once while others come. */
export async function* imagesOfAccount(
  reader: SqlReader,
  account: AccountId,
  from?: ImagePlace,
): AsyncGenerator<RecordedImage, void> {
  if (from !== undefined) {
    const begun = await findRepositoryRow(reader, account, from.repository)
    if (begun !== undefined) yield* imagesOfRepository(reader, begun, from.digest)
  }
  let after = from?.repository
  for (;;) {
    const page = { after, descending: false, limit: rowsAtOnce }
    const repositories = await listRepositoryRows(reader, account, page)
    for (const repository of repositories) yield* imagesOfRepository(reader, repository, '')
    const last = repositories.at(-1)
    if (last === undefined) return
    after = last.name
  }
}

async function* imagesOfRepository(
  reader: SqlReader,
  { id }: RepositoryRow,
  from: string,
): AsyncGenerator<RecordedImage, void> {
  let after = from
  for (;;) {
    const keys = await listScannedDigests(reader, id, { after, limit: rowsAtOnce })
    for (const key of keys) {
      const image = await findRecordedImage(reader, key)
      if (image !== undefined) yield image
      await yieldToEventLoop()
    }
    const last = keys.at(-1)
    if (last === undefined) return
    after = last.digest
  }
}
