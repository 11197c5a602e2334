import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, ownCases } from '../../test/kit/extractor-cases.ts'
import { file, symlink, tar, type TarSpec } from '../../test/kit/tar-builder.ts'
import { parseOsRelease } from '../ecosystems/os-release.ts'
import { allExtractors } from '../ecosystems/table.ts'
import { digestOf } from '../oci/digest.ts'
import { inventoryLayer } from './layer-inventory.ts'
import { defaultLayerLimits } from './layer-limits.ts'
import { squash, type SquashedImage } from './rules/squash.ts'

const packed = ownCases().find(({ extractor }) => extractor === 'rpmdb-sqlite')
const database = bytesOf(packed?.file ?? {})
const alma = file('etc/os-release', 'ID="almalinux"\nVERSION_ID="9.4"\n')
/** Where newer distributions keep it, with the link that they leave at the old place. */
const folder = 'usr/lib/sysimage/rpm'
const link = symlink('var/lib/rpm', '../../usr/lib/sysimage/rpm')

async function imageOf(...layers: readonly (readonly TarSpec[])[]): Promise<SquashedImage> {
  const read = layers.map(async (entries, index) => {
    const chunks = (async function* (): AsyncGenerator<Uint8Array> {
      yield tar(...entries)
    })()
    const parsers = { extractors: allExtractors(), parseOsRelease }
    const reading = await inventoryLayer(parsers, { chunks }, defaultLayerLimits)
    if (reading.kind !== 'read') assert.fail(reading.message)
    return { digest: digestOf(Buffer.from(`layer ${index}`)), inventory: reading.inventory }
  })
  return squash(await Promise.all(read))
}

const codesOf = ({ notes }: SquashedImage): readonly string[] => notes.map(({ code }) => code)

test('a damaged database, or one with a journal in use, is unread, whatever was still found', async () => {
  const cut = await imageOf([alma, file(`${folder}/rpmdb.sqlite`, database.subarray(0, 9216))])
  assert.deepEqual(codesOf(cut), ['PACKAGE_DB_UNREAD'])
  assert.equal(cut.instances.length, 2)
  const logged = await imageOf(
    [alma, link, file(`${folder}/rpmdb.sqlite`, database)],
    [file(`${folder}/rpmdb.sqlite-wal`, Buffer.alloc(1100, 1))],
  )
  assert.deepEqual(codesOf(logged), ['PACKAGE_DB_UNREAD'])
  assert.equal(logged.instances.length, 4)
})

test('a whole database with an empty log beside it is read, and the manifest of less is passed over', async () => {
  const image = await imageOf([
    alma,
    link,
    file(`${folder}/rpmdb.sqlite`, database),
    file(`${folder}/rpmdb.sqlite-wal`, ''),
    file(`${folder}/rpmdb.sqlite-shm`, 'x'),
    file('var/lib/rpmmanifest/container-manifest-1', 'bash-5.1-1.noarch\n'),
  ])
  assert.deepEqual(codesOf(image), [])
  assert.deepEqual(image.problems, [])
  assert.deepEqual(
    image.instances.map(({ package: it }) => it.name),
    ['pratique-lib', 'pratique-module', 'pratique-web', 'pratique-web-docs'],
  )
})

test('an rpm database in an image of another kind of system is foreign', async () => {
  const debian = file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n')
  const image = await imageOf([debian, file('var/lib/rpm/rpmdb.sqlite', database)])
  assert.deepEqual(codesOf(image), ['FOREIGN_PACKAGE_DB'])
})
