// What the walks through findings have in common: what is asked, how much of it, and where a page ends.
import type { AccountId } from '../policy/account-id.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { criteriaMeet, imageFacts } from './criteria-facts.ts'
import type { FindingRecord, RecordedImage } from './finding-record.ts'
import type { FlawIndexes } from './flaw-index.ts'
import type { RecordDeps, RecordReader } from './read-records.ts'
import { imagesWithFlaw } from './images-with-flaw.ts'
import { findRecordedImage } from './recorded-image-store.ts'
import {
  imageMeets,
  namedValues,
  textMeets,
  type FindingCriteria,
} from './rules/finding-criteria.ts'
import { sortKey, type OrderedFinding, type RecordOrder } from './rules/record-order.ts'
import type { ScanKey } from './scan-store.ts'

export interface RecordListDeps extends RecordDeps {
  readonly region: string
  readonly flawIndexes: FlawIndexes
}

export interface RecordQuestion {
  readonly account: AccountId
  readonly criteria: FindingCriteria
  readonly order: RecordOrder
  readonly limit: number
}

export interface WalkPage<Cursor> {
  readonly records: readonly FindingRecord[]
  /** Undefined at the end; a page may be short, or empty, and not the last. */
  readonly next: Cursor | undefined
}

/** What one page may cost; looking at an image costs one. */
const budgetOfPage = 4000
const costs = { image: 1, flaw: 1, records: 8, package: 0.2 } as const

/** One page on its way. */
export class Walk {
  readonly deps: RecordListDeps
  readonly question: RecordQuestion
  readonly reader: RecordReader
  readonly records: FindingRecord[] = []
  readonly #repositories = new Map<number, boolean>()
  readonly #only: string | undefined
  #spent = 0

  constructor(deps: RecordListDeps, question: RecordQuestion, reader: RecordReader) {
    this.deps = deps
    this.question = question
    this.reader = reader
    const named = namedValues(question.criteria, 'vulnerabilityId')
    this.#only = named?.length === 1 ? named[0] : undefined
  }

  get isFull(): boolean {
    return this.records.length >= this.question.limit
  }

  get isSpent(): boolean {
    return this.#spent >= budgetOfPage
  }

  spend(what: keyof typeof costs): void {
    this.#spent += costs[what]
  }

  /** Whether images of a repository may meet the criteria: one of another account never does. */
  async isOfRepository(repositoryId: number): Promise<boolean> {
    const known = this.#repositories.get(repositoryId)
    if (known !== undefined) return known
    const found = await findRepositoryById(this.deps.reader, repositoryId)
    const isMeant = found?.account === this.question.account && this.isRepositoryMeant(found.name)
    this.#repositories.set(repositoryId, isMeant)
    return isMeant
  }

  isRepositoryMeant(name: string): boolean {
    const { ecrImageRepositoryName } = this.question.criteria
    return ecrImageRepositoryName === undefined || textMeets(ecrImageRepositoryName, [name])
  }

  /** The image where it meets what the criteria say of images. */
  async findImage(key: ScanKey): Promise<RecordedImage | undefined> {
    this.spend('image')
    const image = await findRecordedImage(this.deps.reader, key)
    if (image?.account !== this.question.account) return undefined
    const facts = imageFacts(this.deps.region, image)
    return imageMeets(this.question.criteria, facts) ? image : undefined
  }

  /** The records of an image that meet the criteria; of one flaw where that is asked. */
  async recordsOf(image: RecordedImage, only = this.#only): Promise<readonly FindingRecord[]> {
    this.spend('records')
    const records = await this.reader.read(image, only)
    return records.filter((record) =>
      criteriaMeet(this.question.criteria, this.deps.region, record),
    )
  }

  /** Images of the question's repositories that hold a package with the flaw, behind a place. */
  imagesWithFlaw(
    flaw: string,
    after: { readonly repositoryId: number; readonly digest: string },
  ): AsyncGenerator<ScanKey, void> {
    return imagesWithFlaw(this.deps.reader, flaw, {
      window: this.reader.window,
      after,
      isOfRepository: (id) => this.isOfRepository(id),
      onPackages: (packages) => {
        this.#spent += packages * costs.package
      },
    })
  }

  keyOf(record: FindingRecord): ReturnType<typeof sortKey> {
    return sortKey(this.question.order.field, orderedFinding(record))
  }
}

export function orderedFinding(record: FindingRecord): OrderedFinding {
  const { vulnerability, severity, vendorSeverity, source, score, image, exploitation } = record
  return {
    vulnerability,
    severity,
    vendorSeverity,
    source,
    score: score?.score,
    epss: exploitation.epss?.score,
    status: record.status,
    firstObservedAt: record.firstObservedAt,
    updatedAt: record.updatedAt,
    repository: image.repository,
    digest: image.digest,
    pushedAt: image.pushedAt,
  }
}
