// A place where images in memory are scanned into a database of the test's own.
import type { TestContext } from 'node:test'
import { systemIds } from '../../src/lib/ids.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { parseAccountId } from '../../src/policy/account-id.ts'
import { findScan, type FoundScan } from '../../src/scanning/find-scan.ts'
import type { ImportDeps } from '../../src/scanning/import-lease.ts'
import { listFindings, type FindingList } from '../../src/scanning/list-findings.ts'
import { openLayerReaders, type LayerReaders } from '../../src/scanning/read-layer.ts'
import { requestScan } from '../../src/scanning/request-scan.ts'
import { scanImage, type ScanDeps } from '../../src/scanning/scan-image.ts'
import { temporaryDatabase } from './database.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'
import { insertImages, MemoryImages, type BuiltImage, type ImageParts } from './image-builder.ts'

export const repositoryId = 1
const account = parseAccountId('123456789012')
if (account === undefined) throw new Error('unreachable')
/** Whose repository it is. */
export const testAccount = account

export interface ScanPlace extends ScanDeps, ImportDeps {
  readonly clock: FakeClock
  readonly layers: LayerReaders
  readonly images: MemoryImages
}

export async function scanPlace(
  t: TestContext,
  { workers = 1 }: { readonly workers?: number } = {},
): Promise<ScanPlace> {
  const database = await temporaryDatabase(t)
  const layers = openLayerReaders({ workers })
  t.after(() => layers.close())
  const images = new MemoryImages()
  const contentOf = (): MemoryImages['content'] => images.content
  return { database, clock: fakeClock(), ids: systemIds, layers, images, contentOf }
}

/** Pushes an image and asks for its scan. */
export async function push(place: ScanPlace, parts: ImageParts): Promise<BuiltImage> {
  const image = place.images.addImage(parts)
  await request(place, image.digest)
  return image
}

export async function request(place: ScanPlace, digest: Digest): Promise<void> {
  await place.database.transaction(async (tx) => {
    await insertImages(tx, repositoryId, [digest])
    const asked = { account: testAccount, origin: 'hand' } as const
    await requestScan(tx, { repositoryId, digest }, asked, place.clock.now())
  })
}

/** Runs the job as the worker does: again after a throw, until it ends. */
export async function runScan(
  place: ScanPlace,
  digest: Digest,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly attempts: number }> {
  for (let attempt = 1; attempt <= 10; attempt++) {
    try {
      await scanImage(place, { repositoryId, digest }, { signal, attempt })
      return { attempts: attempt }
    } catch (error) {
      signal.throwIfAborted()
      if (attempt === 10) throw error
    }
  }
  throw new Error('unreachable')
}

export interface Scanned extends FindingList {
  readonly scan: FoundScan
}

export async function result(place: ScanPlace, digest: Digest): Promise<Scanned> {
  const key = { repositoryId, digest }
  const found = await findScan(place.database, place.images.content, key)
  if (found === undefined) throw new Error('the image has no scan')
  return { scan: found, ...(await listFindings(place.database, found.instances)) }
}

export async function scan(place: ScanPlace, parts: ImageParts): Promise<Scanned> {
  const { digest } = await push(place, parts)
  await runScan(place, digest)
  return result(place, digest)
}

export const osRelease = {
  debian10: 'ID=debian\nVERSION_ID="10"\nPRETTY_NAME="Debian GNU/Linux 10 (buster)"\n',
  debian12: 'ID=debian\nVERSION_ID="12"\n',
  ubuntu1804: 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="18.04"\n',
  fedora: 'ID=fedora\nVERSION_ID=40\n',
} as const

export function dpkg(...packages: readonly (readonly [name: string, version: string])[]): string {
  return packages
    .map(
      ([name, version]) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`,
    )
    .join('\n')
}

/** Files of a package in node_modules. */
export function npmPackage(name: string, version: string): Readonly<Record<string, string>> {
  const path = `app/node_modules/${name}/package.json`
  return { [path]: JSON.stringify({ name, version }) }
}
