// Pulls without credentials: off they are nothing, on they are what a policy says to everybody, and never more than reading.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectRefusal, expectStatus, header, jsonOf } from '../conformance/client.ts'
import { openWorld, outcomeOf, own, putManifest, type World } from './world.ts'
import { PutRegistryPolicyCommand, SetRepositoryPolicyCommand } from '@aws-sdk/client-ecr'

const everybody = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 'ecr:*' }],
}

async function pushed(world: World, force: boolean): Promise<void> {
  await world.createRepository('team/app')
  await world.createRepository('team/closed')
  for (const name of ['team/app', 'team/closed']) {
    expectStatus(await putManifest(world.admin, name, 'v1'), 201)
  }
  await world.setPolicy('team/app', everybody, force)
}

test('off, nobody comes in, and no token is given to who shows nothing', async (t) => {
  const world = await openWorld(t)
  await pushed(world, false)
  const refused = await world.nobody.send('GET', '/v2/team/app/manifests/v1')
  expectRefusal(refused, 401, 'UNAUTHORIZED')
  assert.match(
    header(refused, 'www-authenticate'),
    /^Bearer realm=.*scope="repository:team\/app:pull"/,
  )
  expectStatus(await world.nobody.send('GET', '/token?scope=repository:team/app:pull'), 401)
})

test('on, what a policy opens to everybody is pulled, and nothing else is done', async (t) => {
  const world = await openWorld(t, { PRATIQUE_ANONYMOUS_PULL: 'on' })
  await pushed(world, true)
  expectStatus(await world.nobody.send('GET', '/v2/team/app/manifests/v1'), 200)
  expectStatus(await world.nobody.send('GET', '/v2/team/app/tags/list'), 200)
  const refusals = [
    ['GET', 'team/closed/manifests/v1'],
    ['GET', 'team/missing/manifests/v1'],
    ['PUT', 'team/app/manifests/v2'],
    ['DELETE', 'team/app/manifests/v1'],
    ['POST', 'team/app/blobs/uploads/'],
    ['GET', '_catalog'],
    ['GET', ''],
  ] as const
  for (const [method, path] of refusals) {
    expectStatus(await world.nobody.send(method, `/v2/${path}`), 401)
  }
})

test('a client gets its token without credentials, and it pulls no more than is open', async (t) => {
  const world = await openWorld(t, { PRATIQUE_ANONYMOUS_PULL: 'on' })
  await pushed(world, true)
  const scope =
    'scope=repository:team/app:pull,push&scope=repository:team/closed:pull&scope=registry:catalog:*'
  const answer = expectStatus(
    await world.nobody.send('GET', `/token?${scope}&offline_token=true`),
    200,
  )
  const { token, scope: granted, refresh_token: refresh } = jsonOf(answer)
  assert.equal(granted, 'repository:team/app:pull')
  assert.equal(refresh, undefined)
  const headers = { authorization: `Bearer ${String(token)}` }
  expectStatus(await world.nobody.send('GET', '/v2/team/app/manifests/v1', { headers }), 200)
  expectStatus(await world.nobody.send('GET', '/v2/team/closed/manifests/v1', { headers }), 401)
  expectStatus(await world.nobody.send('PUT', '/v2/team/app/manifests/v2', { headers }), 401)
  const wrong = { authorization: `Basic ${Buffer.from('AWS:nonsense').toString('base64')}` }
  expectStatus(await world.nobody.send('GET', `/token?${scope}`, { headers: wrong }), 401)
})

test('credentials that are wrong are not taken for none', async (t) => {
  const world = await openWorld(t, { PRATIQUE_ANONYMOUS_PULL: 'on' })
  await pushed(world, true)
  const headers = { authorization: `Basic ${Buffer.from('AKIA:x').toString('base64')}` }
  expectStatus(await world.nobody.send('GET', '/v2/team/app/manifests/v1', { headers }), 401)
})

test('on, a policy for everybody is put with force alone; one that says for whom, without', async (t) => {
  const world = await openWorld(t, { PRATIQUE_ANONYMOUS_PULL: 'on' })
  await world.createRepository('team/app')
  const put = async (policy: object): Promise<string> =>
    outcomeOf(
      world.admin.api.send(
        new SetRepositoryPolicyCommand({
          repositoryName: 'team/app',
          policyText: JSON.stringify(policy),
        }),
      ),
    )
  assert.match(await put(everybody), /^InvalidParameterException: .*everybody/)
  const [statement] = everybody.Statement
  const Condition = { StringEquals: { 'aws:PrincipalAccount': own } }
  assert.equal(await put({ ...everybody, Statement: [{ ...statement, Condition }] }), 'allowed')
  await world.setPolicy('team/app', everybody, true)
})

test('the registry’s policy, which nobody has to force, opens nothing to who has no name', async (t) => {
  const world = await openWorld(t, { PRATIQUE_ANONYMOUS_PULL: 'on' })
  await pushed(world, true)
  const resource = `arn:aws:ecr:us-east-1:${own}:repository/*`
  const statement = { ...everybody.Statement[0], Resource: resource }
  const policyText = JSON.stringify({ ...everybody, Statement: [statement] })
  await world.admin.api.send(new PutRegistryPolicyCommand({ policyText }))
  expectStatus(await world.nobody.send('GET', '/v2/team/app/manifests/v1'), 200)
  expectStatus(await world.nobody.send('GET', '/v2/team/closed/manifests/v1'), 401)
  const query = `action=ecr:BatchGetImage&resource=${resource.replace('*', 'team/closed')}`
  const explained = await world.admin.send(
    'GET',
    `/pratique/v1/policy/explain?principal=anonymous&${query}`,
  )
  assert.match(
    explained.body.toString(),
    /"decision":\{"kind":"implicit-deny","missing":\["resource"\]/,
  )
  const listed = await world.admin.send('GET', `/pratique/v1/policy/who-can?${query}`)
  assert.doesNotMatch(expectStatus(listed, 200).body.toString(), /"kind":"public"/)
  const deny = JSON.stringify({ ...everybody, Statement: [{ ...statement, Effect: 'Deny' }] })
  await world.admin.api.send(new PutRegistryPolicyCommand({ policyText: deny }))
  expectStatus(await world.nobody.send('GET', '/v2/team/app/manifests/v1'), 401)
})
