// What runs is judged anew, told once when it turns, and shown before a policy bites.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, judgeDeps, putAdmission } from '../../test/kit/admission-place.ts'
import {
  decided,
  report,
  runningPlace,
  type RunningPlaceKit,
} from '../../test/kit/running-place.ts'
import {
  addKey,
  pushImage,
  pushSignature,
  putPolicy,
  removeManifest,
  settle,
} from '../../test/kit/trust-place.ts'
import { noticesOfEvent } from '../notifications/rules/notices-of-event.ts'
import { deleteTrustPolicy } from '../trust/put-trust-policy.ts'
import { judgeRunning } from './judge-running.ts'
import { previewPolicy } from './preview-policy.ts'

const { signal } = new AbortController()

async function turned(place: RunningPlaceKit): Promise<readonly unknown[]> {
  const deps = { ...judgeDeps(place), database: place.database }
  await judgeRunning(deps, { signal })
  assert.deepEqual(deps.faults, [])
  const rows = await place.database.all(
    `SELECT resource, detail FROM events WHERE kind = 'RunningImageDenied' ORDER BY id`,
  )
  return rows.map(({ resource, detail }) => ({
    resource,
    detail: JSON.parse(String(detail)) as unknown,
  }))
}

test('an image that runs and is denied now is told once, with its clusters', async (t) => {
  const place = await runningPlace(t, ['lab', 'prod'])
  const { recorder, clock, repository } = place
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'])
  await putAdmission(place, { require: { signature: { trust: 'release' } } })
  const image = await pushImage(place, 'app', ['v1'])
  const unsigned = await pushImage(place, 'unsigned', ['v2'])
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  const allowed = await judge(place, image)
  recorder.record([
    decided(place, allowed),
    decided(place, allowed, { workload: { kind: 'CronJob', name: 'b' } }),
    decided(place, allowed, { cluster: 'lab', namespace: 'dev' }),
  ])
  await recorder.flush()
  // Of what was only reported nobody knows that it was ever allowed: it turns to nothing.
  await report(place, [{ image: `registry.example/team/app@${unsigned}`, name: 'u' }], 'lab')
  assert.deepEqual(await turned(place), [])
  // A pod that is denied now does not hide that its elders run.
  await deleteTrustPolicy(place, {
    account: repository.account,
    name: 'release',
    by: 'arn:aws:iam::123456789012:user/a',
  })
  clock.advance(1000)
  recorder.record([decided(place, await judge(place, image))])
  await recorder.flush()
  const events = await turned(place)
  assert.equal(events.length, 1)
  assert.partialDeepStrictEqual(events[0], {
    resource: 'team/app',
    detail: {
      digest: image,
      clusters: [
        { cluster: 'lab', namespaces: ['dev'] },
        { cluster: 'prod', namespaces: ['web'] },
      ],
      policies: ['base@1'],
      reasons: [{ code: 'signature-untrusted', policy: 'base' }],
    },
  })
  assert.equal((await turned(place)).length, 1)
  await removeManifest(place, image)
  assert.equal((await turned(place)).length, 1)
})

test('a preview tells what would be denied where it runs, tagged or not', async (t) => {
  const place = await runningPlace(t)
  const { repository } = place
  const { account } = repository
  const untagged = await pushImage(place, 'untagged')
  const tagged = await pushImage(place, 'tagged', ['v1'])
  const at = (digest: string, namespace: string, name: string) => ({
    image: `registry.example/team/app@${digest}`,
    namespace,
    name,
  })
  await report(place, [
    at(untagged, 'web', 'a'),
    at(untagged, 'web', 'b'),
    at(untagged, 'dev', 'a'),
    at(tagged, 'web', 'c'),
  ])
  const draft = (members: object): string =>
    JSON.stringify({
      version: 1,
      name: 'draft',
      exempt: [
        {
          match: { code: 'not-scanned' },
          owner: 'tests',
          reason: 'nobody scans here',
          until: '2027-10-01',
        },
      ],
      ...members,
    })
  const preview = async (text: string, context: object): Promise<readonly unknown[]> => {
    const told: unknown[] = []
    const input = { account, text, context: { door: 'admission' as const, ...context } }
    for await (const line of previewPolicy(judgeDeps(place), input, { signal })) told.push(line)
    return told
  }
  const strict = draft({ require: { signature: { trust: 'release' } } })
  const all = await preview(strict, {})
  assert.deepEqual(
    all.flatMap((line) => {
      const { kind, namespace, digest, now, would } = line as Readonly<Record<string, string>>
      return kind === 'running' ? [[namespace, digest, now, would]] : []
    }),
    [
      ['dev', untagged, 'allow', 'deny'],
      ['web', untagged, 'allow', 'deny'],
      ['web', tagged, 'allow', 'deny'],
    ],
  )
  const counts = { images: 3, denied: 3, newlyDenied: 3, warned: 0, isCut: false }
  assert.partialDeepStrictEqual(all.at(-1), { images: 1, denied: 1, running: counts })
  const one = await preview(strict, { cluster: 'prod', namespace: 'dev' })
  assert.partialDeepStrictEqual(one.at(-1), { running: { images: 1, denied: 1 } })
  const scoped = draft({
    require: { signature: { trust: 'release' } },
    scopes: [{ namespace: 'web' }],
  })
  assert.partialDeepStrictEqual((await preview(scoped, {})).at(-1), {
    running: { images: 3, denied: 2 },
  })
  // A pull is no cluster's.
  const pulls = await preview(strict, { door: 'pull' })
  assert.equal((pulls.at(-1) as { readonly running?: unknown }).running, undefined)
})

test('what turned becomes a message, unless it is no such event', () => {
  const detail = {
    digest: `sha256:${'a'.repeat(64)}`,
    clusters: [{ cluster: 'prod', namespaces: ['web'] }],
    policies: ['base@1'],
    reasons: [{ code: 'finding', message: 'CVE-2026-1 in a' }],
  }
  const kind = 'RunningImageDenied'
  const resource = 'team/app'
  assert.partialDeepStrictEqual(noticesOfEvent({ kind, resource, detail }), [
    { kind: 'running', repository: 'team/app', clusters: [{ cluster: 'prod' }] },
  ])
  for (const broken of [null, {}, { ...detail, digest: 1 }, { ...detail, clusters: 'x' }])
    assert.deepEqual(noticesOfEvent({ kind, resource, detail: broken }), [])
})
