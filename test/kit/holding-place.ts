// Images that are only inventories, in a database of the test's own: what data and time do to their findings.
import { createHash } from 'node:crypto'
import { systemIds } from '../../src/lib/ids.ts'
import type { Distribution, Package } from '../../src/ecosystems/ecosystem.ts'
import { parseDigest, type Digest } from '../../src/oci/digest.ts'
import { countFindings } from '../../src/scanning/count-findings.ts'
import type { ScannedInstance } from '../../src/scanning/image-scan.ts'
import type { ImportDeps } from '../../src/scanning/import-lease.ts'
import { internPackage } from '../../src/scanning/intern-package.ts'
import { internPackageSet } from '../../src/scanning/intern-package-set.ts'
import { listFindings, type FindingList } from '../../src/scanning/list-findings.ts'
import { matchPackages } from '../../src/scanning/match-packages.ts'
import { requirePosted } from '../../src/scanning/package-set-store.ts'
import { reevaluatePackages } from '../../src/scanning/reevaluate-packages.ts'
import type { FindingCounts } from '../../src/scanning/rules/finding-counts.ts'
import {
  finishScan,
  insertPendingScan,
  packInstances,
  readScannedInstances,
} from '../../src/scanning/scan-store.ts'
import { findSetCounts } from '../../src/scanning/set-count-store.ts'
import { integerOrAbsent, type EmbeddedDatabase } from '../../src/storage/database/database.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'
import { insertImages } from './image-builder.ts'

export interface HeldPackage {
  readonly package: Package
  /** Of the operating system; it is in the image, too. */
  readonly owner?: Package
  /** Listed, and not held against data. */
  readonly isPassedOver?: true
}

export interface HeldImage {
  readonly name: string
  readonly distribution: Distribution | undefined
  readonly packages: readonly HeldPackage[]
}

export interface HoldingPlace extends ImportDeps {
  readonly database: EmbeddedDatabase
  readonly clock: FakeClock
}

export function holdingPlace(database: EmbeddedDatabase): HoldingPlace {
  return { database, clock: fakeClock(), ids: systemIds }
}

const repositoryId = 1
const layerDigest = digestOfName('a layer')

export function digestOfName(name: string): Digest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(name).digest('hex')}`)
  if (digest === undefined) throw new Error('a digest cannot be parsed')
  return digest
}

/** What a scan does after it has read the layers; stopped at any of its steps by the signal. */
export async function holdImage(
  at: HoldingPlace,
  image: HeldImage,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const { database, clock } = at
  const key = { repositoryId, digest: digestOfName(image.name) }
  await database.transaction(async (tx) => {
    await tx.run('DELETE FROM manifests WHERE repository_id = $1 AND digest = $2', [
      repositoryId,
      key.digest,
    ])
    await insertImages(tx, repositoryId, [key.digest])
    await insertPendingScan(tx, key, clock.now())
  })
  const instances = await database.transaction(async (tx) => {
    const found: ScannedInstance[] = []
    for (const [index, { package: it, owner, isPassedOver }] of image.packages.entries()) {
      const packageId = await internPackage(tx, it, image.distribution)
      const ownerId =
        owner === undefined ? undefined : await internPackage(tx, owner, image.distribution)
      const place = { layerDigest, evidence: 'installed', extractorId: 'test' } as const
      if (ownerId !== undefined)
        found.push({ ...place, packageId: ownerId, path: `owner ${index}` })
      found.push({
        ...place,
        packageId,
        path: `place ${index}`,
        ...(ownerId === undefined ? {} : { ownerId }),
        ...(isPassedOver === true ? { passedOver: 'development' } : {}),
      })
    }
    return found
  })
  const ids = [...new Set(instances.map(({ packageId }) => packageId))]
  const { revision } = await matchPackages(at, ids, { signal })
  const setId = await internPackageSet(at, instances, { signal })
  const outcome = {
    status: 'COMPLETE',
    reason: undefined,
    notes: [],
    distribution: image.distribution,
    dataNeeded: [],
    packed: await packInstances(instances),
    dataRevision: revision,
    extractorRevision: 'test',
    setId,
    counts: {},
    isRenewal: false,
  } as const
  await database.transaction(async (tx) => {
    if (setId !== undefined) await requirePosted(tx, setId)
    await finishScan(tx, key, outcome, clock.now())
  })
}

export async function dropImage({ database }: HoldingPlace, name: string): Promise<void> {
  await database.transaction((tx) =>
    tx.run('DELETE FROM manifests WHERE repository_id = $1 AND digest = $2', [
      repositoryId,
      digestOfName(name),
    ]),
  )
}

/** Everything that waits is done. */
export async function settle(
  at: HoldingPlace,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  await reevaluatePackages(at, {}, { signal })
  await countFindings(at, { signal })
}

export async function findingsOf(at: HoldingPlace, name: string): Promise<FindingList> {
  const key = { repositoryId, digest: digestOfName(name) }
  return listFindings(at.database, await readScannedInstances(at.database, key))
}

/** As they are kept for the set that the image shares; undefined where they are not counted. */
export async function keptCounts(
  at: HoldingPlace,
  name: string,
): Promise<FindingCounts | undefined> {
  const row = await at.database.first(
    'SELECT package_set_id FROM image_scans WHERE repository_id = $1 AND digest = $2',
    [repositoryId, digestOfName(name)],
  )
  const setId = row === undefined ? undefined : integerOrAbsent(row, 'package_set_id')
  return setId === undefined ? undefined : findSetCounts(at.database, setId)
}
