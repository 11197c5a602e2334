// What is said of an account's images by VEX documents and rules, as it is in force when somebody asks.
import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'
import { listReferringIndexes } from '../registry/manifest-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { indexRules, type RuleIndex } from '../vex/judge-suppression.ts'
import type { ImageIdentity } from '../vex/match-product.ts'
import type { TrustedKey } from '../lib/public-keys.ts'
import { readVex, readVexBytes } from '../vex/read-vex.ts'
import {
  indexStatements,
  type StatementIndex,
  type TrustedDocument,
} from '../vex/statement-index.ts'
import { parseSuppressionRules } from '../vex/suppression-rules.ts'
import { countClaims } from '../vex/vex-document.ts'
import { openFilterJudge } from './filter-judge.ts'
import type { ScannedInstance } from './image-scan.ts'
import type { FindingSuppressions } from './list-findings.ts'
import { findRules } from './suppression-rules-store.ts'
import { findVexDocument, listVexDigests } from './vex-document-store.ts'
import {
  listTrustedReferrers,
  readTrustedDocument,
  type TrustedReferrer,
} from './vex-referrer-store.ts'
import { keysHashOf } from './vex-keys-hash.ts'

/** Whose findings are asked for; an image of no registry has no repository. */
export interface SuppressedImages {
  readonly account: AccountId
  readonly repository?: { readonly id: number; readonly name: string }
  readonly instances: readonly ScannedInstance[]
}

export interface Suppressions {
  readonly inForce: (images: SuppressedImages) => Promise<FindingSuppressions>
}

export interface SuppressionDeps {
  readonly reader: SqlReader
  readonly clock: Clock
  /** Whose signatures count on what is pushed. */
  readonly keys: readonly TrustedKey[]
  /** Names of this registry, as a `repository_url` has them. */
  readonly hosts: () => readonly string[]
  /** Of the ARNs that filters name; without one those hold nothing back. */
  readonly region?: string
}

const maxIndexes = 100
const maxReferrers = 1000

/** What was read is kept by digest, so that listing findings reads no document twice. */
export function openSuppressions(deps: SuppressionDeps): Suppressions {
  const { reader, clock, region = '' } = deps
  const statements = new WeightedCache<StatementIndex>()
  const rules = new WeightedCache<RuleIndex>()
  const keysHash = keysHashOf(deps.keys)
  return {
    async inForce({ account, repository, instances }) {
      const images = await identifyImages(deps, repository, instances)
      const given = await givenStatements(reader, account, statements)
      const attested =
        repository === undefined
          ? []
          : await attestedStatements(
              reader,
              { repositoryId: repository.id, images, keysHash },
              statements,
            )
      const found = await findRules(reader, account)
      const ruleIndex =
        found === undefined
          ? new Map()
          : await rules.get(found.digest, () => Promise.resolve(readRules(found.text)))
      const filters =
        repository === undefined
          ? undefined
          : await openFilterJudge({ reader, region }, { account, repositoryId: repository.id })
      return {
        inForce: { statements: [...given, ...attested], rules: ruleIndex },
        images,
        now: clock.now(),
        ...(filters === undefined ? {} : { filters }),
      }
    },
  }
}

/** A whole image, under its digest; '' stands for one that has none. */
async function identifyImages(
  { reader, hosts }: SuppressionDeps,
  repository: SuppressedImages['repository'],
  instances: readonly ScannedInstance[],
): Promise<ReadonlyMap<Digest | undefined, ImageIdentity>> {
  const images = new Map<Digest | undefined, ImageIdentity>()
  for (const digest of new Set(instances.map(({ imageDigest }) => imageDigest))) {
    const indexes =
      repository === undefined || digest === undefined
        ? []
        : await listReferringIndexes(reader, repository.id, digest, maxIndexes)
    images.set(digest, {
      digests: digest === undefined ? [] : [digest, ...indexes],
      ...(repository === undefined ? {} : { repository: repository.name }),
      hosts: hosts(),
    })
  }
  return images
}

async function givenStatements(
  reader: SqlReader,
  account: AccountId,
  cache: WeightedCache<StatementIndex>,
): Promise<readonly StatementIndex[]> {
  const digests = await listVexDigests(reader, account)
  if (digests.length === 0) return []
  const read = async (): Promise<Weighted<StatementIndex>> => {
    const documents: TrustedDocument[] = []
    for (const digest of digests) {
      const found = await findVexDocument(reader, account, digest)
      const reading = found === undefined ? undefined : readVexBytes(found.content)
      // Read when it was given; what a later version cannot read any more holds nothing back.
      if (reading?.kind === 'read') documents.push({ document: reading.value, digest })
    }
    return weigh(documents)
  }
  return [await cache.get(`${account}\n${digests.join('\n')}`, read)]
}

async function attestedStatements(
  reader: SqlReader,
  {
    repositoryId,
    images,
    keysHash,
  }: {
    readonly repositoryId: number
    readonly images: ReadonlyMap<Digest | undefined, ImageIdentity>
    readonly keysHash: string
  },
  cache: WeightedCache<StatementIndex>,
): Promise<readonly StatementIndex[]> {
  const subjects = new Set([...images.values()].flatMap(({ digests }) => digests))
  const found: TrustedReferrer[] = []
  for (const digest of subjects) {
    const limit = maxReferrers - found.length
    if (limit > 0)
      found.push(
        ...(await listTrustedReferrers(reader, { repositoryId, digest }, { keysHash, limit })),
      )
  }
  const indexes: StatementIndex[] = []
  for (const referrer of found) {
    // The same bytes may be believed about one subject and not about another.
    const key = `${repositoryId}\n${referrer.manifestDigest}\n${referrer.position}\n${referrer.subject}\n${keysHash}`
    indexes.push(await cache.get(key, () => readReferrer(reader, repositoryId, referrer)))
  }
  return indexes
}

async function readReferrer(
  reader: SqlReader,
  repositoryId: number,
  referrer: TrustedReferrer,
): Promise<Weighted<StatementIndex>> {
  const json = await readTrustedDocument(reader, repositoryId, referrer)
  const value: unknown = json === undefined ? undefined : JSON.parse(json)
  const reading = readVex(value, { hasSubject: true })
  const { subject, blobDigest: digest } = referrer
  return weigh(reading.kind === 'read' ? [{ document: reading.value, digest, subject }] : [])
}

function weigh(documents: readonly TrustedDocument[]): Weighted<StatementIndex> {
  const weight = documents.reduce((sum, { document }) => sum + (countClaims(document) ?? 0), 1)
  return { value: indexStatements(documents), weight }
}

function readRules(text: string): Weighted<RuleIndex> {
  const reading = parseSuppressionRules(text)
  const rules = reading.kind === 'read' ? reading.rules : []
  return { value: indexRules(rules), weight: rules.length + 1 }
}

interface Weighted<T> {
  readonly value: T
  readonly weight: number
}

/** Claims and rules that are kept in memory, some hundred bytes each. */
const maxWeight = 300_000

/** Forgets what was not asked for the longest while all together weighs too much; the newest stays in any case. */
class WeightedCache<T> {
  readonly #entries = new Map<string, Weighted<T>>()
  #weight = 0

  async get(key: string, read: () => Promise<Weighted<T>>): Promise<T> {
    const entry = this.#entries.get(key) ?? (await read())
    this.#forget(key)
    this.#entries.set(key, entry)
    this.#weight += entry.weight
    for (const [oldest] of this.#entries) {
      if (this.#weight <= maxWeight || oldest === key) break
      this.#forget(oldest)
    }
    return entry.value
  }

  #forget(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0
    this.#entries.delete(key)
  }
}
