// Lifecycle policies and the archive as the unmodified SDK, the aws CLI and our own command line see them.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DeleteLifecyclePolicyCommand,
  DescribeImagesCommand,
  GetLifecyclePolicyCommand,
  GetLifecyclePolicyPreviewCommand,
  ListImagesCommand,
  PutLifecyclePolicyCommand,
  StartImageScanCommand,
  StartLifecyclePolicyPreviewCommand,
  UpdateImageStorageClassCommand,
  waitUntilLifecyclePolicyPreviewComplete,
} from '@aws-sdk/client-ecr'
import { runAws } from '../kit/aws.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { readEcrImages } from '../../cli/lifecycle/read-ecr-images.ts'
import { forecastLifecycle } from '../../src/lifecycle/rules/forecast.ts'
import { lifecycleOf, lifecycleText } from '../kit/lifecycle.ts'
import { authorizationOf, pushLayout } from '../kit/push-layout.ts'
import { missing, run } from '../kit/run.ts'
import { startServer } from '../kit/server-process.ts'

const repositoryName = 'team/app'

test('policies, previews, runs and the archive', async (t) => {
  const server = await startServer(t)
  const directory = await temporaryDirectory(t)
  const client = server.ecr
  await client.send(new CreateRepositoryCommand({ repositoryName }))
  const headers = { authorization: authorizationOf(server) }
  for (const tag of ['v1', 'v2', 'v3', 'dev-1']) {
    const layout = await writeImageLayout(join(directory, tag), [{ 'etc/tag': tag }])
    await pushLayout(server, repositoryName, layout, tag)
  }
  const refused = async (work: Promise<unknown>, name: string, words: RegExp): Promise<void> => {
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof Error)
      assert.equal(error.name, name)
      assert.match(error.message, words)
      return true
    })
  }

  await t.test('a policy is kept byte for byte, and its absence has an exception', async () => {
    const absent =
      /^Lifecycle policy does not exist for the repository with name 'team\/app' in the registry with id '123456789012'/
    const get = new GetLifecyclePolicyCommand({ repositoryName })
    await refused(client.send(get), 'LifecyclePolicyNotFoundException', absent)
    const preview = new StartLifecyclePolicyPreviewCommand({ repositoryName })
    await refused(client.send(preview), 'LifecyclePolicyNotFoundException', absent)
    const text = `  ${lifecycleText(['1 prefix:nothing- count:9999'])}\n\n`
    await client.send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText: text }))
    const got = await client.send(get)
    assert.equal(got.lifecyclePolicyText, text)
    const gone = await client.send(new DeleteLifecyclePolicyCommand({ repositoryName }))
    assert.equal(gone.lifecyclePolicyText, text)
    await refused(client.send(get), 'LifecyclePolicyNotFoundException', absent)
  })

  await t.test('a fault names the rule, the member and its place', async () => {
    const text = lifecycleText(['7 any count:0'])
    const put = new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText: text })
    await refused(
      client.send(put),
      'InvalidParameterException',
      /^Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: numeric instance is lower than the required minimum \(minimum: 1, found: 0\) at \/rules\/0\/selection\/countNumber \(rule 7, line 8, column 20\)'$/,
    )
  })

  await t.test('a preview is waited for, paged, filtered and summed up', async () => {
    const none = new GetLifecyclePolicyPreviewCommand({ repositoryName })
    await refused(
      client.send(none),
      'LifecyclePolicyPreviewNotFoundException',
      /preview does not exist/,
    )
    const lifecyclePolicyText = lifecycleText(['1 prefix:v count:1', '2 prefix:dev count:1'])
    const started = await client.send(
      new StartLifecyclePolicyPreviewCommand({ repositoryName, lifecyclePolicyText }),
    )
    assert.equal(started.status, 'IN_PROGRESS')
    const waiting = { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }
    await waitUntilLifecyclePolicyPreviewComplete(waiting, { repositoryName })
    const first = await client.send(
      new GetLifecyclePolicyPreviewCommand({ repositoryName, maxResults: 1 }),
    )
    assert.equal(first.status, 'COMPLETE')
    assert.deepEqual(first.summary, {
      expiringImageTotalCount: 2,
      transitioningImageTotalCounts: [],
    })
    const [image] = first.previewResults ?? []
    assert.deepEqual(
      [image?.imageTags, image?.action, image?.appliedRulePriority, image?.storageClass],
      [['v2'], { type: 'EXPIRE' }, 1, 'STANDARD'],
    )
    assert.ok(image?.imagePushedAt instanceof Date)
    const { nextToken } = first
    const second = await client.send(
      new GetLifecyclePolicyPreviewCommand({ repositoryName, maxResults: 1, nextToken }),
    )
    assert.deepEqual(second.previewResults?.[0]?.imageTags, ['v1'])
    assert.equal(second.nextToken, undefined)
    const untagged = await client.send(
      new GetLifecyclePolicyPreviewCommand({ repositoryName, filter: { tagStatus: 'UNTAGGED' } }),
    )
    assert.deepEqual(untagged.previewResults, [])
    const imageIds = [{ imageTag: 'v1' }, { imageTag: 'v3' }]
    const byId = await client.send(
      new GetLifecyclePolicyPreviewCommand({ repositoryName, imageIds }),
    )
    assert.deepEqual(
      byId.previewResults?.map(({ imageTags }) => imageTags),
      [['v1']],
    )
  })

  await t.test('an archived image is listed and not served, and comes back', async () => {
    const imageId = { imageTag: 'dev-1' }
    const move = (
      targetStorageClass: 'ARCHIVE' | 'STANDARD',
    ): Promise<{ imageStatus?: string | undefined }> =>
      client.send(
        new UpdateImageStorageClassCommand({ repositoryName, imageId, targetStorageClass }),
      )
    assert.equal((await move('ARCHIVE')).imageStatus, 'ARCHIVED')
    const archived = { repositoryName, filter: { imageStatus: 'ARCHIVED' } } as const
    const listed = await client.send(new ListImagesCommand(archived))
    assert.deepEqual(
      listed.imageIds?.map(({ imageTag }) => imageTag),
      ['dev-1'],
    )
    const [detail] = (await client.send(new DescribeImagesCommand(archived))).imageDetails ?? []
    assert.equal(detail?.imageStatus, 'ARCHIVED')
    assert.ok(detail.lastArchivedAt instanceof Date)
    const active = { repositoryName, filter: { imageStatus: 'ACTIVE' } } as const
    assert.equal((await client.send(new ListImagesCommand(active))).imageIds?.length, 3)
    const got = await client.send(new BatchGetImageCommand({ repositoryName, imageIds: [imageId] }))
    assert.equal(got.failures?.[0]?.failureCode, 'ImageInaccessible')
    const scan = new StartImageScanCommand({ repositoryName, imageId })
    await refused(client.send(scan), 'ImageArchivedException', /restore it/)
    const path = `${server.url}/v2/${repositoryName}/manifests/dev-1`
    const pull = await fetch(path, { headers })
    assert.equal(pull.status, 404)
    assert.match(
      await pull.text(),
      /aws ecr update-image-storage-class --repository-name team\/app/,
    )
    assert.equal((await move('STANDARD')).imageStatus, 'ACTIVE')
    const back = await fetch(path, { headers })
    assert.equal(back.status, 200)
  })

  await t.test(
    'read by the ECR API alone, as a repository of AWS is, images are judged the same',
    async () => {
      const session = { ecr: client, endpoint: server.url, name: server.url }
      const images = await readEcrImages(session, { repositoryName })
      assert.equal(images.length, 4)
      const policy = lifecycleOf(['1 prefix:v count:1', '2 prefix:dev count:1'])
      const { today } = forecastLifecycle(policy, images, { now: new Date().getTime() })
      assert.deepEqual(
        today.acts.map(({ image }) => image.tags),
        [['v1'], ['v2']],
      )
    },
  )

  const file = join(directory, 'policy.json')
  await writeFile(file, lifecycleText(['1 prefix:v count:1', '2 prefix:dev count:1']))
  const pratique = (...words: readonly string[]): ReturnType<typeof run> =>
    run(process.execPath, ['bin/pratique.js', 'lifecycle', ...words], { env: server.environment })

  await t.test('the command line previews, explains, runs and tells where a tag went', async () => {
    const lint = await pratique('lint', file)
    assert.deepEqual([lint.status, lint.stdout.includes('nothing found')], [0, true], lint.stderr)
    const preview = await pratique(
      'preview',
      repositoryName,
      '--policy',
      file,
      '--at',
      '2099-01-01',
    )
    assert.match(
      preview.stdout,
      /^team\/app: 4 images\ntoday: 2 deleted, .* freed; 0 archived\n/,
      preview.stderr,
    )
    assert.match(preview.stdout, /rule 1 deletes 2 images/)
    assert.match(preview.stdout, /3rd youngest, and the rule keeps 1/)
    const json = await pratique('preview', repositoryName, '--policy', file, '--json')
    const parsed: unknown = JSON.parse(json.stdout)
    assert.ok(typeof parsed === 'object' && parsed !== null && 'today' in parsed)
    const lifecyclePolicyText = lifecycleText(['1 prefix:v count:1', '2 prefix:dev count:1'])
    await client.send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText }))
    const ran = await pratique('run', repositoryName)
    assert.equal(ran.status, 0, ran.stderr)
    const explained = await pratique('explain', `${repositoryName}:v3`)
    assert.match(
      explained.stdout,
      /^team\/app:v3 stays by rule 1: 1st youngest of 1 that the rule keeps\n/,
      explained.stderr,
    )
    const history = await pratique('history', repositoryName, 'v1')
    assert.match(
      history.stdout,
      /deleted +v1 .*rule 1: 3rd youngest, and the rule keeps 1/,
      history.stderr,
    )
    assert.match(history.stdout, /deleted +lifecycle\.ecr\.amazonaws\.com/)
    const left = await client.send(new ListImagesCommand({ repositoryName }))
    assert.deepEqual(left.imageIds?.map(({ imageTag }) => imageTag).toSorted(), ['dev-1', 'v3'])
  })

  await t.test(
    'guards are put, shown and deleted; a faulty one is refused with its place',
    async () => {
      const guards = join(directory, 'guards.json')
      await writeFile(
        guards,
        '{ "guards": [{ "repositories": ["*"], "protect": { "signed": 1 } }] }',
      )
      const bad = await pratique('guard', 'put', guards)
      assert.equal(bad.status, 2)
      assert.match(bad.stderr, /at \/guards\/0\/protect\/signed \(guard 1, line 1, column \d+\)/)
      const text =
        '{ "guards": [{ "repositories": ["*"], "protect": { "signed": true } }], "undoDays": 1 }'
      await writeFile(guards, text)
      assert.equal(
        (await pratique('guard', 'put', guards)).stdout,
        '1 guard in force; undo for 1 day\n',
      )
      assert.equal((await pratique('guard', 'show')).stdout, `${text}\n`)
      assert.equal((await pratique('guard', 'delete')).status, 0)
    },
  )

  await t.test('the aws CLI puts and previews', { skip: missing('aws') }, async () => {
    const aws = async (...words: readonly string[]): Promise<string> => {
      const place = ['--repository-name', repositoryName]
      const result = await runAws(['ecr', ...words, ...place], { env: server.environment })
      assert.equal(result.status, 0, result.stderr)
      return result.stdout
    }
    await aws('put-lifecycle-policy', '--lifecycle-policy-text', `file://${file}`)
    await aws('start-lifecycle-policy-preview')
    await aws('wait', 'lifecycle-policy-preview-complete')
    assert.match(await aws('get-lifecycle-policy-preview'), /"status": "COMPLETE"/)
    assert.match(await aws('get-lifecycle-policy'), /rulePriority/)
    await aws('delete-lifecycle-policy')
  })
})
