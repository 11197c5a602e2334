// Revocation of certificates: asked only for signers that a policy trusts, kept, and asked again in time.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fakeClock, type FakeClock } from '../../test/kit/fake-clock.ts'
import { directVerifiers } from '../../test/kit/direct-verifiers.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { fileServer } from '../../test/kit/file-server.ts'
import { signedBy, subject } from '../../test/kit/notation-signatures.ts'
import { day, pemOf, pki, pkiNow, type Pki } from '../../test/kit/pki.ts'
import { makeCrl, makeOcspAnswer, ocspUrlExtension } from '../../test/kit/revocation-answers.ts'
import { parseAllowedPlaces, type AllowedPlaces } from '../lib/allowed-places.ts'
import {
  createOutboundFetch,
  type OutboundFetch,
  type OutboundResult,
} from '../lib/outbound-fetch.ts'
import { crlUrlExtension } from '../signatures/x509/issue-certificate.ts'
import { keptAnswers } from './revocation-answers.ts'
import { parseStore } from './rules/parse-trust-material.ts'
import { parseTrustPolicy } from './rules/parse-trust-policy.ts'
import { materialFrom } from './rules/trust-material.ts'
import { subjectTime, type CandidateVerdict, type VerifierInput } from './rules/verifier.ts'
import { verifyInSteps } from './rules/verify-in-steps.ts'

const { signal } = new AbortController()
const nowhere = { hosts: [], networks: [] }
const crlUrl = 'http://crl.example/ca.crl'
const listed = pki({ chain: 2, label: 'listed', leaf: { more: [crlUrlExtension(crlUrl)] } })
const stranger = pki({
  chain: 2,
  label: 'stranger',
  leaf: { more: [crlUrlExtension('http://169.254.169.254/crl')] },
})

interface World {
  readonly clock: FakeClock
  readonly asked: string[]
  answer: () => Uint8Array | undefined
  judge(made: Pki): Promise<CandidateVerdict>
}

async function world(
  t: TestContext,
  own: { readonly fetch?: OutboundFetch; readonly places?: AllowedPlaces } = {},
): Promise<World> {
  const database = await temporaryDatabase(t)
  const clock = fakeClock(new Date(pkiNow).toISOString())
  const asked: string[] = []
  const made: World = {
    clock,
    asked,
    answer: () => makeCrl(listed.root),
    judge: async (signer) =>
      verify(await inputOf(signer, clock.now().getTime()), { signal, time: subjectTime(5000) }),
  }
  const fetch = async (url: string): Promise<OutboundResult> => {
    asked.push(url)
    const bytes = made.answer()
    return Promise.resolve(
      bytes === undefined
        ? { kind: 'failed', reason: 'no whole answer in time' }
        : { kind: 'document', bytes: Buffer.from(bytes), cacheControl: undefined },
    )
  }
  const { judge, mayReplaceCrl } = directVerifiers()
  const verify = verifyInSteps(judge, {
    answerTo: keptAnswers({ database, clock, fetch, places: nowhere, mayReplaceCrl, ...own }),
    askSigner: async () => Promise.resolve('unavailable'),
  })
  return made
}

async function inputOf(made: Pki, now: number): Promise<VerifierInput> {
  const roots = [listed, made === stranger ? listed : made].map(({ root }) => pemOf(root.der))
  const store = parseStore('ca:acme', [...new Set(roots)].join(''))
  const notation = { stores: ['ca:acme'], identities: ['*'] }
  const policy = parseTrustPolicy(
    JSON.stringify({ version: 1, name: 'p', repositories: ['*'], accept: [{ id: 'n', notation }] }),
  )
  assert.ok(store.kind === 'read' && policy.kind === 'read')
  const [entry] = policy.policy.accept
  assert.ok(entry !== undefined)
  const content = await signedBy(made, { format: 'jws' })
  return {
    candidate: { format: 'notation-jws', content, annotations: {}, seenAt: now },
    subject: { ...subject, repository: 'team/app' },
    entry,
    material: materialFrom([store.material]),
    now,
  }
}

test('a list is fetched once, kept for an hour, and the verdict is made again within half a day', async (t) => {
  const at = await world(t)
  const first = await at.judge(listed)
  assert.equal(first.result, 'verified', JSON.stringify(first.checks))
  assert.equal(first.validUntil, pkiNow + day / 2)
  await at.judge(listed)
  assert.deepEqual(at.asked, [crlUrl])
  at.clock.advance(3_600_000)
  await at.judge(listed)
  assert.deepEqual(at.asked, [crlUrl, crlUrl])
})

test('a certificate that is revoked later is revoked at the next look', async (t) => {
  const at = await world(t)
  assert.equal((await at.judge(listed)).result, 'verified')
  at.clock.advance(day / 2)
  at.answer = () =>
    makeCrl(listed.root, { number: 2, revoked: [{ serial: listed.leaf.certificate.serial }] })
  const verdict = await at.judge(listed)
  assert.deepEqual([verdict.result, verdict.reason], ['revoked', 'revoked'])
})

test('while nobody answers the last list counts as long as it says, and then nothing does', async (t) => {
  const at = await world(t)
  assert.equal((await at.judge(listed)).result, 'verified')
  at.answer = () => undefined
  at.clock.advance(6 * day)
  assert.equal((await at.judge(listed)).result, 'verified')
  at.clock.advance(2 * day)
  const verdict = await at.judge(listed)
  assert.deepEqual([verdict.result, verdict.reason], ['unknown', 'revocation-unavailable'])
  // Soon asked again, and not for each image of a sweep.
  assert.equal(verdict.validUntil, at.clock.now().getTime() + 600_000)
  const before = at.asked.length
  await at.judge(listed)
  assert.equal(at.asked.length, before)
})

test('an older list does not take the place of a newer one', async (t) => {
  const at = await world(t)
  at.answer = () =>
    makeCrl(listed.root, { number: 5, revoked: [{ serial: listed.leaf.certificate.serial }] })
  assert.equal((await at.judge(listed)).result, 'revoked')
  at.clock.advance(day / 2)
  at.answer = () => makeCrl(listed.root, { number: 4 })
  assert.equal((await at.judge(listed)).result, 'revoked')
})

test('nothing is asked for a signer whom no store knows', async (t) => {
  const at = await world(t)
  const verdict = await at.judge(stranger)
  assert.deepEqual([verdict.result, verdict.reason], ['untrusted', 'chain-not-in-store'])
  assert.deepEqual(at.asked, [])
})

const answers: readonly (readonly [
  what: string,
  extensionOf: (url: string) => Uint8Array,
  answerOf: (made: Pki) => Uint8Array,
])[] = [
  ['a list', crlUrlExtension, ({ root }) => makeCrl(root)],
  ['a responder', ocspUrlExtension, ({ leaf, root }) => makeOcspAnswer(leaf, root)],
]
for (const [what, extensionOf, answerOf] of answers)
  test(`${what} in a private network is asked where the setting names it, and nowhere else`, async (t) => {
    const server = await fileServer(t, (request, response) => {
      request.resume()
      response.end(answerOf(made))
    })
    const made = pki({ chain: 2, label: what, leaf: { more: [extensionOf(server.url.href)] } })
    const fetch = createOutboundFetch(async () => Promise.resolve([]))
    const places = (text: string): AllowedPlaces => parseAllowedPlaces(text) ?? assert.fail(text)
    for (const elsewhere of ['', '10.0.0.0/8', 'ca.internal', '127.0.0.2']) {
      const verdict = await (await world(t, { fetch, places: places(elsewhere) })).judge(made)
      assert.deepEqual([verdict.result, verdict.reason], ['unknown', 'revocation-unavailable'])
    }
    assert.deepEqual(server.paths, [])
    for (const here of ['127.0.0.0/8', '10.0.0.0/8,127.0.0.1']) {
      const verdict = await (await world(t, { fetch, places: places(here) })).judge(made)
      assert.equal(verdict.result, 'verified', JSON.stringify(verdict.checks))
    }
    assert.equal(server.paths.length, 2)
  })
