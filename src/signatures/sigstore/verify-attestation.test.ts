// What is attested counts by whom, of which kind, and with which builder and source.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  githubIssuer,
  imageStatement,
  makeBundle,
  newSigstore,
  workflow,
} from '../../../test/kit/sigstore.ts'
import { digestOf, type Digest } from '../../oci/digest.ts'
import type { KeylessEntry } from './accept-entry.ts'
import { readTrustedRoot } from './trusted-root.ts'
import {
  verifyAttestation,
  type AttestationDemand,
  type AttestationVerdict,
} from './verify-attestation.ts'

const now = Date.parse('2026-06-01T12:00:00Z')
const subject = digestOf(Buffer.from('an image'))
const sigstore = newSigstore(now)
const reading = readTrustedRoot('private', Buffer.from(JSON.stringify(sigstore.trustedRoot)))
const entry: KeylessEntry = {
  kind: 'keyless',
  root: reading.kind === 'root' ? reading.root : assert.fail(reading.reason),
  issuer: githubIssuer,
  subject: workflow,
  thresholds: { log: 1, time: 1, certificateLog: 1 },
  acceptAttestationAsSignature: false,
}
const slsa = 'https://slsa.dev/provenance/v1'
const provenance = {
  buildDefinition: {
    buildType: 'https://actions.github.io/buildtypes/workflow/v1',
    externalParameters: { workflow: { repository: 'https://github.com/acme/app', ref: 'main' } },
  },
  runDetails: { builder: { id: 'https://github.com/actions/runner/github-hosted' } },
}

function judge(
  demand: AttestationDemand,
  {
    type = slsa,
    predicate = provenance,
    about = subject,
  }: { readonly type?: string; readonly predicate?: object; readonly about?: Digest } = {},
): AttestationVerdict {
  const statement = { ...imageStatement(about, type), predicate }
  const content = Buffer.from(JSON.stringify(makeBundle(sigstore, subject, { statement })))
  return verifyAttestation({ format: 'cosign-bundle', content }, { subject, entry, now }, demand)
}

function refused({ verdict }: AttestationVerdict, result: string, detail: RegExp): void {
  const last = verdict.checks.at(-1)
  assert.equal(`${verdict.result} ${verdict.reason ?? ''} at ${last?.check ?? ''}`, result)
  assert.match(last?.detail ?? '', detail)
}

test('another kind, builder or source than is wanted does not count', () => {
  refused(judge({ type: 'sbom' }), 'none unsigned at predicate-type', /provenance\/v1; sbom/)
  refused(
    judge({ type: 'slsa', builder: 'https://example.com/*' }),
    'untrusted identity-mismatch at builder',
    /github-hosted; the policy wants https:\/\/example/,
  )
  refused(
    judge({ type: 'slsa', source: 'https://github.com/other/*' }),
    'untrusted identity-mismatch at source',
    /acme\/app/,
  )
  const silent = { ...provenance, buildDefinition: {} }
  refused(
    judge({ type: 'slsa', source: 'https://github.com/acme/*' }, { predicate: silent }),
    'untrusted identity-mismatch at source',
    /not said/,
  )
  const review = { type: 'https://example.com/review/v1', predicate: provenance }
  refused(
    judge({ type: review.type, builder: 'https://github.com/actions/*' }, review),
    'untrusted identity-mismatch at builder',
    /not said/,
  )
  const signature = { type: 'https://sigstore.dev/cosign/sign/v1', predicate: {} }
  refused(
    judge({ type: signature.type }, signature),
    'none unsigned at predicate-type',
    /signature/,
  )
})

test('what is unsound or about another image tells nothing', () => {
  const other = judge({ type: 'slsa' }, { about: digestOf(Buffer.from('other')) })
  refused(other, 'invalid subject-mismatch at subject', /about/)
  assert.equal(other.attestation, undefined)
})

test('provenance of the right builder and source is verified, with what it says', () => {
  const { verdict, attestation } = judge({
    type: 'slsa',
    builder: 'https://github.com/actions/runner*',
    source: 'https://github.com/acme/*',
  })
  assert.equal(verdict.result, 'verified', JSON.stringify(verdict))
  assert.equal(attestation?.predicateType, slsa)
  assert.equal(attestation.facts.kind, 'slsa-provenance')
  assert.deepEqual(attestation.predicate, provenance)
  const checks = verdict.checks.map(({ check }) => check)
  assert.deepEqual(checks.slice(-3), ['predicate-type', 'builder', 'source'])
})
