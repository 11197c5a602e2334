// Signatures are judged in a worker: what ends it costs one verdict, which is never 'verified', and others go on meanwhile.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { directVerifiers } from '../../test/kit/direct-verifiers.ts'
import { runJobs } from '../../test/kit/jobs.ts'
import { imageStatement, makeBundle, newSigstore, publicPem } from '../../test/kit/sigstore.ts'
import { newKeyPair } from '../../test/kit/test-certificates.ts'
import {
  addKey,
  evidenceOf,
  handlersOf,
  pushImage,
  pushSignature,
  putPolicy,
  trustPlace,
} from '../../test/kit/trust-place.ts'
import { systemClock } from '../lib/clock.ts'
import { digestOf } from '../oci/digest.ts'
import { isTrustError } from './errors.ts'
import { parseKey } from './rules/parse-trust-material.ts'
import { parseTrustPolicy } from './rules/parse-trust-policy.ts'
import { materialFrom } from './rules/trust-material.ts'
import { subjectTime, type VerifierInput } from './rules/verifier.ts'
import { verifyInSteps, type JudgeQuestion, type JudgeStep } from './rules/verify-in-steps.ts'
import { VerifiersAside, type VerifiersAsideOptions } from './verify-aside.ts'

const { signal } = new AbortController()
const now = Date.parse('2026-06-01T12:00:00Z')
const image = digestOf(Buffer.from('an image'))
const key = newKeyPair()
const sigstore = newSigstore(now)

function aside(t: TestContext, options: Partial<VerifiersAsideOptions> = {}): VerifiersAside {
  const made = new VerifiersAside({ clock: systemClock, ...options })
  t.after(() => made.close())
  return made
}

/** Answers 'verified' to everything but what holds a word, which is done instead. */
function stub(deeds: Readonly<Record<string, string>>): URL {
  const cases = Object.entries(deeds).map(
    ([word, deed]) => `if (text.includes('${word}')) {${deed}}`,
  )
  const source = `
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ kind, question }) => {
      if (kind !== 'judge') return
      const text = Buffer.from(question.input.candidate.content).toString()
      ${cases.join('\n')}
      const verdict = { result: 'verified', identity: text, checks: [], isSignature: true }
      parentPort.postMessage({ kind: 'step', step: { kind: 'verdict', verdict } })
    })
    parentPort.postMessage({ kind: 'ready' })`
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

const hang = 'for (;;);'
const exhaust = 'const all = []; for (;;) all.push(new Array(100_000).fill(1.5))'
const crash = 'process.exit(3)'

function questionOf(content: Uint8Array): JudgeQuestion {
  const read = parseKey('ci', publicPem(key), {
    validFrom: undefined,
    validUntil: undefined,
    revokedFrom: undefined,
  })
  const policy = parseTrustPolicy(
    JSON.stringify({
      version: 1,
      name: 'p',
      repositories: ['*'],
      accept: [{ id: 'k', cosignKey: { key: 'ci', tlog: 0 } }],
    }),
  )
  assert.ok(read.kind === 'read' && policy.kind === 'read')
  const [entry] = policy.policy.accept
  assert.ok(entry !== undefined)
  const input: VerifierInput = {
    candidate: { format: 'cosign-bundle', content, annotations: {}, seenAt: now },
    subject: { mediaType: 'm', digest: image, size: 2, repository: 'team/app' },
    entry,
    material: materialFrom([read.material]),
    now,
  }
  return { input, revocation: { answers: new Map() }, isLast: false }
}

const bundleOf = (statement: object): Buffer =>
  Buffer.from(JSON.stringify(makeBundle(sigstore, image, { key, statement, entries: () => [] })))
const options = (ms = 5000): Parameters<VerifiersAside['judge']>[1] => ({
  signal,
  time: subjectTime(ms),
})

function said(step: JudgeStep): string {
  assert.equal(step.kind, 'verdict')
  const { result, reason } = step.kind === 'verdict' ? step.verdict : assert.fail()
  return reason === undefined ? result : `${result} ${reason}`
}

for (const [name, deed, expected] of [
  ['runs out of memory', exhaust, 'unknown verifier-died'],
  ['ends by itself', crash, 'unknown verifier-died'],
  ['throws', 'throw new Error("broken")', 'unknown verifier-died'],
  ['does not come to an end', hang, 'unknown time-limit'],
] as const)
  test(`a signature whose verifier ${name} is unknown, and the next one goes on`, async (t) => {
    const verifiers = aside(t, {
      entry: stub({ bad: deed }),
      questionMs: deed === hang ? 200 : 20_000,
    })
    const ask = async (text: string): Promise<JudgeStep> =>
      verifiers.judge(questionOf(Buffer.from(text)), options(60_000))
    const [bad, good] = await Promise.all([ask('bad'), ask('good')])
    assert.equal(said(bad), expected)
    assert.ok(bad.kind === 'verdict' && (bad.verdict.validUntil ?? 0) > now, 'it is tried again')
    assert.equal(said(good), 'verified')
    assert.equal(said(await ask('bad again')), expected)
  })

test('a bundle of ten MiB is judged as it would be here, and other work goes on meanwhile', async (t) => {
  const statement = {
    ...imageStatement(image, 'https://example.com/report'),
    predicate: {
      lines: Array.from({ length: 7200 }, (_, line) => ({ line, text: 'x'.repeat(1000) })),
    },
  }
  const content = bundleOf(statement)
  assert.ok(content.byteLength > 9 * 1024 * 1024 && content.byteLength <= 10 * 1024 * 1024)
  const verifiers = aside(t)
  const events: string[] = []
  const other = new Promise<void>((resolve) => {
    setImmediate(() => {
      events.push('other work')
      resolve()
    })
  })
  const step = await verifiers.judge(questionOf(content), options())
  events.push('verdict')
  await other
  assert.equal(said(step), 'verified', JSON.stringify(step))
  assert.deepEqual(events, ['other work', 'verdict'])
  const here = await directVerifiers().judge(questionOf(content), options())
  assert.deepEqual(step, here)
  assert.equal(content.at(0), 0x7b, 'the bytes stay with their owner')
})

test('what one subject may cost is spent over all its signatures', async (t) => {
  const verifiers = aside(t, { entry: stub({ bad: hang }), questionMs: 100 })
  const shared = options(250)
  for (const left of [150, 50, 0, 0]) {
    const step = await verifiers.judge(questionOf(Buffer.from('bad')), shared)
    assert.equal(said(step), 'unknown time-limit')
    assert.equal(shared.time.left(), left)
  }
  const others = await verifiers.judge(questionOf(Buffer.from('good')), options())
  assert.equal(said(others), 'verified')
})

test('no more wait for a verifier than may, and those who are turned away have no verdict', async (t) => {
  const verifiers = aside(t, { entry: stub({ bad: hang }), questionMs: 300, maxWaiting: 1 })
  const ask = async (text: string): Promise<JudgeStep> =>
    verifiers.judge(questionOf(Buffer.from(text)), options())
  const [first, second, third] = await Promise.allSettled([ask('bad'), ask('good'), ask('late')])
  assert.equal(first.status === 'fulfilled' && said(first.value), 'unknown time-limit')
  assert.equal(second.status === 'fulfilled' && said(second.value), 'verified')
  assert.ok(third.status === 'rejected' && isTrustError(third.reason))
  assert.equal(third.reason.code, 'VERIFIER_BUSY')
})

test('a verifier that is closed in the middle finds nothing', async (t) => {
  const verifiers = aside(t, { entry: stub({ bad: hang }) })
  const asked = verifiers.judge(questionOf(Buffer.from('bad')), options())
  setImmediate(() => void verifiers.close())
  await assert.rejects(asked, isTrustError)
  await assert.rejects(verifiers.judge(questionOf(Buffer.from('good')), options()), isTrustError)
})

test('of two lists of revoked certificates the worker that dies prefers none', async (t) => {
  const entry = new URL(`data:text/javascript,${encodeURIComponent(crash)}`)
  const lists = { bytes: Buffer.from('one'), known: Buffer.from('other') }
  assert.equal(await aside(t, { entry }).mayReplaceCrl(lists, options()), false)
})

test('an image is verified by its good signature, whatever lies before and behind it', async (t) => {
  const place = await trustPlace(t)
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'])
  const digest = await pushImage(place, 'app')
  for (const name of ['hangs', 'ci', 'crashes']) {
    await pushSignature(place, digest, { key: name })
    place.clock.advance(1)
  }
  const verifiers = aside(t, { entry: stub({ hangs: hang, crashes: crash }), questionMs: 200 })
  const verifier = verifyInSteps((question, given) => verifiers.judge(question, given), {
    answerTo: async () => Promise.resolve('unavailable'),
    askSigner: async () => Promise.resolve('unavailable'),
  })
  await runJobs(place, handlersOf({ ...place, verifier }))
  const { result, countByResult } = await evidenceOf(place, digest)
  assert.deepEqual([result, countByResult], ['verified', { verified: 1, unknown: 2 }])
})

test('a job that is stopped in the middle of a verification writes nothing', async (t) => {
  const place = await trustPlace(t)
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'])
  const digest = await pushImage(place, 'app')
  await pushSignature(place, digest, { key: 'ci' })
  const stop = new AbortController()
  const handlers = handlersOf({
    ...place,
    verifier() {
      stop.abort(new Error('the server ends'))
      throw new Error('the worker is gone')
    },
  })
  const subject = { repositoryId: place.repositoryId, digest }
  await assert.rejects(
    async () => handlers['referrers-changed']?.(subject, { signal: stop.signal, attempt: 1 }),
    /the server ends/,
  )
  assert.deepEqual(await place.database.all('SELECT policy FROM evidence'), [])
})
