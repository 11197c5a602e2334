// Revocation data carried into a network that reaches no authority.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { directVerifiers } from '../../test/kit/direct-verifiers.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { day, pki, pkiNow } from '../../test/kit/pki.ts'
import { makeCrl } from '../../test/kit/revocation-answers.ts'
import { isTrustError } from './errors.ts'
import { keptAnswers } from './revocation-answers.ts'
import { listRevocationData, putRevocationDatum, type RevocationDatum } from './revocation-data.ts'
import { subjectTime } from './rules/verifier.ts'

const { signal } = new AbortController()
const options = { signal, time: subjectTime(60_000) }
const url = 'http://crl.example/ca.crl'
const key = `crl ${url}`
const { root } = pki({ chain: 2, label: 'carried' })
const list = makeCrl(root)
const older = makeCrl(root, { thisUpdate: pkiNow - 2 * day })

interface Place {
  readonly put: (datum: Partial<RevocationDatum>) => Promise<boolean>
  readonly exported: () => Promise<readonly RevocationDatum[]>
  /** As a judgement is told where nobody can be reached. */
  readonly answer: () => Promise<Uint8Array | 'unavailable'>
}

async function place(t: TestContext): Promise<Place> {
  const database = await temporaryDatabase(t)
  const clock = fakeClock(new Date(pkiNow).toISOString())
  const { mayReplaceCrl } = directVerifiers()
  const answerTo = keptAnswers({
    database,
    clock,
    mayReplaceCrl,
    places: { hosts: [], networks: [] },
    fetch: () => Promise.resolve({ kind: 'failed', reason: 'unreachable', detail: 'no network' }),
  })
  return {
    async put(given) {
      const datum = { key, fetchedAt: new Date(pkiNow).toISOString(), bytes: text(list), ...given }
      return (await putRevocationDatum({ database, clock, mayReplaceCrl }, datum, { signal }))
        .isTaken
    },
    async exported() {
      const all: RevocationDatum[] = []
      for await (const datum of listRevocationData(database)) all.push(datum)
      return all
    },
    answer: async () => answerTo({ key, method: 'crl', url }, options),
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

test('what one registry was told counts in another that reaches nobody', async (t) => {
  const [told, closed] = [await place(t), await place(t)]
  assert.equal(await closed.answer(), 'unavailable')
  assert.equal(await told.put({}), true)
  const ocsp = `ocsp ${'a'.repeat(64)} http://ocsp.example/`
  assert.equal(await told.put({ key: ocsp, bytes: 'AAEC' }), true)
  const carried = await told.exported()
  assert.deepEqual(
    carried.map((datum) => datum.key),
    [key, ocsp],
  )
  for (const datum of carried) assert.equal(await closed.put(datum), true)
  assert.deepEqual(Buffer.from(await closed.answer()), Buffer.from(list))
  assert.deepEqual(await closed.exported(), carried)
})

test('an older answer does not take the place of a newer one', async (t) => {
  const at = await place(t)
  assert.equal(await at.put({}), true)
  assert.equal(await at.put({ bytes: text(older) }), false)
  assert.deepEqual(Buffer.from(await at.answer()), Buffer.from(list))
  const ocsp = `ocsp ${'b'.repeat(64)} http://ocsp.example/`
  const fetchedAt = new Date(pkiNow - day).toISOString()
  assert.equal(await at.put({ key: ocsp, fetchedAt }), true)
  assert.equal(await at.put({ key: ocsp, fetchedAt }), false)
})

const refusals: readonly (readonly [string, Partial<RevocationDatum>, RegExp])[] = [
  ['no list', { bytes: 'AAEC' }, /no revocation list/],
  ['no bytes', { bytes: '' }, /base64/],
  ['an address of https', { key: 'crl https://crl.example/ca.crl' }, /plain http/],
  ['another kind', { key: 'cvc http://crl.example/ca.crl' }, /plain http/],
  ['a certificate without a thumbprint', { key: 'ocsp x http://ocsp.example/' }, /plain http/],
  ['no date', { fetchedAt: 'yesterday' }, /instant/],
  [
    'an answer that is too large',
    { key: `ocsp ${'a'.repeat(64)} http://o.example/`, bytes: text(Buffer.alloc(65_537)) },
    /at most 65536 bytes/,
  ],
]

for (const [name, datum, words] of refusals)
  test(`refused: ${name}`, async (t) => {
    const at = await place(t)
    await assert.rejects(at.put(datum), (error) => isTrustError(error) && words.test(error.message))
    assert.deepEqual(await at.exported(), [])
  })
