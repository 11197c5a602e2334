import { createHash } from 'node:crypto'
import { allExtractors, findEcosystem } from '../ecosystems/table.ts'
import type { Distribution, Lookup, Package } from '../ecosystems/ecosystem.ts'
import { mapConcurrent } from '../lib/map-concurrent.ts'
import { readAll } from '../lib/read-all.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { maxConfigBytes, parseImageConfig, type ImageConfig } from '../oci/image-config.ts'
import { parseManifest, type ImageManifest } from '../oci/manifest.ts'
import { isEncrypted } from '../oci/media-type.ts'
import type { ImageContent, ScannedInstance, ScanOutcome } from './image-scan.ts'
import { internPackage } from './intern-package.ts'
import { findLayerInventory, writeLayerInventory } from './layer-inventory-store.ts'
import type { LayerInventory, LayerReading } from './layer-inventory.ts'
import { matchPackages, type EvaluationDeps } from './match-packages.ts'
import { readLayer, type LayerReaders } from './read-layer.ts'
import { secretsRevision } from './rules/find-secrets.ts'
import { judgeOutcome } from './rules/scan-outcome.ts'
import { squash, type SquashedImage, type SquashedLayer } from './rules/squash.ts'

export interface ExamineDeps extends EvaluationDeps {
  readonly layers: LayerReaders
}

/** Changes whenever the same layer would give another inventory. */
export const extractorRevision = createHash('sha256')
  .update(
    JSON.stringify([
      ...allExtractors().map(({ id, revision }) => [id, revision]),
      ['secrets', secretsRevision],
    ]),
  )
  .digest('hex')
  .slice(0, 16)

/** A layer or config that cannot be had just now: another attempt may succeed. */
export class ContentUnavailable extends Error {}

const internedAtOnce = 100
/** No runtime takes more than 127; a builder's own count may be higher. */
export const maxScannedLayers = 1000
/** Names, packages and links of all layers together: what an image may take of the server's memory. */
const maxRecords = 3_000_000

/** Reads an image's layers and brings its packages' matches up to date. Throws ContentUnavailable for what may pass. */
export async function examineImage(
  deps: ExamineDeps,
  content: ImageContent,
  manifestDigest: Digest,
  { signal }: { readonly signal: AbortSignal },
): Promise<ScanOutcome> {
  const image = await readImage(deps, content, manifestDigest, { signal })
  if ('status' in image) return image
  const { architecture } = image.config
  return { ...(await judgeLayers(deps, image.layers, { signal })), architecture }
}

/** The layers of an image, lowest first, and what its config says that it is for. */
export interface ImageLayers {
  readonly layers: readonly SquashedLayer[]
  readonly config: ImageConfig
}

/** The layers of an image as its content has them, or why they cannot be had; those read before are not read again. */
export async function readImage(
  deps: ExamineDeps,
  content: ImageContent,
  manifestDigest: Digest,
  { signal }: { readonly signal: AbortSignal },
): Promise<ImageLayers | ScanOutcome> {
  return gatherLayers(content, manifestDigest, {
    atOnce: deps.layers.workers,
    read: (layer, diffId) => {
      signal.throwIfAborted()
      return readOneLayer(deps, content, layer, diffId, signal)
    },
  })
}

interface LayerSource {
  /** How many layers are read at a time. */
  readonly atOnce: number
  readonly read: (
    layer: Descriptor,
    diffId: Digest | undefined,
  ) => Promise<LayerInventory | ScanOutcome>
}

/** The layers that a manifest names, each as `read` gives it, within what an image may take of memory. */
export async function gatherLayers(
  content: ImageContent,
  manifestDigest: Digest,
  source: LayerSource,
): Promise<ImageLayers | ScanOutcome> {
  const image = await readManifest(content, manifestDigest)
  if ('status' in image) return image
  const { manifest, config } = image
  if (config.os === 'windows') return unsupported('images of Windows are not supported')
  if (manifest.layers.length > maxScannedLayers)
    return failed(`the image has more than ${maxScannedLayers} layers`)
  const reads = await readLayers(image, source)
  const layers: SquashedLayer[] = []
  for (const [at, { digest }] of manifest.layers.entries()) {
    const read = reads.get(at)
    // Of several layers that fail the lowest is told.
    if (read === undefined || 'status' in read)
      return read ?? failed(`layer ${digest} was not read`)
    layers.push({ digest, inventory: read })
  }
  return { layers, config }
}

async function readLayers(
  { manifest, config }: { readonly manifest: ImageManifest; readonly config: ImageConfig },
  { atOnce, read }: LayerSource,
): Promise<ReadonlyMap<number, LayerInventory | ScanOutcome>> {
  const reads = new Map<number, LayerInventory | ScanOutcome>()
  let records = 0
  let isOver = false
  await mapConcurrent([...manifest.layers.entries()], atOnce, async ([at, layer]) => {
    // Layers are begun in order, so that each one below a failed layer was begun and is told of.
    if (isOver) return
    try {
      const inventory = await read(layer, config.diffIds[at])
      records += 'status' in inventory ? 0 : countRecords(inventory)
      const isTooMuch = records > maxRecords
      reads.set(at, isTooMuch ? tooManyRecords(layer) : inventory)
      isOver ||= isTooMuch || 'status' in inventory
    } catch (error) {
      isOver = true
      throw error
    }
  })
  return reads
}

function tooManyRecords({ digest }: Descriptor): ScanOutcome {
  return failed(`the layers up to ${digest} list more than ${maxRecords} files and packages`)
}

function countRecords({ tree, removals, files }: LayerInventory): number {
  const extractions = files.flatMap((file) => file.extractions)
  const packages = extractions.reduce((sum, { instances }) => sum + instances.length, 0)
  return tree.length + removals.length + files.length + packages
}

/** The same for layers at hand, as a directory or a root file system is one. */
export async function judgeLayers(
  deps: EvaluationDeps,
  layers: readonly SquashedLayer[],
  options: { readonly signal: AbortSignal },
): Promise<ScanOutcome> {
  return judgeSquashed(deps, squash(layers), options)
}

/** The same for an image whose layers were squashed, or for a list of packages that has none. */
export async function judgeSquashed(
  deps: EvaluationDeps,
  image: SquashedImage,
  { signal }: { readonly signal: AbortSignal },
): Promise<ScanOutcome> {
  const instances = await internInstances(deps, image, signal)
  const ids = [...new Set(instances.map(({ packageId }) => packageId))]
  const { revision } = await matchPackages(deps, ids, { signal })
  const packages = distinctPackages(image)
  const lookups = packages.map((found) => lookupOf(found, image.distribution))
  const judged = judgeOutcome({
    notes: image.notes,
    problems: image.problems,
    packages: packages.length,
    unjudged: lookups.flatMap((lookup) => (lookup.kind === 'unknown' ? [lookup] : [])),
  })
  const needed = lookups.flatMap((lookup) =>
    lookup.kind === 'keys' ? [lookup.keys.map(({ ecosystem }) => ecosystem)] : [],
  )
  const dataNeeded = [...new Map(needed.map((group) => [group.join('\n'), group])).values()]
  return {
    ...judged,
    distribution: image.distribution,
    dataNeeded,
    instances,
    dataRevision: revision,
  }
}

async function readManifest(
  content: ImageContent,
  digest: Digest,
): Promise<{ readonly manifest: ImageManifest; readonly config: ImageConfig } | ScanOutcome> {
  const stored = await content.findManifest(digest)
  if (stored === undefined) return failed('the manifest is not there')
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  if (parsed.kind === 'refused') return failed(parsed.reason)
  const { manifest } = parsed
  if (manifest.kind !== 'image' || manifest.config === undefined)
    return unsupported('the manifest is not an image')
  const blob = await content.openBlob(manifest.config.digest)
  if (blob === undefined) return failed('the image config is not there')
  const bytes = await readAll(blob.stream, maxConfigBytes)
  if (bytes === undefined) return failed(`the image config is larger than ${maxConfigBytes} bytes`)
  const config = parseImageConfig(bytes)
  if (config.kind === 'refused') return failed(config.reason)
  if (config.config.diffIds.length !== manifest.layers.length) {
    const { length } = manifest.layers
    return failed(
      `the image config names ${config.config.diffIds.length} layers, the manifest ${length}`,
    )
  }
  return { manifest, config: config.config }
}

async function readOneLayer(
  deps: ExamineDeps,
  content: ImageContent,
  layer: Descriptor,
  diffId: Digest | undefined,
  signal: AbortSignal,
): Promise<LayerInventory | ScanOutcome> {
  const { digest } = layer
  if (isEncrypted(layer.mediaType))
    return unsupported(`layer ${digest} is encrypted (${layer.mediaType})`)
  const known = await findLayerInventory(deps.database, digest, extractorRevision)
  if (known !== undefined) {
    const isTheSame = diffId === undefined || known.diffId === diffId
    return isTheSame
      ? known
      : failed(`layer ${digest} does not unpack to what the image config says`)
  }
  const blob = await content.openBlob(digest)
  if (blob === undefined)
    return unsupported(`layer ${digest} (${layer.mediaType}) is not in the registry`)
  const { stream } = blob
  const input = diffId === undefined ? { stream } : { stream, expectedDiffId: diffId }
  const reading = await readLayer(deps.layers, input, { signal })
  if (reading.kind === 'unreadable') return unreadable(digest, reading)
  const { inventory } = reading
  await deps.database.transaction((tx) =>
    writeLayerInventory(tx, digest, { extractorRevision, inventory }, deps.clock.now()),
  )
  return inventory
}

function unreadable(
  digest: Digest,
  reading: Extract<LayerReading, { readonly kind: 'unreadable' }>,
): ScanOutcome {
  const message = `layer ${digest}: ${reading.message}`
  if (reading.reason === 'SOURCE_FAILED' || reading.reason === 'WORKER_DIED')
    throw new ContentUnavailable(message)
  return reading.reason === 'UNSUPPORTED' ? unsupported(message) : failed(message)
}

async function internInstances(
  { database }: EvaluationDeps,
  { instances, distribution }: SquashedImage,
  signal: AbortSignal,
): Promise<readonly ScannedInstance[]> {
  const interned: ScannedInstance[] = []
  for (let start = 0; start < instances.length; start += internedAtOnce) {
    signal.throwIfAborted()
    const part = instances.slice(start, start + internedAtOnce)
    await database.transaction(async (tx) => {
      for (const { package: found, owner, ...instance } of part) {
        const { path, layerDigest, evidence, extractorId, passedOver } = instance
        interned.push({
          packageId: await internPackage(tx, found, distribution),
          path,
          layerDigest,
          evidence,
          extractorId,
          ...(owner === undefined ? {} : { ownerId: await internPackage(tx, owner, distribution) }),
          ...(passedOver === undefined ? {} : { passedOver }),
        })
      }
    })
    await yieldToEventLoop()
  }
  return interned
}

function distinctPackages(image: SquashedImage): readonly Package[] {
  const counting = image.instances.filter(({ passedOver }) => passedOver === undefined)
  const byText = new Map(counting.map(({ package: found }) => [JSON.stringify(found), found]))
  return [...byText.values()]
}

/** Only of packages of the system can a lookup that fails mean that nobody speaks of the system. */
function lookupOf(found: Package, distribution: Distribution | undefined): Lookup {
  const ecosystem = findEcosystem(found.type)
  if (ecosystem === undefined) {
    const reason = `no advisories are known for packages of type ${found.type}`
    return { kind: 'unknown', reason, scope: 'package' }
  }
  const lookup = ecosystem.lookup(found, distribution)
  if (lookup.kind === 'keys' || ecosystem.packageManager === 'OS') return lookup
  return { ...lookup, scope: 'package' }
}

export function failed(reason: string): ScanOutcome {
  return { ...nothing, status: 'FAILED', reason }
}

function unsupported(reason: string): ScanOutcome {
  return { ...nothing, status: 'UNSUPPORTED_IMAGE', reason }
}

const nothing = {
  notes: [],
  distribution: undefined,
  dataNeeded: [],
  instances: [],
  dataRevision: undefined,
}
