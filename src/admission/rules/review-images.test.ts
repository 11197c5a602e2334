import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { readReview, writeReview, type ReviewRequest } from './admission-review.ts'
import type { Decision } from './decide.ts'
import { readImageReference } from './image-reference.ts'
import { pointerOf, showPath } from './pod-images.ts'
import { answerReview, pinImages, planReview, type JudgedImage } from './review-images.ts'

function casesOf(name: string): unknown {
  const text = readFileSync(
    new URL(`../../edges/admission/cases/${name}.json`, import.meta.url),
    'utf8',
  )
  return JSON.parse(text)
}

interface ReviewCase {
  readonly name: string
  readonly controllers: 'warn' | 'enforce' | 'off'
  readonly request?: unknown
  /** In place of the request: the file of a whole review. */
  readonly recorded?: string
  readonly images?: readonly string[]
  readonly pass?: string
  readonly faults?: readonly string[]
}

function requestOf(request: unknown): ReviewRequest {
  return readRequest({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request })
}

function readRequest(review: unknown): ReviewRequest {
  const reading = readReview(review)
  assert.ok(reading.kind === 'read', JSON.stringify(reading))
  return reading.request
}

test('every image of every kind is found, and nothing that runs already is judged again', () => {
  for (const { name, request, recorded, controllers, ...wanted } of casesOf(
    'reviews',
  ) as readonly ReviewCase[]) {
    const asked =
      recorded === undefined ? requestOf(request) : readRequest(casesOf(`recorded/${recorded}`))
    const plan = planReview(asked, { controllers })
    if (plan.kind === 'pass') {
      assert.equal(plan.why, wanted.pass, name)
      continue
    }
    const images = plan.images.map(({ named }) => `${showPath(named.path)} ${named.image}`)
    assert.deepEqual(images, wanted.images, name)
    const { faults = [] } = wanted
    assert.equal(plan.faults.length, faults.length, name)
    for (const [at, fault] of faults.entries())
      assert.ok((plan.faults[at] ?? '').includes(fault), `${name}: ${plan.faults[at] ?? ''}`)
  }
})

interface ReferenceCase {
  readonly text: string
  readonly problem?: string
}

test('references mean what nodes take them for, and what is none is none', () => {
  for (const { text, problem, ...wanted } of casesOf('references') as readonly ReferenceCase[]) {
    const reading = readImageReference(text)
    if (problem !== undefined) {
      assert.ok(reading.kind === 'refused', text)
      assert.ok(reading.problem.includes(problem), `${text}: ${reading.problem}`)
      continue
    }
    assert.ok(reading.kind === 'read', `${text}: ${JSON.stringify(reading)}`)
    const { host, path, tag, digest } = reading.reference
    const { source: _source, ...parts } = { source: '', ...wanted }
    assert.deepEqual({ host, path, ...(tag && { tag }), ...(digest && { digest }) }, parts, text)
  }
})

const decision = (word: Decision['decision'], message: string): Decision => ({
  decision: word,
  basis: 'known',
  reasons: [{ code: 'finding', outcome: word === 'allow' ? 'info' : word, message }],
  remedies: word === 'deny' ? [{ text: 'update it' }] : [],
})

function judged(image: string, at: number, what: Decision): JudgedImage {
  const reading = readImageReference(image)
  assert.ok(reading.kind === 'read')
  const named = { path: ['spec', 'containers', at, 'image'], image }
  return { named, reference: reading.reference, decision: what, isMovable: false }
}

const pod = requestOf({ uid: 'u', kind: { group: '', kind: 'Pod' }, operation: 'CREATE' })
const job = requestOf({ uid: 'u', kind: { group: 'batch', kind: 'Job' }, operation: 'CREATE' })

test('one image that is denied denies the pod, and says which, why, and what to do', () => {
  const images = [
    judged('a:1', 0, decision('allow', 'fine')),
    judged('b:1', 1, decision('deny', 'has a hole')),
  ]
  const settings = { controllers: 'warn' } as const
  const answer = answerReview(pod, images, { faults: [], settings })
  assert.equal(answer.allowed, false)
  assert.equal(answer.message, 'pratique: spec.containers[1].image b:1: has a hole (update it)')
  assert.deepEqual(answer.auditAnnotations, { decision: 'deny', images: '2', reasons: 'finding' })
  const lenient = answerReview(job, images, { faults: [], settings })
  assert.equal(lenient.allowed, true)
  assert.match(lenient.warnings[0] ?? '', /^its pods would be denied: spec/)
  const strict = answerReview(job, images, { faults: [], settings: { controllers: 'enforce' } })
  assert.equal(strict.allowed, false)
  assert.equal(answerReview(pod, [], { faults: ['no image'], settings }).allowed, false)
})

test('warnings are as short as kubectl shows them, without control characters', () => {
  const warnings = Array.from({ length: 40 }, () => `\u001b[31m${'x'.repeat(500)}`)
  const { response } = writeReview('u', { allowed: true, warnings, auditAnnotations: {} })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was written here
  const written = (response as { readonly warnings: readonly string[] }).warnings
  assert.ok(written.join('').length <= 4096)
  assert.ok(written.every((text) => text.length <= 256 && !text.includes('\u001b')))
  assert.equal(written.at(-1), 'and 24 more warnings')
})

test('a tag gets the digest beside it once, and paths are pointers', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const images = ['reg.example:5000/app', 'reg.example/app:1', `reg.example/app@${digest}`]
  const all = images.map((image, at) => ({ ...judged(image, at, decision('allow', '')), digest }))
  const patch = pinImages(all)
  assert.deepEqual(
    patch.map(({ path, value }) => [path, value]),
    [
      ['/spec/containers/0/image', `reg.example:5000/app:latest@${digest}`],
      ['/spec/containers/1/image', `reg.example/app:1@${digest}`],
    ],
  )
  const again = patch.map(({ value }, at) => ({
    ...judged(value, at, decision('allow', '')),
    digest,
  }))
  assert.deepEqual(pinImages(again), [])
  assert.equal(pointerOf(['a/b', 'c~d', 0]), '/a~1b/c~0d/0')
})

test('whatever an API server sends, it is read or refused, and nothing hostile passes as no image', () => {
  const object = fc.oneof(
    fc.jsonValue(),
    fc.record({ spec: fc.record({ containers: fc.array(fc.record({ image: fc.jsonValue() })) }) }),
  )
  fc.assert(
    fc.property(object, (given) => {
      const plan = planReview({ ...pod, object: recordOf(given) }, { controllers: 'warn' })
      if (plan.kind === 'pass') return
      for (const { reference } of plan.images) assert.match(reference.path, /^[a-z0-9]/)
      assert.ok(plan.images.length + plan.faults.length > 0)
    }),
    { numRuns: fuzzRuns(200), seed: fuzzSeed() },
  )
})

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : undefined
}

test('what is no review of v1 is refused', () => {
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }
  const request = { uid: 'u', kind: { kind: 'Pod' }, operation: 'CREATE' }
  for (const body of [
    null,
    [],
    'x',
    { ...review, apiVersion: 'admission.k8s.io/v1beta1', request },
    review,
    { ...review, request: { ...request, uid: '' } },
    { ...review, request: { ...request, kind: 'Pod' } },
    { ...review, request: { ...request, operation: 1 } },
  ])
    assert.equal(readReview(body).kind, 'refused', JSON.stringify(body))
})
