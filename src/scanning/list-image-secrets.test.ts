import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { extractorRevision } from './examine-image.ts'
import type { ImageContent } from './image-scan.ts'
import { writeLayerInventory } from './layer-inventory-store.ts'
import { listImageSecrets } from './list-image-secrets.ts'

const imageType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const tar = 'application/vnd.oci.image.layer.v1.tar'

class Manifests implements ImageContent {
  readonly #all = new Map<Digest, { readonly mediaType: string; readonly bytes: Uint8Array }>()
  asked = 0

  put(mediaType: string, members: object): Digest {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...members }))
    this.#all.set(digestOf(bytes), { mediaType, bytes })
    return digestOf(bytes)
  }

  putImage(...layers: readonly object[]): Digest {
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2 }
    const digest = digestOf(Buffer.from('{}'))
    return this.put(imageType, { config: { ...config, digest }, layers })
  }

  putIndex(children: readonly Digest[], mediaType: string, note = ''): Digest {
    const manifests = children.map((digest) => ({ mediaType, digest, size: 1 }))
    return this.put(indexType, { manifests, annotations: { note } })
  }

  readonly findManifest: ImageContent['findManifest'] = (digest) => {
    this.asked += 1
    return Promise.resolve(this.#all.get(digest))
  }

  readonly openBlob: ImageContent['openBlob'] = () => Promise.resolve(undefined)
}

test('a layer that somebody only names is told nothing of', async (t) => {
  const database = await temporaryDatabase(t)
  const digest = digestOf(Buffer.from('a layer of somebody else'))
  const secret = { kind: 'private-key', path: 'key.pem', line: 1, offset: 0, fingerprint: 'abc' }
  const inventory = {
    diffId: digest,
    compressedBytes: 1,
    decompressedBytes: 1,
    entries: 0,
    ignoredEntries: 0,
    tree: [],
    removals: [],
    files: [],
    problems: [],
    extractors: [],
    secrets: [secret],
  }
  const layer = { extractorRevision, inventory }
  await database.transaction((tx) => writeLayerInventory(tx, digest, layer, new Date(0)))
  const content = new Manifests()
  const told = async (members: object): Promise<unknown> => {
    const image = content.putImage({ mediaType: tar, digest, size: 1, ...members })
    return (await listImageSecrets({ reader: database, content }, image))?.[0]?.layers
  }
  assert.deepEqual(await told({}), [{ digest, isRead: true, secrets: [secret] }])
  const nothing = [{ digest, isRead: false, secrets: [] }]
  assert.deepEqual(await told({ urls: ['https://example.com/layer'] }), nothing)
  const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
  assert.deepEqual(await told({ mediaType: foreign }), nothing)
})

test('layers beyond those that are scanned are told as not read', async (t) => {
  const database = await temporaryDatabase(t)
  const digest = digestOf(Buffer.from('layer'))
  const content = new Manifests()
  const layers = Array.from({ length: 1001 }, () => ({ mediaType: tar, digest, size: 1 }))
  const image = content.putImage(...layers)
  const [found] = (await listImageSecrets({ reader: database, content }, image)) ?? []
  assert.equal(found?.layers.length, layers.length)
})

test('indexes within an index are not gone into', async (t) => {
  const reader = await temporaryDatabase(t)
  const content = new Manifests()
  const digest = digestOf(Buffer.from('layer'))
  const width = 8
  let [children, type] = [[content.putImage({ mediaType: tar, digest, size: 1 })], imageType]
  for (let depth = 0; depth < 4; depth += 1) {
    const below = { children, type }
    children = Array.from({ length: width }, (_, at) =>
      content.putIndex(below.children, below.type, String(at)),
    )
    type = indexType
  }
  const top = content.putIndex(children, type)
  assert.deepEqual(await listImageSecrets({ reader, content }, top), [])
  assert.ok(content.asked <= width + 1, `${content.asked} manifests were read`)
})
