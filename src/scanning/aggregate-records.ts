// Open findings of an account, counted by what they have in common. All images are gone through, a part at each call.
import type { Severity } from '../ecosystems/severity.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import { isScanningError, scanningError } from './errors.ts'
import type { FindingRecord, RecordedImage } from './finding-record.ts'
import { imagesOfAccount } from './images-of-account.ts'
import { openRecordReader, type RecordDeps } from './read-records.ts'
import {
  groupsOf,
  imageIsMeant,
  type GroupableImage,
  type GroupFilters,
  type GroupKind,
  type GroupNames,
} from './rules/record-groups.ts'
import { imageArn } from './spell-finding.ts'

export interface FindingGroup {
  readonly names: GroupNames
  readonly counts: Readonly<Record<Severity, number>>
  readonly all: number
  readonly fixable: number
  readonly exploited: number
  readonly images: number
  /** The last image that was counted in it: that of a group of one image. */
  readonly image: RecordedImage
}

export interface GroupQuestion {
  readonly account: AccountId
  readonly kind: GroupKind
  readonly filters: GroupFilters
}

const imagesOfCall = 300
const maxGroups = 200_000
/** Pages of one answer are of one count; after that it is counted anew. */
const keptMs = 60_000
const keptCounts = 8

/** Counts that are under way or were just made; what is not finished within a call is told as INDEX_PENDING. */
export class Aggregations {
  readonly #deps: RecordDeps & { readonly region: string }
  readonly #clock: Clock
  readonly #runs = new Map<string, { readonly begun: number; readonly run: Run }>()

  constructor(deps: RecordDeps & { readonly region: string }) {
    this.#deps = deps
    this.#clock = deps.clock
  }

  async groups(question: GroupQuestion): Promise<readonly FindingGroup[]> {
    const name = JSON.stringify(question)
    const now = this.#clock.now().getTime()
    const known = this.#runs.get(name)
    const isFresh = known !== undefined && (!known.run.isDone || now - known.begun < keptMs)
    const run = isFresh ? known.run : new Run(this.#deps, question)
    if (!isFresh) {
      this.#runs.delete(name)
      const [oldest] = this.#runs.keys()
      if (oldest !== undefined && this.#runs.size >= keptCounts) this.#runs.delete(oldest)
      this.#runs.set(name, { begun: now, run })
    }
    try {
      return await run.finish()
    } catch (error) {
      // What broke off has not counted all: the next one begins anew.
      if (!isPending(error)) this.#runs.delete(name)
      throw error
    }
  }
}

function isPending(error: unknown): boolean {
  return isScanningError(error) && error.code === 'INDEX_PENDING'
}

interface Tally {
  names: GroupNames
  counts: Record<Severity, number>
  all: number
  fixable: number
  exploited: number
  images: number
  image: RecordedImage
}

class Run {
  readonly #deps: RecordDeps & { readonly region: string }
  readonly #question: GroupQuestion
  readonly #groups = new Map<string, Tally>()
  readonly #images: AsyncGenerator<RecordedImage, void>
  #running: Promise<void> | undefined
  isDone = false

  constructor(deps: RecordDeps & { readonly region: string }, question: GroupQuestion) {
    this.#deps = deps
    this.#question = question
    this.#images = imagesOfAccount(deps.reader, question.account)
  }

  async finish(): Promise<readonly FindingGroup[]> {
    // Those who ask at the same time wait for the same steps.
    this.#running ??= this.#advance().finally(() => {
      this.#running = undefined
    })
    await this.#running
    if (this.isDone) return [...this.#groups.values()]
    throw scanningError('INDEX_PENDING', 'the findings of all images are being counted; ask again')
  }

  async #advance(): Promise<void> {
    const reader = await openRecordReader(this.#deps)
    for (let looked = 0; looked < imagesOfCall && !this.isDone; looked += 1) {
      const { value: image, done } = await this.#images.next()
      if (done === true || image === undefined) {
        this.isDone = true
        return
      }
      const groupable = this.#groupable(image)
      if (!imageIsMeant(this.#question.filters, groupable)) continue
      for (const record of await reader.read(image))
        if (record.status === 'ACTIVE') this.#count(record, groupable)
    }
  }

  #groupable(image: RecordedImage): GroupableImage {
    return { ...image, arn: imageArn(this.#deps.region, image) }
  }

  #count(record: FindingRecord, image: GroupableImage): void {
    const { kind, filters } = this.#question
    const isFixable = record.fixAvailable === 'YES'
    const isExploited = record.exploitation.kev !== undefined
    const finding = { ...record, image, isFixable, isExploited }
    for (const names of groupsOf(kind, filters, finding)) {
      const key = Object.values(names).join('\n')
      const tally = this.#groups.get(key) ?? this.#begin(key, names, record.image)
      tally.counts[record.severity] += 1
      tally.all += 1
      if (isFixable) tally.fixable += 1
      if (isExploited) tally.exploited += 1
      // Images come one after another.
      if (tally.images === 0 || tally.image !== record.image) tally.images += 1
      tally.image = record.image
    }
  }

  #begin(key: string, names: GroupNames, image: RecordedImage): Tally {
    if (this.#groups.size >= maxGroups) {
      const message = `there are more than ${maxGroups} groups; name repositories or images`
      throw scanningError('AGGREGATION_TOO_LARGE', message)
    }
    const tally: Tally = {
      names,
      counts: { CRITICAL: 0, HIGH: 0, MEDIUM: 0, LOW: 0, INFORMATIONAL: 0, UNDEFINED: 0 },
      all: 0,
      fixable: 0,
      exploited: 0,
      images: 0,
      image,
    }
    this.#groups.set(key, tally)
    return tally
  }
}
