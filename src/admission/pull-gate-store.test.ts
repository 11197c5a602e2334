import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeDeps, putAdmission } from '../../test/kit/admission-place.ts'
import {
  administrator,
  pushDisguised,
  pushImage,
  pushSignature,
  trustPlace,
} from '../../test/kit/trust-place.ts'
import { parseReference } from '../oci/reference.ts'
import type { DecidedImage } from './decision-recorder.ts'
import { guardPulls, type PullRefusal } from './gate-pull.ts'
import { isPullGated, listPullGates, writePullGate } from './pull-gate-store.ts'

test('a repository has its own word, and without one that of its account', async (t) => {
  const { database, repository, clock } = await trustPlace(t)
  const { account, name } = repository
  const set = async (of: string | undefined, state: 'on' | 'off' | 'unset'): Promise<boolean> => {
    const gate = { account, repository: of, state, by: administrator }
    await database.transaction((tx) => writePullGate(tx, gate, clock.now()))
    return isPullGated(database, account, name)
  }
  assert.equal(await isPullGated(database, account, name), false)
  assert.equal(await set(undefined, 'on'), true)
  assert.equal(await set(name, 'off'), false)
  assert.equal(await set('other', 'on'), false)
  assert.equal((await listPullGates(database, account)).length, 3)
  assert.equal(await set(name, 'unset'), true)
  assert.equal(await set(undefined, 'off'), false)
  assert.equal(await set(name, 'on'), true)
})

test('only who does nothing but pull is refused, and only what runs', async (t) => {
  const place = await trustPlace(t)
  const { database: reader, repository, clock } = place
  const { account, name } = repository
  await putAdmission(place, { require: { signature: { trust: 'release' } } })
  const image = await pushImage(place, 'app', ['v1'])
  const signature = await pushSignature(place, image, { key: 'ci' })
  const recorded: DecidedImage[] = []
  const record = (decided: readonly DecidedImage[]): number => recorded.push(...decided)
  const guard = guardPulls({ ...judgeDeps(place), reader, record })
  const pull = async (named: string, passes = false): Promise<PullRefusal | undefined> => {
    const reference = parseReference(named)
    assert.ok(reference)
    return guard({ repository, reference, passes: () => Promise.resolve(passes) })
  }
  assert.equal(await pull('v1'), undefined)
  const gate = { account, repository: name, state: 'on', by: administrator } as const
  await reader.transaction((tx) => writePullGate(tx, gate, clock.now()))
  const refusal = await pull('v1')
  assert.match(refusal?.message ?? '', /^team\/app:v1 may not be pulled: no trusted signature/)
  assert.deepEqual(
    refusal?.reasons.map(({ code, policy }) => [code, policy]),
    [['signature-untrusted', 'base']],
  )
  assert.match((await pull(image))?.message ?? '', /^team\/app@sha256:/)
  assert.equal(await pull('v1', true), undefined)
  assert.equal(await pull(signature), undefined)
  assert.equal(await pull('none'), undefined)
  // What a gated repository was asked for is written down, and lets nothing run that anybody knows of.
  const told = recorded.map(({ image: named, cluster, isLetRun }) => [named, cluster, isLetRun])
  assert.deepEqual(told, [
    [`${name}:v1`, '', false],
    [`${name}@${image}`, '', false],
  ])
})

test('an image that calls itself a statement about another is refused as it is', async (t) => {
  const place = await trustPlace(t)
  const { database: reader, repository, clock } = place
  await putAdmission(place, { require: { signature: { trust: 'release' } } })
  const { account, name } = repository
  const gate = { account, repository: name, state: 'on', by: administrator } as const
  await reader.transaction((tx) => writePullGate(tx, gate, clock.now()))
  const guard = guardPulls({ ...judgeDeps(place), reader, record: () => undefined })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const subject = { mediaType, digest: await pushImage(place, 'app'), size: 1 }
  const artifactType = 'application/vnd.example.sbom'
  for (const [at, members] of [
    { subject },
    { artifactType },
    { subject, artifactType },
  ].entries()) {
    const digest = await pushDisguised(place, `disguised ${at}`, members)
    const reference = { kind: 'digest', digest } as const
    const refusal = await guard({ repository, reference, passes: () => Promise.resolve(false) })
    assert.match(refusal?.message ?? '', /no trusted signature/, JSON.stringify(members))
  }
})
