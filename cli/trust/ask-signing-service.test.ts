import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileServer, type Answer } from '../../test/kit/file-server.ts'
import { signingService } from './ask-signing-service.ts'

const profile = 'arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release/AbCdEfGhIj'
const question = {
  signatureTimestamp: Date.parse('2026-06-01T12:00:00Z'),
  platformId: 'Notation-OCI-SHA384-ECDSA',
  profileVersionArn: profile,
  jobArn: 'arn:aws:signer:eu-west-1:123456789012:/signing-jobs/1',
  certificateHashes: ['a'.repeat(192)],
}
const credentials = { accessKeyId: 'AKIA1', secretAccessKey: 'secret' }
const json =
  (status: number, value: object): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }

test('the registry is asked at its own address, for the job, the version and the certificates', async (t) => {
  const server = await fileServer(t, json(200, { revokedEntities: [profile] }))
  const ask = signingService({ region: 'us-east-1', endpoint: server.url.origin, credentials })
  assert.deepEqual(await ask(question), { revokedEntities: [profile] })
  const [path = ''] = server.paths
  const { pathname, searchParams } = new URL(path, server.url)
  assert.equal(pathname, '/revocations')
  assert.deepEqual(
    ['profileVersionArn', 'jobArn', 'certificateHashes', 'platformId'].map((name) =>
      searchParams.get(name),
    ),
    [profile, question.jobArn, question.certificateHashes[0], question.platformId],
  )
})

test('nobody revoked is an answer; a refusal, nonsense and silence are none', async (t) => {
  const server = await fileServer(t, json(200, { revokedEntities: [] }))
  const ask = signingService({ region: 'us-east-1', endpoint: server.url.origin, credentials })
  assert.deepEqual(await ask(question), { revokedEntities: [] })
  server.answer = json(403, { message: 'no' })
  assert.equal(await ask(question), 'unavailable')
  server.answer = (_, response) => response.end('<html>')
  assert.equal(await ask(question), 'unavailable')
  server.answer = (request) => request.socket.destroy()
  assert.equal(await ask(question), 'unavailable')
})
