// The worker finds of any bytes what would be found here, and lives on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../src/lib/clock.ts'
import { parseStore } from '../../src/trust/rules/parse-trust-material.ts'
import { parseTrustPolicy } from '../../src/trust/rules/parse-trust-policy.ts'
import { materialFrom } from '../../src/trust/rules/trust-material.ts'
import { subjectTime } from '../../src/trust/rules/verifier.ts'
import { VerifiersAside } from '../../src/trust/verify-aside.ts'
import { directVerifiers } from '../kit/direct-verifiers.ts'
import { signedBy, subject } from '../kit/notation-signatures.ts'
import { pemOf, pki, pkiNow } from '../kit/pki.ts'
import { alteredBytes, runs } from './hostile-input.ts'

test('envelopes that were altered get the same verdict in the worker as here', async (t) => {
  const made = pki({ chain: 2, label: 'aside' })
  const store = parseStore('ca:acme', pemOf(made.root.der))
  const notation = { stores: ['ca:acme'], identities: ['*'] }
  const read = parseTrustPolicy(
    JSON.stringify({ version: 1, name: 'p', repositories: ['*'], accept: [{ id: 'n', notation }] }),
  )
  assert.ok(store.kind === 'read' && read.kind === 'read')
  const [entry] = read.policy.accept
  assert.ok(entry !== undefined)
  const material = materialFrom([store.material])
  const verifiers = new VerifiersAside({ clock: systemClock })
  t.after(() => verifiers.close())
  const here = directVerifiers()
  const [jws, cose] = await Promise.all([
    signedBy(made, { format: 'jws' }),
    signedBy(made, { format: 'cose' }),
  ])
  const given = fc.tuple(
    fc.constantFrom('notation-jws', 'notation-cose'),
    fc.oneof(fc.constantFrom(jws, cose), alteredBytes(Buffer.from(jws), Buffer.from(cose))),
  )
  const options = { signal: new AbortController().signal, time: subjectTime(Infinity) }
  let verified = 0
  await fc.assert(
    fc.asyncProperty(given, async ([format, content]) => {
      const candidate = { format, content, annotations: {}, seenAt: pkiNow } as const
      const input = {
        candidate,
        subject: { ...subject, repository: 'team/app' },
        entry,
        material,
        now: pkiNow,
      }
      const question = { input, revocation: { answers: new Map() }, isLast: true }
      const found = await verifiers.judge(question, options)
      assert.deepEqual(found, await here.judge(question, options))
      if (found.kind === 'verdict' && found.verdict.result === 'verified') verified += 1
    }),
    runs(60),
  )
  assert.ok(verified > 0)
})
