import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  admissionEvidence,
  admissionNow,
  admissionPolicy,
  decisionContext,
  findingFacts,
  imageFacts,
} from '../../../test/kit/admission.ts'
import { decide } from './decide.ts'
import type { DecisionContext, Evidence, FindingFacts, ImageFacts } from './evidence.ts'
import { reasonCodes, type Reason, type ReasonCode } from './reason.ts'

/** Times are texts; what is left out of a finding, an image or a context is what the kit has. */
interface Case {
  readonly name: string
  readonly source: string
  readonly policies: readonly object[]
  readonly context?: Partial<DecisionContext>
  readonly image?: Partial<ImageFacts>
  readonly platforms?: Evidence['platforms']
  readonly signatures?: Evidence['signatures']
  readonly provenance?: Evidence['provenance']
  readonly expected: {
    readonly decision: string
    /** `deny finding`, with the word of a signature and with whose exemption. */
    readonly reasons: readonly string[]
    readonly basis?: string
    readonly until?: string
    readonly remedies?: readonly string[]
  }
}

const timeMembers = ['at', 'dataAt', 'validUntil', 'pushedAt']
const folder = new URL('cases/', import.meta.url)
const seen = new Set<ReasonCode>()

for (const file of readdirSync(folder)) {
  const cases = casesIn(readFileSync(new URL(file, folder), 'utf8'))
  for (const it of cases) test(`${file}: ${it.name}`, () => hold(it))
}

test('every code has a case', () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of our own table
  const codes = Object.keys(reasonCodes) as ReasonCode[]
  assert.deepEqual(
    codes.filter((code) => !seen.has(code)),
    [],
  )
})

function casesIn(text: string): readonly Case[] {
  const times = (key: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value
    if (key === 'firstKnown')
      return value === 'unknown' ? { kind: value } : { kind: 'known', at: Date.parse(value) }
    return timeMembers.includes(key) ? Date.parse(value) : value
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own cases
  return (JSON.parse(text, times) as { readonly cases: readonly Case[] }).cases
}

function hold(it: Case): void {
  const { breakGlass, ...context } = it.context ?? {}
  const glass =
    breakGlass === undefined
      ? {}
      : { breakGlass: { ...breakGlass, until: Date.parse(String(breakGlass.until)) } }
  const evidence = admissionEvidence({
    ...(it.platforms === undefined ? {} : { platforms: it.platforms.map(withFindings) }),
    ...(it.signatures === undefined ? {} : { signatures: it.signatures }),
    ...(it.provenance === undefined ? {} : { provenance: it.provenance }),
  })
  const decision = decide(
    {
      image: withoutNull(imageFacts(it.image)),
      context: decisionContext({ ...context, ...glass }),
      policies: it.policies.map(admissionPolicy),
      evidence,
    },
    admissionNow,
  )
  for (const { code } of decision.reasons) seen.add(code)
  const { expected } = it
  assert.equal(decision.decision, expected.decision, JSON.stringify(decision))
  assert.deepEqual(decision.reasons.map(wordsOf).toSorted(), expected.reasons.toSorted())
  if (expected.basis !== undefined) assert.equal(decision.basis, expected.basis)
  if (expected.until !== undefined)
    assert.equal(
      new Date(decision.until ?? 0).toISOString(),
      new Date(expected.until).toISOString(),
    )
  if (expected.remedies !== undefined)
    assert.deepEqual(
      decision.remedies.map(({ text }) => text),
      expected.remedies,
    )
}

/** What a case sets to null is absent. */
function withoutNull(image: ImageFacts): ImageFacts {
  const { digest, ...rest } = image
  return typeof digest === 'string' ? image : rest
}

function withFindings(one: Evidence['platforms'][number]): Evidence['platforms'][number] {
  const { scan } = one
  if (!('findings' in scan)) return one
  const findings = scan.findings.map((facts: Partial<FindingFacts>) => findingFacts(facts))
  return { ...one, scan: { ...scan, findings } }
}

function wordsOf({ outcome, code, because, exemptedBy }: Reason): string {
  const by = exemptedBy === undefined ? [] : ['by', exemptedBy.owner]
  return [outcome, code, ...(because === undefined ? [] : [because]), ...by].join(' ')
}
