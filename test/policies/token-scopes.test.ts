// A token of /v2 opens what it was asked for and no more, whoever is behind it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectRefusal, expectStatus, header, jsonOf } from '../conformance/client.ts'
import { openWorld, own, type Caller } from './world.ts'

const name = 'team/app'

async function bearer(caller: Caller, actions: string): Promise<Readonly<Record<string, string>>> {
  const answer = await caller.send('GET', `/token?scope=repository:${name}:${actions}`)
  const { token } = jsonOf(expectStatus(answer, 200))
  assert.ok(typeof token === 'string')
  return { authorization: `Bearer ${token}` }
}

test('a token to push ends no upload of somebody else’s; one to delete does', async (t) => {
  const world = await openWorld(t)
  await world.createRepository(name)
  const dev = await world.user(own, 'AIDADEV')
  await world.put('AIDADEV', 'push', { Effect: 'Allow', Action: 'ecr:*', Resource: '*' })
  const begun = expectStatus(await dev.send('POST', `/v2/${name}/blobs/uploads/`), 202)
  const upload = header(begun, 'location')
  const toPush = { headers: await bearer(world.admin, 'pull,push') }
  expectRefusal(await world.admin.send('DELETE', upload, toPush), 404, 'BLOB_UPLOAD_UNKNOWN')
  expectStatus(await dev.send('GET', upload), 204)
  const toDelete = { headers: await bearer(world.admin, 'push,delete') }
  expectStatus(await world.admin.send('DELETE', upload, toDelete), 204)
  expectRefusal(await dev.send('GET', upload), 404, 'BLOB_UPLOAD_UNKNOWN')
})
