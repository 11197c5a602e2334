// Lists of the ECR API page by page: each entry once while others come and go, and tokens that are good for their list alone.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { app, digestOf, openErrorPlace, type ErrorPlace } from './error-place.ts'
import { scenarioState, valueAt } from './scenario-state.ts'

interface PagedList {
  readonly operation: string
  readonly input: object
  readonly entries: string
  /** What an entry is known by: a place in it; the entry itself where it is a text. */
  readonly key: string
  readonly before: (place: ErrorPlace) => Promise<void>
  /** Between the first page and the others: something comes, and something goes that was not listed yet. */
  readonly meanwhile: (place: ErrorPlace) => Promise<void>
  /** What goes. */
  readonly gone: string
  /** An input that is about another list. */
  readonly other: object
}

const numbers = [1, 2, 3, 4, 5, 6]
const putImage = async (place: ErrorPlace, number: number): Promise<void> => {
  const imageManifest = place.manifest + '\n'.repeat(number)
  await place.call('PutImage', { ...app, imageManifest, imageTag: `p${number}` })
}
const putReferrer = async (place: ErrorPlace, number: number): Promise<void> => {
  await place.call('PutImage', { ...app, imageManifest: referrerOf(place, number) })
}
const referrerOf = (place: ErrorPlace, number: number): string => {
  const image: unknown = JSON.parse(place.manifest)
  const subject = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: place.imageDigest,
    size: place.manifest.length,
  }
  const artifactType = 'application/vnd.example.note'
  return JSON.stringify({ ...Object(image), artifactType, subject }) + ' '.repeat(number)
}
const role = (number: number): object => ({
  principalArn: `arn:aws:iam::123456789012:role/p${number}`,
})
const quay = (ecrRepositoryPrefix: string): object => ({
  ecrRepositoryPrefix,
  upstreamRegistryUrl: 'quay.io',
})
const destination = { region: 'eu-west-1', registryId: '210987654321' }
const each = async (work: (number: number) => Promise<unknown>): Promise<void> => {
  for (const number of numbers) await work(number)
}

const lists: readonly PagedList[] = [
  {
    operation: 'DescribeRepositories',
    input: {},
    entries: 'repositories',
    key: 'repositoryName',
    before: (place) =>
      each((number) => place.call('CreateRepository', { repositoryName: `paging/r${number}` })),
    meanwhile: async (place) => {
      for (const name of ['aa', 'paging/r1a', 'paging/z'])
        await place.call('CreateRepository', { repositoryName: name })
      await place.call('DeleteRepository', { repositoryName: 'paging/r5' })
    },
    gone: 'paging/r5',
    other: { registryId: '210987654321' },
  },
  {
    operation: 'ListImages',
    input: app,
    entries: 'imageIds',
    key: 'imageTag',
    before: (place) => each((number) => putImage(place, number)),
    meanwhile: async (place) => {
      await putImage(place, 7)
      await place.call('BatchDeleteImage', { ...app, imageIds: [{ imageTag: 'p5' }] })
    },
    gone: 'p5',
    other: { ...app, filter: { tagStatus: 'TAGGED' } },
  },
  {
    operation: 'DescribeImages',
    input: app,
    entries: 'imageDetails',
    key: 'imageTags.0',
    before: (place) => putImage(place, 5),
    meanwhile: async (place) => {
      await putImage(place, 8)
      await place.call('BatchDeleteImage', { ...app, imageIds: [{ imageTag: 'p5' }] })
    },
    gone: 'p5',
    other: { ...app, filter: { tagStatus: 'TAGGED' } },
  },
  {
    operation: 'ListImageReferrers',
    input: {},
    entries: 'referrers',
    key: 'digest',
    before: (place) => each((number) => putReferrer(place, number)),
    meanwhile: async (place) => {
      await putReferrer(place, 7)
      const imageDigest = digestOf(referrerOf(place, 1))
      await place.call('BatchDeleteImage', { ...app, imageIds: [{ imageDigest }] })
    },
    gone: 'the oldest',
    other: { filter: { artifactStatus: 'ANY' } },
  },
  {
    operation: 'DescribeRepositoryCreationTemplates',
    input: {},
    entries: 'repositoryCreationTemplates',
    key: 'prefix',
    before: (place) =>
      each((number) =>
        place.call('CreateRepositoryCreationTemplate', { prefix: `p${number}`, appliedFor: [] }),
      ),
    meanwhile: async (place) => {
      for (const prefix of ['aa', 'p1/a', 'z'])
        await place.call('CreateRepositoryCreationTemplate', { prefix, appliedFor: [] })
      await place.call('DeleteRepositoryCreationTemplate', { prefix: 'p5' })
    },
    gone: 'p5',
    other: {},
  },
  {
    operation: 'ListPullTimeUpdateExclusions',
    input: {},
    entries: 'pullTimeUpdateExclusions',
    key: '',
    before: (place) =>
      each((number) => place.call('RegisterPullTimeUpdateExclusion', role(number))),
    meanwhile: async (place) => {
      await place.call('RegisterPullTimeUpdateExclusion', role(0))
      await place.call('RegisterPullTimeUpdateExclusion', role(7))
      await place.call('DeregisterPullTimeUpdateExclusion', role(5))
    },
    gone: 'arn:aws:iam::123456789012:role/p5',
    other: {},
  },
  {
    operation: 'DescribePullThroughCacheRules',
    input: {},
    entries: 'pullThroughCacheRules',
    key: 'ecrRepositoryPrefix',
    before: (place) =>
      each((number) => place.call('CreatePullThroughCacheRule', quay(`q${number}`))),
    meanwhile: async (place) => {
      for (const prefix of ['aa', 'q1a', 'zz'])
        await place.call('CreatePullThroughCacheRule', quay(prefix))
      await place.call('DeletePullThroughCacheRule', { ecrRepositoryPrefix: 'q5' })
    },
    gone: 'q5',
    other: {},
  },
  {
    operation: 'ListReplicationBackfills',
    input: {},
    entries: 'backfills',
    key: 'replicationBackfillId',
    before: async (place) => {
      const replicationConfiguration = { rules: [{ destinations: [destination] }] }
      await place.call('PutReplicationConfiguration', { replicationConfiguration })
      await each(() => place.call('StartReplicationBackfill', { destination }))
    },
    meanwhile: async (place) => {
      await place.call('StartReplicationBackfill', { destination })
    },
    gone: 'none',
    other: {},
  },
  {
    operation: 'GetLifecyclePolicyPreview',
    input: app,
    entries: 'previewResults',
    key: 'imageDigest',
    before: async (place) => {
      const selection = { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 }
      const rules = [{ rulePriority: 1, selection, action: { type: 'expire' } }]
      const lifecyclePolicyText = JSON.stringify({ rules })
      await place.call('StartLifecyclePolicyPreview', { ...app, lifecyclePolicyText })
      await until(place, 'GetLifecyclePolicyPreview', app, 'status')
    },
    // A preview is of the moment that it was made in.
    meanwhile: async (place) => {
      await putImage(place, 9)
      await place.call('BatchDeleteImage', { ...app, imageIds: [{ imageTag: 'p6' }] })
    },
    gone: 'none',
    other: { ...app, filter: { tagStatus: 'TAGGED' } },
  },
  {
    operation: 'DescribeImageScanFindings',
    input: { ...app, imageId: { imageTag: 'scanned' } },
    entries: 'imageScanFindings.findings',
    key: 'name',
    before: scanImage,
    meanwhile: (place) => putImage(place, 10),
    gone: 'none',
    other: { ...app, imageId: { imageTag: 'absent' } },
  },
]

async function scanImage(place: ErrorPlace): Promise<void> {
  const state = await scenarioState(join(place.directory, 'layout'), 'paging')
  for (const blob of ['layer', 'config'] as const) {
    const uploadId = await place.upload(Buffer.from(state[blob] ?? '', 'base64'))
    const layerDigests = [state[`${blob}Digest`]]
    await place.call('CompleteLayerUpload', { ...app, uploadId, layerDigests })
  }
  await place.call('PutImage', { ...app, imageManifest: state['manifest'], imageTag: 'scanned' })
  const image = { ...app, imageId: { imageTag: 'scanned' } }
  await place.call('StartImageScan', image)
  await until(place, 'DescribeImageScanFindings', image, 'imageScanStatus.status')
}

async function until(
  place: ErrorPlace,
  operation: string,
  input: object,
  status: string,
): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (valueAt(await place.call(operation, input), status) === 'COMPLETE') return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${operation}: it does not end`)
}

test('lists page by page', async (t) => {
  const place = await openErrorPlace(t)
  const tokens = new Map<string, unknown>()
  for (const list of lists) {
    await list.before(place)
    const subjectId = { imageDigest: place.imageDigest }
    const subject = list.operation === 'ListImageReferrers' ? { ...app, subjectId } : {}
    const input = { ...list.input, ...subject }

    await t.test(`${list.operation} lists each entry once, whatever comes and goes`, async () => {
      const whole = await place.call(list.operation, input)
      assert.equal(valueAt(whole, 'nextToken'), undefined)
      const all = keysOf(list, whole)
      assert.ok(all.length >= 2, `${all.length} entries`)
      const first = await place.call(list.operation, { ...input, maxResults: 1 })
      assert.deepEqual(keysOf(list, first), all.slice(0, 1))
      tokens.set(list.operation, valueAt(first, 'nextToken'))
      await list.meanwhile(place)
      const seen = all.slice(0, 1)
      let nextToken = valueAt(first, 'nextToken')
      // How many come at once may change from page to page.
      for (let maxResults = 1; nextToken !== undefined; maxResults += 1) {
        assert.equal(typeof nextToken, 'string')
        const page = await place.call(list.operation, { ...input, maxResults, nextToken })
        seen.push(...keysOf(list, page))
        nextToken = valueAt(page, 'nextToken')
      }
      assert.equal(new Set(seen).size, seen.length, `twice: ${seen.join(' ')}`)
      const oldest = digestOf(referrerOf(place, 1))
      const stayed = all.filter((key) => key !== list.gone && key !== oldest)
      assert.deepEqual(
        seen.filter((key) => stayed.includes(key)),
        stayed,
      )
    })
  }

  await t.test('a token of another list, or one that was changed, is refused', async () => {
    for (const { operation, input, other } of lists) {
      const subjectId = { imageDigest: place.imageDigest }
      const subject = operation === 'ListImageReferrers' ? { ...app, subjectId } : {}
      const own = String(tokens.get(operation))
      const foreign = [...tokens].find(([name]) => name !== operation)?.[1]
      const wrong: readonly object[] = [
        { ...input, ...subject, nextToken: foreign },
        { ...input, ...subject, nextToken: `${own.startsWith('A') ? 'B' : 'A'}${own.slice(1)}` },
        { ...input, ...subject, nextToken: '' },
        ...(Object.keys(other).length === 0 ? [] : [{ ...other, ...subject, nextToken: own }]),
      ]
      for (const asked of wrong)
        await assert.rejects(place.call(operation, asked), (error) => {
          assert.ok(error instanceof Error)
          const isAboutImage = error.name === 'ImageNotFoundException'
          assert.ok(
            isAboutImage || error.name === 'InvalidParameterException',
            `${operation}: ${error.name}`,
          )
          if (!isAboutImage) assert.match(error.message, /^Invalid parameter at 'nextToken'/)
          return true
        })
    }
  })

  await t.test('a token of a preview that another has replaced is refused', async () => {
    const nextToken = tokens.get('GetLifecyclePolicyPreview')
    const again = lists.find(({ operation }) => operation === 'GetLifecyclePolicyPreview')
    await again?.before(place)
    await assert.rejects(place.call('GetLifecyclePolicyPreview', { ...app, nextToken }), {
      name: 'InvalidParameterException',
    })
  })
})

function keysOf({ entries, key }: PagedList, page: unknown): string[] {
  const listed = valueAt(page, entries)
  assert.ok(Array.isArray(listed), entries)
  return listed.map((entry: unknown) =>
    String(
      typeof entry === 'string' ? entry : (valueAt(entry, key) ?? valueAt(entry, 'imageDigest')),
    ),
  )
}
