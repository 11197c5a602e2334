import { compareText } from '../ecosystems/digits.ts'
import type { Package, PackageEvidence } from '../ecosystems/ecosystem.ts'
import { formatPurl } from '../ecosystems/purl.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { ScannedInstance } from './image-scan.ts'
import type { PackageFinding } from './list-matches.ts'
import { readOwnerStatements, type OwnerStatements } from './owner-statements.ts'
import { findPackage } from './package-store.ts'
import { judgeOwnership } from './rules/judge-ownership.ts'
import { isKernelHeaders } from './rules/kernel-headers.ts'
import type { Suppression } from './rules/suppression.ts'

export interface FindingPlace {
  readonly path: string
  readonly layerDigest: string
  readonly evidence: PackageEvidence
  readonly extractorId: string
  /** purl of the package of the operating system that brought the file. */
  readonly owner?: string
}

/** What the distribution says of the packages that own others, each asked once. */
export class OwnerReader {
  readonly #reader: SqlReader
  readonly #revision: number
  readonly #statements = new Map<number, OwnerStatements>()
  readonly #purls = new Map<number, string>()

  constructor(reader: SqlReader, revision: number) {
    this.#reader = reader
    this.#revision = revision
  }

  async describePlaces(at: readonly ScannedInstance[]): Promise<readonly FindingPlace[]> {
    const places: FindingPlace[] = []
    for (const { path, layerDigest, evidence, extractorId, ownerId } of at) {
      const owner = ownerId === undefined ? undefined : await this.#purl(ownerId)
      const place = { path, layerDigest, evidence, extractorId }
      places.push(owner === undefined ? place : { ...place, owner })
    }
    return places.toSorted((a, b) => compareText(a.path, b.path))
  }

  /**
   * What holds a flaw of a package back; undefined where it is told: one place without an owner, or one owner that does not
   * settle the flaw, is enough.
   */
  async suppress(
    found: Package,
    flaw: Pick<PackageFinding, 'vulnerability' | 'aliases'>,
    ownerIds: ReadonlySet<number | undefined>,
  ): Promise<Suppression | undefined> {
    if (isKernelHeaders(found)) return { kind: 'kernel-headers' }
    let suppression: Suppression | undefined
    for (const ownerId of ownerIds) {
      if (ownerId === undefined) return undefined
      const { kind } = judgeOwnership(flaw, await this.#statementsOf(ownerId))
      if (kind === 'open') return undefined
      suppression ??= { kind, by: await this.#purl(ownerId) }
    }
    return suppression
  }

  async #statementsOf(packageId: number): Promise<OwnerStatements> {
    const known = this.#statements.get(packageId)
    if (known !== undefined) return known
    const statements = await readOwnerStatements(this.#reader, packageId, this.#revision)
    this.#statements.set(packageId, statements)
    return statements
  }

  async #purl(packageId: number): Promise<string> {
    const known = this.#purls.get(packageId)
    if (known !== undefined) return known
    const found = await findPackage(this.#reader, packageId)
    const purl = found === undefined ? 'unknown' : formatPurl(found.package, found.distribution)
    this.#purls.set(packageId, purl)
    return purl
  }
}
