import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  pushDisguised,
  pushImage,
  pushIndex,
  pushSignature,
  pushSignatureTag,
  trustPlace,
} from '../../test/kit/trust-place.ts'
import { coveredImages } from './list-coverage.ts'

test('what was never scanned is told, whatever it calls itself, and statements are not', async (t) => {
  const place = await trustPlace(t)
  const { database: reader, repository, contentOf } = place
  const image = await pushImage(place, 'image', ['v1'])
  const subject = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: image,
    size: 1,
  }
  const disguised = [
    await pushDisguised(place, 'typed', { artifactType: 'application/vnd.example.sbom' }),
    await pushDisguised(place, 'referring', { subject }),
  ]
  await pushIndex(place, [image])
  await pushSignature(place, image, { key: 'ci' })
  await pushSignatureTag(place, image, [{ key: 'ci' }])
  const criteria = { texts: {}, moments: {}, numbers: {}, isForeign: false }
  const deps = { reader, region: 'eu-central-1', defaults: 'secure', contentOf } as const
  const told: (string | undefined)[] = []
  for await (const { image: found } of coveredImages(deps, {
    account: repository.account,
    criteria,
  }))
    told.push(found?.digest)
  assert.deepEqual(told, [image, ...disguised].toSorted())
})
