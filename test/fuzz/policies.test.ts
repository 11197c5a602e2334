// Policies from outside: each is refused with a place and a reason, or it decides; nothing throws and nothing hangs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { compilePolicy } from '../../src/policy/compile.ts'
import { contextOf } from '../../src/policy/context-values.ts'
import type { PolicyKind } from '../../src/policy/document.ts'
import { evaluate } from '../../src/policy/evaluate.ts'
import { parsePolicy } from '../../src/policy/parse-policy.ts'
import { readStrictJson } from '../../src/policy/strict-json.ts'
import { requesterOf } from '../kit/policies.ts'
import { alteredBytes, hostileText, runs } from './hostile-input.ts'

function seedsOf(name: string): readonly Buffer[] {
  const path = new URL(`../../src/policy/cases/${name}.json`, import.meta.url)
  const cases = JSON.parse(readFileSync(path, 'utf8')) as readonly { readonly input: unknown }[]
  return cases.map(({ input }) =>
    Buffer.from(typeof input === 'string' ? input : JSON.stringify(input)),
  )
}

const altered = alteredBytes(...seedsOf('valid-policies'), ...seedsOf('malformed-policies')).map(
  (bytes) => bytes.toString('latin1'),
)
const kinds = fc.constantFrom<PolicyKind>(
  'identity',
  'session',
  'scp',
  'rcp',
  'repository',
  'registry',
  'trust',
)

test('strict JSON that is read means what JSON.parse says', () => {
  const text = hostileText('{', '}', '[', ']', '"a"', '"Effect"', ':', ',', '1.0', '"\\u0061"', ' ')
  fc.assert(
    fc.property(fc.oneof(altered, text, fc.json({ maxDepth: 6 })), (given) => {
      const read = readStrictJson(given)
      if (read.kind === 'read') JSON.parse(given)
      else assert.ok(read.fault.problem.length > 3)
    }),
    runs(3000),
  )
})

test('a policy of any form is refused, or decides', () => {
  const request = {
    requester: requesterOf('arn:aws:iam::123456789012:user/dev'),
    action: 'ecr:PutImage',
    resource: 'arn:aws:ecr:us-east-1:123456789012:repository/team/app',
    resourceAccount: undefined,
    context: contextOf({ 'aws:username': 'dev', 'aws:TagKeys': ['team'], 'aws:SourceIp': '::1' }),
  }
  const none = { boundary: undefined, session: undefined, scp: [], rcp: [] }
  fc.assert(
    fc.property(altered, kinds, fc.boolean(), (given, kind, isStored) => {
      const reading = parsePolicy(given, kind, { isStored })
      if (reading.kind === 'malformed') {
        const [first] = reading.faults
        return assert.ok(first.message !== '' && first.at.line >= 1 && first.at.column >= 1)
      }
      const type = kind === 'trust' || kind === 'repository' ? 'resource' : 'identity'
      const policy = compilePolicy(reading.document, { type, id: 'fuzzed' }, new Map())
      const identity = type === 'identity' ? [policy] : []
      const resource = type === 'resource' ? [policy] : []
      const decision = evaluate(request, { ...none, identity, resource })
      if (decision.kind === 'implicit-deny') assert.equal(decision.fault, undefined)
    }),
    runs(3000),
  )
})
