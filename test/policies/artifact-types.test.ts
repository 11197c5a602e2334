// What may be pushed by what it is: only the manifest tells, and it comes after the request was judged once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PutImageCommand } from '@aws-sdk/client-ecr'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { expectRefusal, expectStatus, indexOf, type Answer } from '../conformance/client.ts'
import { openWorld, outcomeOf, own, signIn, type Caller, type World } from './world.ts'

const repository = 'team/app'
const signature = 'application/vnd.dev.cosign.artifact.sig.v1+json'
const sbom = 'application/spdx+json'
const steps = ['ecr:InitiateLayerUpload', 'ecr:BatchGetImage', 'ecr:ListImages']

async function pushing(
  t: Parameters<typeof openWorld>[0],
  ...statements: readonly object[]
): Promise<readonly [World, Caller]> {
  const world = await openWorld(t)
  await world.createRepository(repository)
  const dev = await world.user(own, 'AIDADEV')
  await world.put('AIDADEV', 'own', signIn, ...statements)
  return [world, dev]
}

function manifestOf(artifactType: string | undefined): string {
  return JSON.stringify(indexOf([], artifactType === undefined ? {} : { artifactType }))
}

function push(caller: Caller, tag: string, artifactType: string | undefined): Promise<Answer> {
  const headers = { 'content-type': mediaTypes.ociIndex }
  const body = Buffer.from(manifestOf(artifactType))
  return caller.send('PUT', `/v2/${repository}/manifests/${tag}`, { headers, body })
}

function pushByApi(caller: Caller, imageTag: string, artifactType?: string): Promise<string> {
  const input = { repositoryName: repository, imageTag, imageManifest: manifestOf(artifactType) }
  return outcomeOf(caller.api.send(new PutImageCommand(input)))
}

const signer = [
  { Effect: 'Allow', Action: steps, Resource: '*' },
  {
    Effect: 'Allow',
    Action: 'ecr:PutImage',
    Resource: '*',
    Condition: { StringLike: { 'pratique:ArtifactType': 'application/vnd.dev.cosign.*' } },
  },
]
const sentence =
  /user\/aidadev is not authorized to perform: ecr:PutImage on resource: \S+ because no identity-based policy allows the ecr:PutImage action/

test('who may push signatures pushes nothing else, over both protocols', async (t) => {
  const [world, dev] = await pushing(t, ...signer)
  for (const artifactType of [sbom, undefined]) {
    expectRefusal(await push(dev, 'v1', artifactType), 403, 'DENIED')
    assert.match(await pushByApi(dev, 'v1', artifactType), sentence)
  }
  expectStatus(await world.admin.send('GET', `/v2/${repository}/manifests/v1`), 404)
  expectStatus(await push(dev, 'sig-1', signature), 201)
  assert.equal(await pushByApi(dev, 'sig-2', `${signature}.x`), 'allowed')
})

test('whom no artifact type would let in is refused before the body is wanted', async (t) => {
  const [, dev] = await pushing(t, { Effect: 'Allow', Action: steps, Resource: '*' })
  const length = { 'content-length': '4000000', 'content-type': mediaTypes.ociIndex }
  const refused = await dev.send('PUT', `/v2/${repository}/manifests/v1`, {
    headers: { ...length, expect: '100-continue' },
  })
  expectRefusal(refused, 403, 'DENIED')
})

test('a Deny of an artifact type holds against an Allow of everything', async (t) => {
  const [, dev] = await pushing(
    t,
    { Effect: 'Allow', Action: 'ecr:*', Resource: '*' },
    {
      Effect: 'Deny',
      Action: 'ecr:PutImage',
      Resource: '*',
      Condition: { StringEquals: { 'pratique:ArtifactType': sbom } },
    },
  )
  expectRefusal(await push(dev, 'v1', sbom), 403, 'DENIED')
  assert.match(
    await pushByApi(dev, 'v1', sbom),
    /with an explicit deny in an identity-based policy/,
  )
  expectStatus(await push(dev, 'v1', undefined), 201)
  expectStatus(await push(dev, 'v2', signature), 201)
})

test('an upload of who may push some manifests is not warned of its end', async (t) => {
  const [world, dev] = await pushing(t, ...signer)
  const started = expectStatus(await dev.send('POST', `/v2/${repository}/blobs/uploads/`), 202)
  assert.equal(started.headers['warning'], undefined)
  await world.put('AIDADEV', 'own', signIn, { Effect: 'Allow', Action: steps, Resource: '*' })
  const warned = expectStatus(await dev.send('POST', `/v2/${repository}/blobs/uploads/`), 202)
  assert.match(String(warned.headers['warning']), /^299 - .*ecr:PutImage/)
})
