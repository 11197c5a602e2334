// Where a request comes from, as policies see it: what a client says of itself counts for nothing.
import { test, type TestContext } from 'node:test'
import { expectRefusal, expectStatus } from '../conformance/client.ts'
import { openWorld, own, putManifest, signIn, type Caller, type World } from './world.ts'

const claims = {
  'x-forwarded-for': '203.0.113.9',
  'x-real-ip': '203.0.113.9',
  forwarded: 'for=203.0.113.9;proto=https;host=evil.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
}
const path = '/v2/team/app/manifests/v1'

function pull(condition: object): object {
  return {
    Effect: 'Allow',
    Action: ['ecr:BatchGetImage', 'ecr:ListImages'],
    Resource: '*',
    Condition: condition,
  }
}

async function withImage(t: TestContext): Promise<readonly [World, Caller]> {
  const world = await openWorld(t)
  await world.createRepository('team/app')
  expectStatus(await putManifest(world.admin, 'team/app', 'v1'), 201)
  await world.addRole(own, 'AROADEV', 'dev')
  await world.put('AROADEV', 'signs in', signIn)
  return [world, await world.session('AROADEV')]
}

test('a client that names another address, or says that it came by TLS, is where it is', async (t) => {
  const [world, dev] = await withImage(t)
  for (const condition of [
    { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
    { Bool: { 'aws:SecureTransport': 'true' } },
  ]) {
    await world.put('AROADEV', 'pulls', pull(condition))
    expectRefusal(await dev.send('GET', path, { headers: claims }), 404, 'NAME_UNKNOWN')
  }
  await world.put('AROADEV', 'pulls', pull({ IpAddress: { 'aws:SourceIp': '127.0.0.1' } }))
  expectStatus(await dev.send('GET', path, { headers: claims }), 200)
})

test('a password that was given somewhere opens nothing elsewhere, where policies bind it to a network', async (t) => {
  const [world, dev] = await withImage(t)
  await world.put('AROADEV', 'pulls', pull({ IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }))
  expectStatus(await dev.send('GET', path), 200)
  await world.put('AROADEV', 'pulls', pull({ IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }))
  expectRefusal(await dev.send('GET', path), 404, 'NAME_UNKNOWN')
})
