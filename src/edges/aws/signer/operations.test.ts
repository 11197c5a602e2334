// The Signer API by its rows, with policies that decide: who may sign, what is signed, and what is revoked.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testSigning, region, type TestSigning } from '../../../../test/kit/signing.ts'
import { digestOf } from '../../../oci/digest.ts'
import { payloadContentType } from '../../../signatures/notation/attributes.ts'
import { awsSignatureOf, revocationQuestion } from '../../../signatures/notation/aws-signer.ts'
import { makePayload } from '../../../signatures/notation/payload.ts'
import { readEnvelope } from '../../../signatures/notation/read-envelope.ts'
import { parseCertificate, type Certificate } from '../../../signatures/x509/certificate.ts'
import { platformId } from '../../../signing/rules/profile.ts'

const subject = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(Buffer.from('image')),
  size: 5,
}
const payload = makePayload(subject)
const signing = (bytes: Uint8Array = payload, more: object = {}): Record<string, unknown> => ({
  profileName: 'release',
  payload: Buffer.from(bytes).toString('base64'),
  payloadFormat: payloadContentType,
  ...more,
})
const withPayload = '/signing-jobs/with-payload'

async function putRelease(
  at: TestSigning,
  tags: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const put = await at.call(at.admin, 'PUT', '/signing-profiles/release', { platformId, tags })
  assert.equal(put.status, 200, JSON.stringify(put.body))
  return put.body
}

function envelopeOf(body: Readonly<Record<string, unknown>>) {
  const bytes = Buffer.from(String(body['signature']), 'base64')
  const read = readEnvelope(bytes, 'application/jose+json')
  assert.ok(read.kind === 'envelope', JSON.stringify(read))
  return read.envelope
}

function chainOf({ chain }: ReturnType<typeof envelopeOf>): readonly Certificate[] {
  return chain.map((der) => {
    const read = parseCertificate(der)
    assert.ok(read.kind === 'certificate')
    return read.certificate
  })
}

test('nobody does anything with a profile, a job or a platform without the action for it', async (t) => {
  const at = await testSigning(t)
  await putRelease(at)
  const signed = await at.call(at.admin, 'POST', withPayload, signing())
  const id = String(signed.body['jobId'])
  const arn = encodeURIComponent(`arn:aws:signer:${region}:${at.own}:/signing-profiles/release`)
  const asked: readonly (readonly [string, string, Record<string, unknown>?])[] = [
    ['PUT', '/signing-profiles/release', { platformId }],
    ['GET', '/signing-profiles/release'],
    ['GET', '/signing-profiles'],
    ['DELETE', '/signing-profiles/release'],
    [
      'PUT',
      '/signing-profiles/release/revoke',
      { profileVersion: 'AAAAAAAAAA', reason: 'r', effectiveTime: 0 },
    ],
    [
      'POST',
      '/signing-profiles/release/permissions',
      { action: 'a', principal: 'p', statementId: 's' },
    ],
    ['GET', '/signing-profiles/release/permissions'],
    ['DELETE', '/signing-profiles/release/permissions/s?revisionId=r'],
    ['POST', withPayload, signing()],
    ['POST', '/signing-jobs', { profileName: 'release' }],
    ['GET', '/signing-jobs'],
    ['GET', `/signing-jobs/${id}`],
    ['PUT', `/signing-jobs/${id}/revoke`, { reason: 'r' }],
    ['GET', '/signing-platforms'],
    ['GET', `/signing-platforms/${platformId}`],
    [
      'GET',
      `/revocations?signatureTimestamp=2026-01-01T00:00:00Z&platformId=${platformId}&profileVersionArn=${arn}&jobArn=${arn}&certificateHashes=a`,
    ],
    ['GET', `/tags/${arn}`],
    ['POST', `/tags/${arn}`, { tags: {} }],
    ['DELETE', `/tags/${arn}?tagKeys=a`],
  ]
  assert.equal(asked.length, 19)
  for (const [method, path, body] of asked) {
    const refused = await at.call(at.dev, method, path, body)
    assert.deepEqual([refused.status, refused.error], [403, 'AccessDeniedException'], path)
  }
})

test('a profile of AWS’s way signs the payload as it came, for the plugin, and says until when', async (t) => {
  const at = await testSigning(t)
  const put = await putRelease(at)
  const spaced = Buffer.from(JSON.stringify({ targetArtifact: subject }, undefined, 2))
  const signed = await at.call(at.admin, 'POST', withPayload, signing(spaced))
  assert.equal(signed.status, 200, JSON.stringify(signed.body))
  assert.deepEqual([signed.body['jobOwner'], signed.body['metadata']], [at.own, {}])
  const envelope = envelopeOf(signed.body)
  assert.deepEqual(Buffer.from(envelope.payload), spaced)
  const { attributes } = envelope
  assert.equal(attributes.scheme, 'notary.x509.signingAuthority')
  assert.equal(attributes.verificationPlugin, 'com.amazonaws.signer.notation.plugin')
  assert.deepEqual(awsSignatureOf(attributes), {
    jobArn: `arn:aws:signer:${region}:${at.own}:/signing-jobs/${String(signed.body['jobId'])}`,
    profileVersionArn: put['profileVersionArn'],
  })
  assert.equal(envelope.chain.length, 3)
  const job = await at.call(at.admin, 'GET', `/signing-jobs/${String(signed.body['jobId'])}`)
  assert.equal(job.body['status'], 'Succeeded')
  assert.equal(job.body['signatureExpiresAt'], (attributes.expiry ?? 0) / 1000)
  assert.equal(job.body['requestedBy'], at.admin.principalArn)
})

test('a portable profile signs for clients without plugins', async (t) => {
  const at = await testSigning(t)
  await putRelease(at, { 'pratique:mode': 'portable' })
  const signed = await at.call(at.admin, 'POST', withPayload, signing())
  const { attributes } = envelopeOf(signed.body)
  assert.deepEqual([attributes.scheme, attributes.verificationPlugin], ['notary.x509', undefined])
})

test('what is no payload for an image is not signed, and nothing is kept of it', async (t) => {
  const at = await testSigning(t)
  await putRelease(at)
  const reserved = JSON.stringify({
    targetArtifact: { ...subject, annotations: { 'io.cncf.notary.x': 'y' } },
  })
  const bad: readonly (readonly [object, RegExp])[] = [
    [signing(Buffer.from(reserved)), /io\.cncf\.notary is reserved/],
    [signing(Buffer.from('{"targetArtifact":{}}')), /payload/],
    [signing(Buffer.from('{"targetArtifact":1,"targetArtifact":2}')), /payload/],
    [signing(Buffer.alloc(0)), /payload/],
    [{ ...signing(), payload: '%%%' }, /base64/],
    [signing(payload, { payloadFormat: 'text/plain' }), /payloadFormat must be/],
    [signing(payload, { profileName: 'nobody' }), /no signing profile nobody/],
  ]
  for (const [body, said] of bad) {
    const refused = await at.call(at.admin, 'POST', withPayload, { ...body })
    assert.ok(refused.status === 400 || refused.status === 404, JSON.stringify(refused))
    assert.match(String(refused.body['message']), said)
  }
  const listed = await at.call(at.admin, 'GET', '/signing-jobs')
  assert.deepEqual(listed.body, { jobs: [] })
})

test('a payload for what the caller may not read is signed: the profile alone decides, as at AWS', async (t) => {
  const at = await testSigning(t)
  await putRelease(at)
  const arn = `arn:aws:signer:${region}:${at.own}:/signing-profiles/release`
  await at.identities.put('AIDADEV', 'sign', {
    Effect: 'Allow',
    Action: 'signer:SignPayload',
    Resource: arn,
  })
  const signed = await at.call(at.dev, 'POST', withPayload, signing())
  assert.equal(signed.status, 200)
  const listed = await at.call(at.admin, 'GET', '/signing-jobs')
  const [job] = listed.body['jobs'] as readonly Record<string, unknown>[]
  assert.deepEqual(job?.['signedObject'], { digest: subject.digest })
})

test('a condition on signer:ProfileVersion holds against the version that would sign', async (t) => {
  const at = await testSigning(t)
  const first = String((await putRelease(at))['profileVersion'])
  await at.identities.put('AIDADEV', 'sign', {
    Effect: 'Allow',
    Action: 'signer:SignPayload',
    Resource: '*',
    Condition: { StringEquals: { 'signer:ProfileVersion': first } },
  })
  assert.equal((await at.call(at.dev, 'POST', withPayload, signing())).status, 200)
  const second = String((await putRelease(at))['profileVersion'])
  assert.notEqual(second, first)
  assert.equal((await at.call(at.dev, 'POST', withPayload, signing())).status, 403)
})

test('another account signs with a permission of the profile, and only then', async (t) => {
  const at = await testSigning(t)
  await putRelease(at)
  const foreign = signing(payload, { profileOwner: at.own })
  const sign = async () => at.call(at.stranger, 'POST', withPayload, foreign)
  assert.equal((await sign()).status, 403)
  const permissions = '/signing-profiles/release/permissions'
  const permission = { action: 'signer:SignPayload', principal: at.other, statementId: 'other' }
  const added = await at.call(at.admin, 'POST', permissions, permission)
  assert.equal(added.status, 200, JSON.stringify(added.body))
  const signed = await sign()
  assert.equal(signed.status, 200, JSON.stringify(signed.body))
  assert.equal(signed.body['jobOwner'], at.own)
  const again = await at.call(at.admin, 'POST', permissions, permission)
  assert.equal(again.error, 'ConflictException')
  const listed = await at.call(at.admin, 'GET', permissions)
  assert.equal(listed.body['revisionId'], added.body['revisionId'])
  const remove = `${permissions}/other?revisionId=`
  const stale = await at.call(at.admin, 'DELETE', `${remove}stale`)
  assert.equal(stale.error, 'ConflictException')
  const removed = await at.call(at.admin, 'DELETE', `${remove}${String(added.body['revisionId'])}`)
  assert.equal(removed.status, 200, JSON.stringify(removed.body))
  assert.equal((await sign()).status, 403)
})

test('a revoked version signs no more, from its moment on; earlier only, and never in the future', async (t) => {
  const at = await testSigning(t)
  const version = String((await putRelease(at))['profileVersion'])
  const signed = await at.call(at.admin, 'POST', withPayload, signing())
  const now = at.registry.clock.now().getTime() / 1000
  const revoke = async (effectiveTime: number) =>
    at.call(at.admin, 'PUT', '/signing-profiles/release/revoke', {
      profileVersion: version,
      reason: 'stolen',
      effectiveTime,
    })
  assert.equal((await revoke(now + 60)).error, 'ValidationException')
  assert.equal((await revoke(now)).status, 200)
  assert.equal((await revoke(now + 1)).status, 400)
  assert.equal((await revoke(now)).error, 'ConflictException')
  assert.equal((await revoke(now - 3600)).status, 200)
  const refused = await at.call(at.admin, 'POST', withPayload, signing())
  assert.match(String(refused.body['message']), /revoked/)
  const envelope = envelopeOf(signed.body)
  const aws = awsSignatureOf(envelope.attributes)
  assert.ok(aws !== undefined)
  const question = revocationQuestion(aws, envelope.attributes.signingTime, chainOf(envelope))
  const revoked = await revocationOf(at, question)
  assert.deepEqual(revoked.body, { revokedEntities: [aws.profileVersionArn] })
  const before = { ...question, signatureTimestamp: (now - 7200) * 1000 }
  assert.deepEqual((await revocationOf(at, before)).body, { revokedEntities: [] })
})

async function revocationOf(at: TestSigning, asked: ReturnType<typeof revocationQuestion>) {
  const { signatureTimestamp, certificateHashes, ...rest } = asked
  const query = new URLSearchParams({
    ...rest,
    signatureTimestamp: new Date(signatureTimestamp).toISOString(),
  })
  for (const hash of certificateHashes) query.append('certificateHashes', hash)
  return at.call(at.admin, 'GET', `/revocations?${query.toString()}`)
}

test('a revoked signature is told as revoked, and what nobody here signed is not called good', async (t) => {
  const at = await testSigning(t)
  await putRelease(at)
  const signed = await at.call(at.admin, 'POST', withPayload, signing())
  const envelope = envelopeOf(signed.body)
  const aws = awsSignatureOf(envelope.attributes)
  assert.ok(aws !== undefined)
  const question = revocationQuestion(aws, envelope.attributes.signingTime, chainOf(envelope))
  assert.deepEqual((await revocationOf(at, question)).body, { revokedEntities: [] })
  const path = `/signing-jobs/${String(signed.body['jobId'])}/revoke`
  assert.equal((await at.call(at.admin, 'PUT', path, { reason: 'wrong build' })).status, 200)
  assert.deepEqual((await revocationOf(at, question)).body, { revokedEntities: [aws.jobArn] })
  const partition = { ...question, jobArn: aws.jobArn.replace('arn:aws:', 'arn:aws-us-gov:') }
  const foreign = await revocationOf(at, partition)
  assert.equal(foreign.error, 'ValidationException')
  const nobody = aws.jobArn.replace(/[^/]+$/, 'nobody')
  const certificateHashes = ['ab'.repeat(96)]
  for (const jobArn of [nobody, aws.jobArn.replace(at.own, '999999999999')]) {
    const strange = { ...question, jobArn, certificateHashes }
    assert.equal((await revocationOf(at, strange)).error, 'ValidationException', jobArn)
  }
  const leafLast = { ...question, certificateHashes: question.certificateHashes.toReversed() }
  assert.equal(
    (await revocationOf(at, { ...leafLast, jobArn: nobody })).error,
    'ValidationException',
  )
  assert.deepEqual(at.unknown, [])
})

test('what our own authority certified after the backup that was restored is not revoked, and told', async (t) => {
  const at = await testSigning(t)
  const version = String((await putRelease(at))['profileVersion'])
  const signed = await at.call(at.admin, 'POST', withPayload, signing())
  const envelope = envelopeOf(signed.body)
  const aws = awsSignatureOf(envelope.attributes)
  assert.ok(aws !== undefined)
  const question = revocationQuestion(aws, envelope.attributes.signingTime, chainOf(envelope))
  const nobody = aws.jobArn.replace(/[^/]+$/, 'nobody')
  const later = { ...question, jobArn: nobody }
  assert.deepEqual((await revocationOf(at, later)).body, { revokedEntities: [] })
  assert.deepEqual(at.unknown, [nobody])
  const path = '/signing-profiles/release/revoke'
  const effectiveTime = at.registry.clock.now().getTime() / 1000 - 1
  const revocation = { profileVersion: version, reason: 'stolen', effectiveTime }
  assert.equal((await at.call(at.admin, 'PUT', path, revocation)).status, 200)
  assert.deepEqual((await revocationOf(at, later)).body, {
    revokedEntities: [aws.profileVersionArn],
  })
})

test('a canceled name is taken for good; lists show it when they are asked to', async (t) => {
  const at = await testSigning(t)
  await putRelease(at)
  await at.call(at.admin, 'PUT', '/signing-profiles/other', { platformId })
  assert.equal((await at.call(at.admin, 'DELETE', '/signing-profiles/release')).status, 200)
  const again = await at.call(at.admin, 'PUT', '/signing-profiles/release', { platformId })
  assert.match(String(again.body['message']), /canceled/)
  const names = async (query: string): Promise<unknown> => {
    const { body } = await at.call(at.admin, 'GET', `/signing-profiles${query}`)
    return (body['profiles'] as readonly Record<string, unknown>[]).map((one) => one['profileName'])
  }
  assert.deepEqual(await names(''), ['other'])
  assert.deepEqual(await names('?includeCanceled=true'), ['other', 'release'])
  assert.deepEqual(await names('?statuses=Canceled'), ['release'])
  const page = await at.call(at.admin, 'GET', '/signing-profiles?includeCanceled=true&maxResults=1')
  const token = encodeURIComponent(String(page.body['nextToken']))
  assert.deepEqual(await names(`?includeCanceled=true&maxResults=1&nextToken=${token}`), [
    'release',
  ])
})

test('what is not for images is refused with its reason', async (t) => {
  const at = await testSigning(t)
  const bad: readonly (readonly [object, RegExp])[] = [
    [{ platformId: 'AWSLambda-SHA384-ECDSA' }, /Notation-OCI-SHA384-ECDSA is, for images/],
    [{ platformId, signingMaterial: {} }, /signingMaterial/],
    [{ platformId, signatureValidityPeriod: { value: 136, type: 'MONTHS' } }, /1 to 135 MONTHS/],
    [{ platformId, signatureValidityPeriod: { value: 0, type: 'DAYS' } }, /1 to \d+ DAYS/],
    [{ platformId, signatureValidityPeriod: { value: 1 } }, /both value and type/],
    [{ platformId, tags: { 'pratique:mode': 'x' } }, /aws-plugin or portable/],
  ]
  for (const [body, said] of bad) {
    const refused = await at.call(at.admin, 'PUT', '/signing-profiles/release', { ...body })
    assert.equal(refused.error, 'ValidationException', JSON.stringify(refused.body))
    assert.match(String(refused.body['message']), said)
  }
  await putRelease(at)
  const start = await at.call(at.admin, 'POST', '/signing-jobs', { profileName: 'release' })
  assert.match(String(start.body['message']), /use SignPayload/)
})
