import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { pki, pkiNow } from '../../../test/kit/pki.ts'
import type { SignedAttributes } from './attributes.ts'
import { awsSignatureOf, judgeAwsAnswer, revocationQuestion } from './aws-signer.ts'

const jobArn =
  'arn:aws:signer:eu-west-1:123456789012:/signing-jobs/0b9cbd5c-5a0f-4e2b-8b70-3d3f2b9f3d7d'
const profileVersionArn =
  'arn:aws-us-gov:signer:us-gov-west-1:123456789012:/signing-profiles/a_B9/0123456789'

function attributes(job: unknown, version: unknown, isCritical = true): SignedAttributes {
  const extended = new Map([
    ['com.amazonaws.signer.signingJob', { isCritical, value: job }],
    ['com.amazonaws.signer.signingProfileVersion', { isCritical, value: version }],
  ])
  return { scheme: 'notary.x509.signingAuthority', signingTime: pkiNow, extended }
}

test('job and profile version are critical ARNs of their kinds, or there is no such signature', () => {
  const found = awsSignatureOf(attributes(jobArn, profileVersionArn))
  assert.deepEqual(found, { jobArn, profileVersionArn })
  const profileArn = profileVersionArn.replace(/\/\d+$/, '')
  for (const [job, version] of [
    [jobArn, profileArn],
    [jobArn, `${profileVersionArn}1`],
    [jobArn, profileVersionArn.replace(':/', ':')],
    [jobArn, ` ${profileVersionArn}`],
    [jobArn, `${profileVersionArn}\n`],
    [profileVersionArn, jobArn],
    [`${jobArn}/x`, profileVersionArn],
    [7, profileVersionArn],
    [undefined, undefined],
  ])
    assert.equal(
      awsSignatureOf(attributes(job, version)),
      undefined,
      `${String(job)} ${String(version)}`,
    )
  assert.equal(awsSignatureOf(attributes(jobArn, profileVersionArn, false)), undefined)
})

test('the service is asked for job, profile version and each certificate with its issuer', () => {
  const { made } = pki()
  const chain = made.map(({ certificate }) => certificate)
  const question = revocationQuestion({ jobArn, profileVersionArn }, pkiNow, chain)
  const hashes = chain.map(({ toBeSigned }) =>
    createHash('sha384').update(toBeSigned).digest('hex'),
  )
  assert.deepEqual(question, {
    signatureTimestamp: pkiNow,
    platformId: 'Notation-OCI-SHA384-ECDSA',
    jobArn,
    profileVersionArn,
    certificateHashes: [
      `${hashes[0]}${hashes[1]}`,
      `${hashes[1]}${hashes[2]}`,
      `${hashes[2]}${hashes[2]}`,
    ],
  })
  for (const entity of [jobArn, profileVersionArn, ...question.certificateHashes])
    assert.equal(judgeAwsAnswer(question, { revokedEntities: ['x', entity] }).kind, 'revoked')
  assert.equal(
    judgeAwsAnswer(question, { revokedEntities: ['x', jobArn.toUpperCase()] }).kind,
    'good',
  )
  assert.equal(judgeAwsAnswer(question, 'unavailable').kind, 'unknown')
  assert.equal(judgeAwsAnswer(question, undefined).kind, 'unknown')
})
