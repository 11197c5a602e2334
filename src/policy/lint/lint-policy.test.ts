import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { alteredBytes } from '../../../test/fuzz/hostile-input.ts'
import { parseAccountId } from '../account-id.ts'
import type { PolicyKind } from '../document.ts'
import { parsePolicy } from '../parse-policy.ts'
import { guessKind } from './guess-kind.ts'
import { lintPolicy, type LintOptions } from './lint-policy.ts'
import { allCodes, lintTable } from './lint-table.ts'

interface LintCase {
  readonly name: string
  readonly kind: PolicyKind
  readonly options?: { readonly account?: string }
  readonly input: unknown
  readonly expected: readonly string[]
  readonly source: string
}

function casesOf(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../cases/${name}.json`, import.meta.url), 'utf8'))
}

const cases = casesOf('lint') as readonly LintCase[]
const valid = casesOf('valid-policies') as readonly Pick<LintCase, 'input' | 'kind'>[]
const malformed = casesOf('malformed-policies') as readonly Pick<LintCase, 'input' | 'kind'>[]

function textOf({ input }: Pick<LintCase, 'input'>): string {
  return typeof input === 'string' ? input : JSON.stringify(input)
}

function optionsOf({ options }: LintCase): LintOptions {
  const account = parseAccountId(options?.account ?? '')
  return account === undefined ? {} : { account }
}

test('the lint finds in each case what is there, and no more', async (t) => {
  for (const one of cases) {
    await t.test(`${one.kind}: ${one.name}`, () => {
      const findings = lintPolicy(textOf(one), one.kind, optionsOf(one))
      assert.deepEqual(
        findings.map(({ code }) => code),
        one.expected,
      )
    })
  }
})

test('every finding of the table has a case', () => {
  const found = new Set(cases.flatMap(({ expected }) => expected))
  for (const code of Object.keys(lintTable)) assert.ok(found.has(code), code)
  const refused = new Set(
    (casesOf('malformed-policies') as readonly { expected: { code: string } }[]).map(
      ({ expected }) => expected.code,
    ),
  )
  // One character more than the longest document is no case to write down; strict-json.test.ts has it.
  refused.add('DOCUMENT_TOO_LONG').add('INVALID_CHARACTER')
  const errors = allCodes.filter(({ title }) => title === undefined)
  for (const { code } of errors) assert.ok(refused.has(code), code)
})

test('a finding says where it is, what is the matter and what to do, the gravest first', () => {
  const text = `{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Principal": "*",
    "Action": ["ecr:PutImages", "ecr:Frobnicate"],
    "Resource": "team/app"
  }
}`
  assert.deepEqual(
    lintPolicy(text, 'repository').map(({ code, severity, message, at }) => [
      code,
      severity,
      message,
      `${at.pointer} ${at.line}:${at.column}`,
    ]),
    [
      ['INVALID_ARN', 'ERROR', 'the resource "team/app" is no ARN', '/Statement/Resource 7:17'],
      [
        'UNSUPPORTED_RESOURCE_ARN_IN_POLICY',
        'ERROR',
        '"team/app" is no resource that this policy can decide on',
        '/Statement/Resource 7:17',
      ],
      [
        'PUBLIC_PRINCIPAL',
        'SECURITY_WARNING',
        'the statement allows everybody, and no condition says who that may be',
        '/Statement/Principal 5:5',
      ],
      [
        'UNKNOWN_ACTION',
        'WARNING',
        '"ecr:PutImages" is no action of this registry, but ecr:PutImage is near',
        '/Statement/Action/0 6:16',
      ],
      [
        'UNKNOWN_ACTION',
        'WARNING',
        '"ecr:Frobnicate" is no action of this registry',
        '/Statement/Action/1 6:33',
      ],
      [
        'RESOURCE_NOT_PORTABLE',
        'SUGGESTION',
        'ECR refuses Resource in a repository policy',
        '/Statement/Resource 7:5',
      ],
    ],
  )
})

test('a policy without a sense is told its errors alone', () => {
  const text = '{"Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:Frob","Extra":1}}'
  assert.deepEqual(
    lintPolicy(text, 'repository').map(({ code }) => code),
    ['INVALID_POLICY_ELEMENT'],
  )
  assert.deepEqual(
    lintPolicy('{', 'identity').map(({ code }) => code),
    ['JSON_SYNTAX_ERROR'],
  )
})

test('a repository policy is held against the repository it is for', () => {
  const repositoryArn = 'arn:aws:ecr:us-east-1:123456789012:repository/team/app'
  const statement = {
    Effect: 'Deny',
    Principal: '*',
    Action: 'ecr:PutImage',
    Resource: 'arn:aws:ecr:us-east-1:123456789012:repository/team/other',
  }
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statement })
  const codes = (options: LintOptions): readonly string[] =>
    lintPolicy(text, 'repository', options).map(({ code }) => code)
  assert.ok(codes({ repositoryArn }).includes('UNSUPPORTED_RESOURCE_ARN_IN_POLICY'))
  assert.deepEqual(codes({}), ['RESOURCE_NOT_PORTABLE'])
})

test('long lists are not compared each with each', () => {
  const actions = Array.from({ length: 201 }, () => 'ecr:DescribeImages')
  const codes = (Action: readonly string[]): readonly string[] => {
    const statement = { Effect: 'Deny', Action, Resource: '*' }
    const text = JSON.stringify({ Version: '2012-10-17', Statement: statement })
    return lintPolicy(text, 'identity').map(({ code }) => code)
  }
  assert.deepEqual(codes(actions), [])
  assert.equal(codes(actions.slice(1)).length, 199)
})

test('of a policy that is accepted no error of its form is told, and of a refused one there is one', () => {
  const refusals = new Set(
    allCodes.filter(({ title }) => title === undefined).map(({ code }) => code),
  )
  const text = alteredBytes(...[...valid, ...malformed].map((one) => Buffer.from(textOf(one))))
  const kinds = fc.constantFrom<PolicyKind>(
    'identity',
    'repository',
    'trust',
    'scp',
    'rcp',
    'registry',
    'session',
  )
  fc.assert(
    fc.property(text, kinds, (bytes, kind) => {
      const given = bytes.toString('latin1')
      const isRefused = lintPolicy(given, kind).some(({ code }) => refusals.has(code))
      assert.equal(isRefused, parsePolicy(given, kind).kind === 'malformed')
    }),
    { numRuns: 1000 },
  )
})

test('what kind of policy a text is, is guessed from its principals and actions', () => {
  const trust = '{"Statement":[{"Principal":{"AWS":"*"},"Action":["STS:AssumeRole"]}]}'
  assert.equal(guessKind(trust), 'trust')
  assert.equal(guessKind('{"Statement":{"NotPrincipal":"*","Action":"ecr:*"}}'), 'repository')
  assert.equal(guessKind('{"Statement":{"Action":"sts:AssumeRole"}}'), 'identity')
  assert.equal(guessKind('{'), 'identity')
  assert.equal(guessKind('[]'), 'identity')
})
