// What a person gives an audit, and what images and policies hold that it judges: nothing throws, and nothing hostile passes for told.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { judgePosture } from '../../src/posture/rules/judge-posture.ts'
import { parseRulesFile } from '../../src/posture/rules/rules-file.ts'
import { findSecrets } from '../../src/scanning/rules/find-secrets.ts'
import { secretsIn } from '../../src/posture/rules/secrets.ts'
import { postureRules } from '../../src/posture/rules/table.ts'
import { postureEvidence } from '../kit/posture.ts'
import { hostileText, runs } from './hostile-input.ts'

const ids = postureRules.map(({ id }) => id)

test('a rules file is read or refused with lines, and never both', () => {
  const text = hostileText(
    'version: 1\n',
    'suppress:\n',
    '  - rule: REG-001\n',
    'accounts: [',
    '&a',
    '*a',
    '{',
    ': ',
  )
  fc.assert(
    fc.property(text, (given) => {
      const reading = parseRulesFile(given, { ids, now: 0 })
      if (reading.kind === 'refused') assert.ok(reading.faults.every(({ line }) => line >= 1))
    }),
    runs(500),
  )
})

test('a secret is in no answer about it', () => {
  const secret = 'AKIAABCDEFGHIJKLMNOP'
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (name, around) => {
      const env = [`${name.replaceAll('=', '')}=${around} ${secret} ${around}`]
      const found = secretsIn({ env, labels: {}, command: [secret], history: [`RUN ${secret}`] })
      assert.equal(found.length, 3)
      assert.ok(!JSON.stringify(found).includes(secret))
    }),
    runs(200),
  )
})

test('policies of any text are judged or unknown, and never passed unread', () => {
  const text = hostileText(
    '{"Version":"2012-10-17","Statement":[',
    '"Principal":"*"',
    '{"Effect":"Allow"',
    ']}',
    '"Federated"',
    ',',
  )
  fc.assert(
    fc.property(text, (given) => {
      const told = { kind: 'told', value: given } as const
      const role = {
        kind: 'role',
        name: 'r',
        arn: 'a',
        policies: [{ name: 'p', text: given }],
        managed: [],
        trust: given,
      } as const
      const evidence = postureEvidence({
        repository: { policy: told, lifecycle: told },
        evidence: { principals: { kind: 'told', value: [role] } },
      })
      const { rules } = judgePosture(postureRules, evidence, [])
      for (const { rule, outcome } of rules)
        if (['REG-005', 'REG-006', 'REG-009', 'REG-029'].includes(rule.id))
          assert.notEqual(outcome, 'pass', rule.id)
    }),
    runs(200),
  )
})

test('whatever a file holds, secrets in it have places within it', () => {
  const text = hostileText(
    '-----BEGIN PRIVATE KEY-----\n',
    '-----END ',
    'AKIA',
    'ghp_',
    '//r.example.com/:_authToken=',
    '"auth":"',
    'password ',
    '\\n',
  )
  const path = fc.constantFrom('app/a', '.npmrc', '.docker/config.json', '.netrc', '.kube/config')
  fc.assert(
    fc.property(path, text, (file, given) => {
      const bytes = Buffer.from(given)
      for (const { offset, value } of findSecrets(file, bytes))
        assert.ok(offset >= 0 && offset < bytes.length && value.length > 0)
    }),
    runs(300),
  )
})
