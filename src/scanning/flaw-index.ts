// The flaws that any package has, in each order that findings may be listed in. As large as the data's flaws, whatever the images.
import { severities, type Severity } from '../ecosystems/severity.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listCveFactSources } from './cve-fact-store.ts'
import { scanningError } from './errors.ts'
import {
  listEndedFlaws,
  listFlawFaces,
  listFlawMoments,
  listFlawNames,
  listUnnumberedPackages,
  type FlawFace,
  type Window,
} from './flaw-store.ts'
import { listMatches, type PackageFinding } from './list-matches.ts'
import { readFlawFacts } from './read-flaw-facts.ts'
import { findRevisionTime } from './recorded-image-store.ts'
import { rateFinding } from './rules/rate-finding.ts'
import {
  compareKeys,
  flawKey,
  vendorWord,
  type FlawKeyFacts,
  type SortField,
  type SortKey,
} from './rules/record-order.ts'

/** A flaw under one of the keys that its findings may have: a finding has one of them, which its own record tells. */
export interface KeyedFlaw {
  readonly key: SortKey
  readonly flaw: string
}

const namesAtOnce = 500
const packagesAtOnce = 50
/** Of one call: the next one goes on where it ended. */
const stepsOfCall = 400

/** Keeps the index of the newest state of the data; what is not finished within a call is told as INDEX_PENDING. */
export class FlawIndexes {
  readonly #reader: SqlReader
  #state = ''
  #faces: Build<FlawKeyFacts> | undefined
  #moments: Build<KeyedFlaw> | undefined
  readonly #sorted = new Map<string, readonly KeyedFlaw[]>()

  constructor(reader: SqlReader) {
    this.#reader = reader
  }

  /** In ascending order of keys, then of flaws. */
  async keyed(field: SortField, window: Window): Promise<readonly KeyedFlaw[]> {
    await this.#enter(window)
    if (this.#faces?.hasFailed !== false) this.#faces = new Build(facesOf(this.#reader, window))
    const faces = await this.#faces.finish()
    return this.#sortedBy(field, () =>
      [...faces].map((flaw) => ({ key: flawKey(field, flaw), flaw: flaw.vulnerability })),
    )
  }

  /** The moments at which data said something new of each flaw, as epoch milliseconds, in ascending order. */
  async moments(window: Window): Promise<readonly KeyedFlaw[]> {
    await this.#enter(window)
    if (this.#moments?.hasFailed !== false)
      this.#moments = new Build(momentsOf(this.#reader, window))
    const moments = await this.#moments.finish()
    return this.#sortedBy('moments', () => [...moments])
  }

  async #enter({ revision, endedAfter }: Window): Promise<void> {
    const facts = await listCveFactSources(this.#reader)
    const times = facts.map(({ kind, importedAt }) => [kind, importedAt?.getTime()])
    const state = JSON.stringify([revision, endedAfter, times])
    if (state === this.#state) return
    this.#state = state
    this.#faces = undefined
    this.#moments = undefined
    this.#sorted.clear()
  }

  #sortedBy(name: string, entries: () => readonly KeyedFlaw[]): readonly KeyedFlaw[] {
    const known = this.#sorted.get(name)
    if (known !== undefined) return known
    const distinct = new Map(entries().map((one) => [`${one.key}\n${one.flaw}`, one]))
    const sorted = [...distinct.values()].toSorted(compareFlaws)
    this.#sorted.set(name, sorted)
    return sorted
  }
}

export function compareFlaws(a: KeyedFlaw, b: KeyedFlaw): number {
  return compareKeys(a.key, b.key) || compareKeys(a.flaw, b.flaw)
}

/** Something that takes many steps, of which each call does some. */
class Build<T> {
  readonly #steps: AsyncGenerator<readonly T[], void>
  /** Each different one once, by its text. */
  readonly #made = new Map<string, T>()
  #running: Promise<boolean> | undefined
  #isDone = false
  #failure: Error | undefined

  constructor(steps: AsyncGenerator<readonly T[], void>) {
    this.#steps = steps
  }

  async finish(): Promise<Iterable<T>> {
    // Those who ask at the same time wait for the same steps.
    this.#running ??= this.#advance().finally(() => {
      this.#running = undefined
    })
    if (this.#isDone || (await this.#running)) return this.#made.values()
    throw scanningError(
      'INDEX_PENDING',
      'findings are being put in order for the newest data; ask again',
    )
  }

  /** Something that broke off is not done: what was made is not all. */
  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  async #advance(): Promise<boolean> {
    try {
      await this.#take()
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error('unknown error')
    }
    if (this.#failure !== undefined) throw this.#failure
    return this.#isDone
  }

  async #take(): Promise<void> {
    for (let step = 0; step < stepsOfCall && !this.#isDone; step += 1) {
      const { value, done } = await this.#steps.next()
      if (done === true) this.#isDone = true
      else for (const one of value) this.#made.set(JSON.stringify(one), one)
      await yieldToEventLoop()
    }
  }
}

async function* facesOf(
  reader: SqlReader,
  window: Window,
): AsyncGenerator<readonly FlawKeyFacts[], void> {
  for await (const range of nameRanges(reader, window)) {
    const faces = await listFlawFaces(reader, window, range)
    const factsFor = await readFlawFacts(
      reader,
      faces.map(({ vulnerability }) => ({ vulnerability, aliases: [] })),
    )
    yield faces.map((face) => {
      const { exploitation, rating } = factsFor({ vulnerability: face.vulnerability, aliases: [] })
      return keyFactsOf(
        { ...face, ...rateFinding({ ...face, severity: severityOf(face) }, rating) },
        exploitation.epss?.score,
      )
    })
  }
  yield* groupedFaces(reader, window)
}

/** Flaws without a CVE may stand under another name: of packages that have one, what is listed is asked. */
async function* groupedFaces(
  reader: SqlReader,
  window: Window,
): AsyncGenerator<readonly FlawKeyFacts[], void> {
  let after = 0
  for (;;) {
    const ids = await listUnnumberedPackages(reader, window, { after, limit: packagesAtOnce })
    const last = ids.at(-1)
    if (last === undefined) return
    after = last
    const flaws = [...(await listMatches(reader, ids, window.revision))]
    for (const id of ids) flaws.push(...(await earlierFlaws(reader, id, window)))
    const factsFor = await readFlawFacts(reader, flaws)
    yield flaws.map((flaw) => {
      const { exploitation, rating } = factsFor(flaw)
      const rated = { ...flaw, source: flaw.advisory.source, ...rateFinding(flaw, rating) }
      return keyFactsOf(rated, exploitation.epss?.score)
    })
  }
}

/** As they were said before one of them ended. */
async function earlierFlaws(
  reader: SqlReader,
  packageId: number,
  { revision, endedAfter }: Window,
): Promise<readonly PackageFinding[]> {
  const ended = await listEndedFlaws(reader, [packageId], { after: endedAfter, to: revision })
  const flaws: PackageFinding[] = []
  for (const at of new Set(ended.map((one) => one.ended)))
    flaws.push(...(await listMatches(reader, [packageId], at - 1)))
  return flaws
}

function keyFactsOf(
  flaw: {
    readonly vulnerability: string
    readonly severity: string
    readonly severitySource?: string | undefined
    readonly source: string
    readonly score?: number | undefined
    readonly vector?: string | undefined
  },
  epss: number | undefined,
): FlawKeyFacts {
  const { vulnerability, severitySource, source, score, vector } = flaw
  return {
    vulnerability,
    severity: severityOf(flaw),
    vendorSeverity: vendorWord(severitySource),
    source,
    score: vector === undefined ? undefined : score,
    epss,
  }
}

function severityOf({ severity }: Pick<FlawFace, 'severity'>): Severity {
  return severities.find((known) => known === severity) ?? 'UNDEFINED'
}

async function* momentsOf(
  reader: SqlReader,
  window: Window,
): AsyncGenerator<readonly KeyedFlaw[], void> {
  const times = new Map<number, number>()
  for await (const range of nameRanges(reader, window)) {
    const moments = await listFlawMoments(reader, window, range)
    for (const { revision } of moments) {
      if (!times.has(revision))
        times.set(revision, (await findRevisionTime(reader, revision)).getTime())
    }
    yield moments.map(({ vulnerability, revision }) => ({
      key: times.get(revision) ?? 0,
      flaw: vulnerability,
    }))
  }
}

async function* nameRanges(
  reader: SqlReader,
  window: Window,
): AsyncGenerator<{ readonly after: string; readonly to: string }, void> {
  let after = ''
  for (;;) {
    const names = await listFlawNames(reader, window, { after, limit: namesAtOnce })
    const to = names.at(-1)
    if (to === undefined) return
    yield { after, to }
    after = to
  }
}
