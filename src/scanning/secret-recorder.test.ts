import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listExtractor, parseTestOsRelease } from '../../test/kit/list-extractor.ts'
import { file, tar } from '../../test/kit/tar-builder.ts'
import type { Extractor } from '../ecosystems/ecosystem.ts'
import { digestOf } from '../oci/digest.ts'
import { inventoryLayer, type LayerInventory } from './layer-inventory.ts'
import { defaultLayerLimits } from './layer-limits.ts'

const token = '0f8a7c2e-91b4-4d6a-8e3f-5a1c9d7b2e40'
const other = '1f8a7c2e-91b4-4d6a-8e3f-5a1c9d7b2e41'
const npmrc = (value: string): string =>
  `registry=https://r.example.com\n//r.example.com/:_authToken=${value}\n`

const recognised: Extractor = {
  ...listExtractor('by-content', /^opt\//),
  recognises: (bytes) => bytes.subarray(0, 4).toString() === 'LIST',
}
const extractors = [listExtractor('list', /(?:^|\/)list$/), recognised]

async function read(bytes: Buffer, salt: Uint8Array | undefined): Promise<LayerInventory> {
  const reading = await inventoryLayer(
    {
      extractors,
      parseOsRelease: parseTestOsRelease,
      ...(salt === undefined ? {} : { secretSalt: () => salt }),
    },
    { chunks: chunksOf(bytes), expectedDiffId: digestOf(bytes) },
    defaultLayerLimits,
  )
  if (reading.kind !== 'read') assert.fail(reading.message)
  return reading.inventory
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000)
    yield await Promise.resolve(bytes.subarray(at, at + 1000))
}

const salt = Buffer.from('0123456789abcdef')
const layer = tar(
  file('root/.npmrc', npmrc(token)),
  file('app/.npmrc', npmrc(token)),
  file('srv/.npmrc', npmrc(other)),
  file('opt/.npmrc', npmrc(token)),
  file('app/node_modules/x/.npmrc', npmrc(token)),
  file('bin.d/.npmrc', Buffer.concat([Buffer.from(npmrc(token)), Buffer.alloc(10)])),
  file('app/list', 'lodash 1.0\n'),
  file('app/large/.npmrc', ' '.repeat(2 * 1024 * 1024) + npmrc(token)),
)

test('secrets are told by kind, place and a fingerprint, and the value is nowhere', async () => {
  const inventory = await read(layer, salt)
  const { secrets = [] } = inventory
  assert.deepEqual(
    secrets.map(({ kind, path, line }) => `${kind} ${path} ${line}`),
    ['root', 'app', 'srv', 'opt'].map((folder) => `npm-credentials ${folder}/.npmrc 2`),
  )
  const [one, same, different] = secrets.map(({ fingerprint }) => fingerprint)
  assert.equal(one, same)
  assert.notEqual(one, different)
  assert.ok(!JSON.stringify(inventory).includes(token.slice(0, 12)))
  const again = await read(layer, Buffer.from('another salt 123'))
  assert.notEqual(again.secrets?.[0]?.fingerprint, one)
})

test('looking for secrets changes nothing else of an inventory', async () => {
  const { secrets: _, ...looked } = await read(layer, salt)
  assert.deepEqual(looked, await read(layer, undefined))
})

test('a layer without secrets has no word about them, and a flood of them ends', async () => {
  assert.ok(!('secrets' in (await read(tar(file('app/a', 'nothing in it at all')), salt))))
  const many = Array.from({ length: 400 }, (_, at) => file(`d${at}/.npmrc`, npmrc(token)))
  assert.equal((await read(tar(...many), salt)).secrets?.length, 200)
})
