import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lifecyclePlace, pushImage } from '../../../test/kit/lifecycle-place.ts'
import { turnsDuring } from '../../../test/kit/turns.ts'
import { getRepository } from '../../registry/repository-store.ts'
import { openImageContent } from '../../registry/open-image-content.ts'
import { openSuppressions } from '../../scanning/suppressions.ts'
import { readImages } from './read-images.ts'

test('others have their turn while the images of a large repository are listed', async (t) => {
  const place = await lifecyclePlace(t)
  const { database, blobs, clock } = place
  const repository = await getRepository(database, place.repository)
  await pushImage(place, 'image', ['v1'])
  await database.transaction(async (tx) => {
    await tx.run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
       SELECT $1, 'sha256:' || printf('%064x', i), 'application/vnd.example', 0, i, '', 0, X'' FROM n`,
      [repository.id],
    )
  })
  const deps = {
    database,
    clock,
    defaults: 'secure',
    suppressions: openSuppressions({ reader: database, clock, keys: [], hosts: () => [] }),
    contentOf: (id: number) => openImageContent({ reader: database, blobs }, id),
    place: { region: 'eu-central-1', hostsOf: () => [] },
    looked: 0,
  } as const
  const turns = await turnsDuring(async () => {
    const images = await readImages(deps, repository, clock.now().getTime())
    assert.ok(images.kind === 'told')
    assert.equal(images.value.length, 1001)
  })
  assert.ok(turns >= 10, `${turns} turns`)
})
