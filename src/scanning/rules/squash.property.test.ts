import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { listExtractor, parseTestOsRelease } from '../../../test/kit/list-extractor.ts'
import {
  file,
  folder,
  hardlink,
  symlink,
  tar,
  type TarSpec,
} from '../../../test/kit/tar-builder.ts'
import { unreachable } from '../../lib/errors.ts'
import { digestOf, type Digest } from '../../oci/digest.ts'
import { inventoryLayer } from '../layer-inventory.ts'
import { defaultLayerLimits } from '../layer-limits.ts'
import { squash } from './squash.ts'

type Entry =
  | { readonly kind: 'file' | 'folder' | 'whiteout' | 'opaque'; readonly path: string }
  | { readonly kind: 'symlink' | 'hardlink'; readonly path: string; readonly target: string }

const names = ['a', 'b', 'c', 'list'] as const
const name = fc.constantFrom(...names)
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const target = fc.oneof(
  path,
  path.map((text) => `/${text}`),
  path.map((text) => `../${text}`),
  fc.constantFrom('.', '..', '/', '../..', 'a/..'),
)
const entry: fc.Arbitrary<Entry> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('file' as const), path }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('folder' as const, 'whiteout' as const, 'opaque' as const),
      path,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('symlink' as const), path, target }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('hardlink' as const), path, target: path }),
  },
)
const stack = fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 5 })

const extractors = [listExtractor('list', /(?:^|\/)list$/)]

test('squashing any stack of layers equals applying them to a tree, entry by entry', async () => {
  await fc.assert(
    fc.asyncProperty(stack, async (layers) => {
      const inventories = await Promise.all(
        layers.map(async (layer, index) => inventoryOf(layer, index)),
      )
      const squashed = squash(
        inventories.map((inventory, index) => ({ digest: digestAt(index), inventory })),
      )
      const listed = squashed.instances.map(
        (found) => `${found.path} ${found.package.version} ${layerOf(found.layerDigest)}`,
      )
      assert.deepEqual(listed, naive(layers))
    }),
    { numRuns: 3000 },
  )
})

function digestAt(layer: number): Digest {
  return digestOf(Buffer.from(`layer ${layer}`))
}

function layerOf(digest: Digest): number {
  return [0, 1, 2, 3, 4].findIndex((layer) => digestAt(layer) === digest)
}

async function inventoryOf(layer: readonly Entry[], index: number) {
  const archive = tar(...layer.map((one, at) => specOf(one, `${index}.${at}`)))
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield archive
  }
  const reading = await inventoryLayer(
    { extractors, parseOsRelease: parseTestOsRelease },
    { chunks: chunks() },
    defaultLayerLimits,
  )
  if (reading.kind !== 'read') assert.fail(reading.message)
  return reading.inventory
}

function specOf(one: Entry, version: string): TarSpec {
  switch (one.kind) {
    case 'file':
      return file(one.path, `x ${version}`)
    case 'folder':
      return folder(one.path)
    case 'whiteout':
      return file(one.path.replace(/[^/]+$/, '.wh.$&'))
    case 'opaque':
      return file(`${one.path}/.wh..wh..opq`)
    case 'symlink':
      return symlink(one.path, one.target)
    case 'hardlink':
      return hardlink(one.path, one.target)
    default:
      throw unreachable(one satisfies never)
  }
}

/** The whole file system as a flat list of paths: slow, short, and written without a look at the tree. */
type Node =
  | { readonly kind: 'folder' }
  | { readonly kind: 'symlink'; readonly target: string }
  | {
      readonly kind: 'file'
      /** Undefined when it was never read, since its first name was not wanted. */
      readonly version: string | undefined
      readonly isWanted: boolean
      readonly layer: number
    }
type Disk = Map<string, Node>

function naive(layers: readonly (readonly Entry[])[]): readonly string[] {
  const disk: Disk = new Map()
  layers.forEach((layer, index) => {
    for (const one of layer) if (one.kind === 'whiteout' || one.kind === 'opaque') clear(disk, one)
    layer.forEach((one, at) => {
      if (one.kind !== 'whiteout' && one.kind !== 'opaque')
        write(disk, one, index, `${index}.${at}`)
    })
  })
  const lines: { readonly path: string; readonly line: string }[] = []
  for (const [at, node] of disk)
    if (node.kind === 'file' && node.isWanted && node.version !== undefined)
      lines.push({ path: at, line: `${at} ${node.version} ${node.layer}` })
  return lines.toSorted((a, b) => (a.path < b.path ? -1 : 1)).map(({ line }) => line)
}

function clear(disk: Disk, { kind, path: at }: Entry): void {
  if (kind === 'whiteout') {
    const parent = real(disk, parentOf(at), 'look')
    if (parent !== undefined) remove(disk, join(parent, lastOf(at)))
    return
  }
  const whole = real(disk, at, 'look')
  if (whole !== undefined)
    for (const known of disk.keys()) if (isBelow(known, whole)) disk.delete(known)
}

function write(disk: Disk, one: Entry, layer: number, version: string): void {
  const parent = real(disk, parentOf(one.path), 'make') ?? real(disk, parentOf(one.path), 'force')
  assert.ok(parent !== undefined)
  const place = join(parent, lastOf(one.path))
  // The content is looked up before the link takes its place.
  const node = nodeFor(disk, one, layer, version)
  if (node.kind === 'folder' && disk.get(place)?.kind === 'folder') return
  remove(disk, place)
  disk.set(place, node)
}

function nodeFor(disk: Disk, one: Entry, layer: number, version: string): Node {
  const isWanted = lastOf(one.path) === 'list'
  if (one.kind === 'folder') return { kind: 'folder' }
  if (one.kind === 'symlink') return { kind: 'symlink', target: one.target }
  if (one.kind !== 'hardlink')
    return { kind: 'file', version: isWanted ? version : undefined, isWanted, layer }
  const parent = real(disk, parentOf(one.target), 'look')
  const found = parent === undefined ? undefined : disk.get(join(parent, lastOf(one.target)))
  if (found?.kind === 'symlink') return found
  const content = found?.kind === 'file' ? found.version : undefined
  return { kind: 'file', version: content, isWanted, layer }
}

/** The folder a path leads to, by following one link at a time from the left. */
function real(disk: Disk, at: string, mode: 'look' | 'make' | 'force'): string | undefined {
  let done = ''
  let rest = at.split('/')
  for (let links = 0; ;) {
    const [next, ...others] = rest
    if (next === undefined) return done
    rest = others
    if (next === '' || next === '.') continue
    if (next === '..') {
      done = parentOf(done)
      continue
    }
    const here = join(done, next)
    const node = disk.get(here)
    if (node?.kind === 'symlink' && mode !== 'force') {
      links++
      if (links > 40) return undefined
      if (node.target.startsWith('/')) done = ''
      rest = [...node.target.split('/'), ...rest]
      continue
    }
    if (node?.kind !== 'folder') {
      if (mode === 'look') return undefined
      remove(disk, here)
      disk.set(here, { kind: 'folder' })
    }
    done = here
  }
}

function remove(disk: Disk, at: string): void {
  for (const known of disk.keys()) if (known === at || isBelow(known, at)) disk.delete(known)
}

function isBelow(known: string, whole: string): boolean {
  return whole === '' || known.startsWith(`${whole}/`)
}

function parentOf(at: string): string {
  return at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : ''
}

function lastOf(at: string): string {
  return at.slice(at.lastIndexOf('/') + 1)
}

function join(parent: string, last: string): string {
  return parent === '' ? last : `${parent}/${last}`
}

test('a package of a database belongs to the layer since which it was always listed', async () => {
  const state = fc.option(fc.subarray(['a 1', 'a 2', 'b 1', 'c 1']), { nil: undefined })
  const database = 'var/lib/dpkg/status'
  const status = [listExtractor('dpkg-status', /^var\/lib\/dpkg\/status$/)]
  await fc.assert(
    fc.asyncProperty(fc.array(state, { minLength: 1, maxLength: 5 }), async (states) => {
      const layers = await Promise.all(
        states.map(async (lines, index) => {
          const spec =
            lines === undefined ? file('var/lib/dpkg/.wh.status') : file(database, lines.join('\n'))
          async function* chunks(): AsyncGenerator<Uint8Array> {
            yield tar(spec)
          }
          const reading = await inventoryLayer(
            { extractors: status, parseOsRelease: parseTestOsRelease },
            { chunks: chunks() },
            defaultLayerLimits,
          )
          if (reading.kind !== 'read') assert.fail(reading.message)
          return { digest: digestAt(index), inventory: reading.inventory }
        }),
      )
      const expected = (states.at(-1) ?? []).toSorted().map((line) => {
        const gap = states.findLastIndex((lines) => lines?.includes(line) !== true)
        return `${line} ${gap + 1}`
      })
      const listed = squash(layers).instances.map(
        ({ package: found, layerDigest }) =>
          `${found.name} ${found.version} ${layerOf(layerDigest)}`,
      )
      assert.deepEqual(listed, expected)
    }),
  )
})
