import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { alteredBytes, hostileText } from '../../test/fuzz/hostile-input.ts'
import { sharedData } from '../../test/kit/shared-data.ts'
import type { PolicyDocument, PolicyKind } from './document.ts'
import {
  parsePolicy,
  policyLimits,
  policySize,
  principalArnsOf,
  type ParsePolicyOptions,
  type PolicyFault,
} from './parse-policy.ts'

interface PolicyCase {
  readonly name: string
  readonly kind: PolicyKind
  readonly options?: ParsePolicyOptions
  /** A text as it is; anything else is written as JSON. */
  readonly input: unknown
  readonly source: string
}

interface MalformedCase extends PolicyCase {
  /** `at`: the pointer, and where it matters line and column. */
  readonly expected: { readonly code: string; readonly message: string; readonly at: string }
}

function casesOf(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`cases/${name}.json`, import.meta.url), 'utf8'))
}

const malformed = casesOf('malformed-policies') as readonly MalformedCase[]
const valid = casesOf('valid-policies') as readonly PolicyCase[]
const kinds: readonly PolicyKind[] = [
  'identity',
  'session',
  'scp',
  'rcp',
  'repository',
  'registry',
  'trust',
]

function textOf({ input }: PolicyCase): string {
  return typeof input === 'string' ? input : JSON.stringify(input)
}

function faultsOf(
  text: string,
  kind: PolicyKind,
  options: ParsePolicyOptions = {},
): readonly PolicyFault[] {
  const reading = parsePolicy(text, kind, options)
  return reading.kind === 'malformed' ? reading.faults : []
}

function documentOf(text: string, kind: PolicyKind, options?: ParsePolicyOptions): PolicyDocument {
  const reading = parsePolicy(text, kind, options)
  if (reading.kind === 'valid') return reading.document
  throw new Error(reading.faults.map(({ reason }) => reason).join('\n'))
}

test('a malformed policy is refused in AWS’s words, at its place, with a reason of ours', async (t) => {
  for (const one of malformed) {
    await t.test(`${one.kind}: ${one.name}`, () => {
      const { expected } = one
      const [first] = faultsOf(textOf(one), one.kind, one.options)
      assert.ok(first !== undefined, 'is refused')
      const { pointer, line, column } = first.at
      const hasLine = / \d+:\d+$/.test(expected.at)
      const at = hasLine ? `${pointer} ${line}:${column}` : pointer
      assert.deepEqual({ code: first.code, message: first.message, at }, expected)
      assert.match(first.reason, /^[^;]{4}.*; .{10}/s)
    })
  }
})

test('a policy of the language is read', async (t) => {
  for (const one of valid) {
    await t.test(`${one.kind}: ${one.name}`, () => {
      assert.deepEqual(faultsOf(textOf(one), one.kind, one.options), [])
      assert.deepEqual(faultsOf(textOf(one), one.kind, { ...one.options, isStored: true }), [])
    })
  }
})

interface CorpusCase {
  readonly id: string
  readonly policies: {
    readonly identity: readonly unknown[]
    readonly boundary: readonly unknown[]
    readonly resource: unknown
    readonly session: unknown
    readonly scp: readonly (readonly unknown[])[]
    readonly rcp: readonly (readonly unknown[])[]
  }
  readonly request: { readonly action: string }
}

/** What the corpus evaluates as stored, and nobody may put today: each with the rule that refuses it. */
const refusedToday: Readonly<Record<string, string>> = {
  G64: 'VERSION_TOO_OLD',
  G91: 'MISSING_QUALIFIER',
  G94: 'INVALID_CONDITION_DATA_TYPE',
}

const corpus = sharedData('iam', 'golden-cases.json')

test('the policies of the shared corpus are read', { skip: corpus === undefined }, () => {
  const { cases } = JSON.parse(readFileSync(corpus ?? '', 'utf8')) as { cases: CorpusCase[] }
  const refused: Record<string, string> = {}
  for (const { id, policies, request } of cases) {
    const resourceKind = request.action === 'sts:AssumeRole' ? 'trust' : 'repository'
    const all: readonly (readonly [PolicyKind, unknown])[] = [
      ...[...policies.identity, ...policies.boundary].map((one) => ['identity', one] as const),
      [resourceKind, policies.resource],
      ['session', policies.session],
      ...policies.scp.flat().map((one) => ['scp', one] as const),
      ...policies.rcp.flat().map((one) => ['rcp', one] as const),
    ]
    for (const [kind, policy] of all) {
      if (policy === null) continue
      for (const { code } of faultsOf(JSON.stringify(policy), kind)) refused[id] = code
      assert.deepEqual(faultsOf(JSON.stringify(policy), kind, { isStored: true }), [], id)
    }
  }
  assert.deepEqual(refused, refusedToday)
})

test('a document says what its text says', () => {
  const text = `{
  "Version": "2012-10-17",
  "Id": "one",
  "Statement": [{
    "Sid": "Push images",
    "Effect": "Deny",
    "NotPrincipal": {"AWS": ["123456789012", "arn:aws:iam::123456789012:role/ci/Deploy"]},
    "NotAction": "ecr:Get*",
    "Resource": ["*"],
    "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": [1.0, "2"]},
      "BoolIfExists": {"aws:SecureTransport": false}}
  }]
}`
  const at = (pointer: string, line: number, column: number) => ({ pointer, line, column })
  assert.deepEqual(documentOf(text, 'repository'), {
    version: '2012-10-17',
    id: 'one',
    statements: [
      {
        index: 0,
        sid: 'Push images',
        effect: 'Deny',
        principal: {
          isNegated: true,
          members: [
            { kind: 'account', account: '123456789012' },
            {
              kind: 'role',
              account: '123456789012',
              arn: 'arn:aws:iam::123456789012:role/ci/Deploy',
            },
          ],
        },
        action: { isNegated: true, patterns: ['ecr:Get*'] },
        resource: { isNegated: false, patterns: ['*'] },
        conditions: [
          {
            operator: 'NumericLessThan',
            key: 'aws:MultiFactorAuthAge',
            values: ['1.0', '2'],
            at: at('/Statement/0/Condition/NumericLessThan/aws:MultiFactorAuthAge', 10, 39),
          },
          {
            operator: 'BoolIfExists',
            key: 'aws:SecureTransport',
            values: ['false'],
            at: at('/Statement/0/Condition/BoolIfExists/aws:SecureTransport', 11, 24),
          },
        ],
        at: at('/Statement/0', 4, 17),
      },
    ],
  })
})

test('each form of principal is what it names', () => {
  const iam = 'arn:aws:iam::123456789012:'
  const sts = 'arn:aws:sts::123456789012:'
  const account = '123456789012'
  const forms: readonly (readonly [type: string, text: string, form: object])[] = [
    ['AWS', '*', { kind: 'everyone' }],
    ['AWS', account, { kind: 'account', account }],
    ['AWS', `${iam}root`, { kind: 'account', account }],
    ['AWS', `${iam}user/a/b`, { kind: 'user', account, arn: `${iam}user/a/b` }],
    ['AWS', `${iam}role/b`, { kind: 'role', account, arn: `${iam}role/b` }],
    ['AWS', `${sts}assumed-role/b/s`, { kind: 'session', account, arn: `${sts}assumed-role/b/s` }],
    [
      'AWS',
      `${sts}federated-user/bob`,
      { kind: 'federated-user', account, arn: `${sts}federated-user/bob` },
    ],
    ['AWS', 'AROADBQP57FF2AEXAMPLE', { kind: 'unique-id', id: 'AROADBQP57FF2AEXAMPLE' }],
    [
      'Federated',
      `${iam}oidc-provider/h/p`,
      { kind: 'oidc-provider', arn: `${iam}oidc-provider/h/p` },
    ],
    ['Service', 'ecr.amazonaws.com', { kind: 'service', name: 'ecr.amazonaws.com' }],
  ]
  for (const [type, text, form] of forms) {
    const statement = { Effect: 'Deny', Principal: { [type]: text }, Action: 'sts:AssumeRole' }
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: statement })
    assert.deepEqual(documentOf(policy, 'trust').statements[0]?.principal?.members, [form])
  }
  const bare = '{"Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}}'
  const { version, statements } = documentOf(bare, 'trust')
  assert.equal(version, '2008-10-17')
  assert.deepEqual(statements[0]?.principal?.members, [{ kind: 'everyone' }])
})

test('several faults are named at once, the one that IAM finds first at their head', () => {
  const text = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'PutImage', Resource: 'team/app' },
      { Effect: 'allow', Action: 'ecr:*', Resource: '*', Sid: 'A' },
      { Effect: 'Deny', Resource: '*', Sid: 'A', Condition: { Like: { 'aws:username': 'a' } } },
    ],
  })
  assert.deepEqual(
    faultsOf(text, 'identity').map(({ code, at }) => `${code} ${at.pointer}`),
    [
      'INVALID_CONDITION_OPERATOR /Statement/2/Condition/Like',
      'INVALID_EFFECT /Statement/1/Effect',
      'UNIQUE_SIDS_REQUIRED /Statement/2/Sid',
      'MISSING_ACTION /Statement/2',
      'INVALID_ARN /Statement/0/Resource',
      'INVALID_ACTION /Statement/0/Action',
    ],
  )
})

test('a document with thousands of faults names a hundred', () => {
  const actions = Array.from({ length: 5000 }, () => 'x')
  const statement = { Effect: 'Allow', Action: actions, Resource: '*', Sid: '-' }
  const faults = faultsOf(
    JSON.stringify({ Version: '2012-10-17', Statement: statement }),
    'identity',
  )
  assert.equal(faults.length, 100)
  assert.equal(faults[0]?.code, 'UNSUPPORTED_SID')
})

test('a stored policy keeps what only its writing would refuse, and loses what has no meaning', () => {
  const kept = {
    Sid: 'not-a-sid',
    Effect: 'Deny',
    Action: ['PutImage', 'e*:x'],
    Resource: ['team/app', 'arn:aws:ecr:us-east-1:${x}:y', 'arn:aws:ecr:::${'],
    Condition: {
      StringSoundsLike: { 'aws:username': 'a' },
      NullIfExists: { x: 'y' },
      DateEquals: { 'aws:CurrentTime': 'tomorrow' },
      StringEquals: { 'aws:TagKeys': [], 'AWS:TagKeys': 'a' },
    },
  }
  const policy = (statement: object): string =>
    JSON.stringify({ Statement: [statement, statement] })
  const { statements } = documentOf(policy(kept), 'identity', { isStored: true })
  assert.deepEqual(
    statements[0]?.conditions.map(({ operator, values }) => [operator, ...values]),
    [
      ['StringSoundsLike', 'a'],
      ['NullIfExists', 'y'],
      ['DateEquals', 'tomorrow'],
      ['StringEquals'],
      ['StringEquals', 'a'],
    ],
  )
  const lost: readonly object[] = [
    { ...kept, Effect: 'deny' },
    { ...kept, Action: undefined },
    { ...kept, Action: 7 },
    { ...kept, Principal: '*' },
    { ...kept, Conditions: {} },
    { ...kept, Condition: { StringEquals: { 'aws:username': null } } },
  ]
  for (const statement of lost) {
    assert.notDeepEqual(faultsOf(policy(statement), 'identity', { isStored: true }), [])
  }
  const principal = { Effect: 'Deny', Principal: { AWS: 'arn:aws:iam::1:group/x' }, Action: '*' }
  assert.notDeepEqual(faultsOf(policy(principal), 'repository', { isStored: true }), [])
})

test('users and roles of both principal elements are to be resolved, each once', () => {
  const [user, role] = ['arn:aws:iam::123456789012:user/dev', 'arn:aws:iam::999988887777:role/x']
  const session = 'arn:aws:sts::123456789012:assumed-role/x/s'
  const [Effect, Action] = ['Deny', 'ecr:*']
  const text = JSON.stringify({
    Statement: [
      { Effect, Action, Principal: { AWS: [user, '123456789012', session, role] } },
      { Effect, Action, NotPrincipal: { AWS: user } },
      { Effect, Action, Principal: '*' },
    ],
  })
  assert.deepEqual(principalArnsOf(documentOf(text, 'repository')), [user, role])
  const none = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'
  assert.deepEqual(principalArnsOf(documentOf(none, 'identity')), [])
})

test('white space costs nothing where IAM counts none, and counts where the text is bounded', () => {
  assert.equal(policySize(' {\r\n\t"a": "b c"\u00A0} '), 10)
  const statement = { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }
  const roomy = (limit: number): string =>
    JSON.stringify({ Version: '2012-10-17', Statement: statement }) + ' '.repeat(limit)
  assert.deepEqual(faultsOf(roomy(policyLimits.rcp), 'rcp'), [])
  assert.equal(faultsOf(roomy(policyLimits.repository), 'repository')[0]?.code, 'POLICY_TOO_LARGE')
})

const seeds = [...valid, ...malformed].map((one) => Buffer.from(textOf(one)))
const anyText = fc.oneof(
  { weight: 4, arbitrary: alteredBytes(...seeds).map((bytes) => bytes.toString('latin1')) },
  {
    weight: 1,
    arbitrary: hostileText('{', '}', '"Statement":', '[', ']', '"Effect":"Allow"', ',', '${'),
  },
)

test('whatever the text, it is read or refused with a place in it, twice alike', () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom(...kinds), fc.boolean(), (text, kind, isStored) => {
      const reading = parsePolicy(text, kind, { isStored })
      assert.deepEqual(parsePolicy(text, kind, { isStored }), reading)
      if (reading.kind === 'valid') return
      const lines = text.split('\n')
      for (const { at, reason } of reading.faults) {
        const line = lines[at.line - 1] ?? assert.fail(`line ${at.line}`)
        assert.ok(at.column >= 1 && at.column <= line.length + 1, `${at.line}:${at.column}`)
        assert.match(at.pointer, /^(?:\/|$)/)
        assert.match(reason, /^[\u0020-\u007E]+; [\u0020-\u007E]+$/)
      }
    }),
    { numRuns: 1500 },
  )
})

test('what is valid when put is valid when stored, and means the same', () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom(...kinds), (text, kind) => {
      const reading = parsePolicy(text, kind)
      if (reading.kind === 'valid') {
        assert.deepEqual(parsePolicy(text, kind, { isStored: true }), reading)
      }
    }),
    { numRuns: 500 },
  )
})

test('white space between the parts and the order of members mean nothing', () => {
  const withoutPlaces = (text: string, kind: PolicyKind): string =>
    JSON.stringify(parsePolicy(text, kind), (key, value: unknown) => (key === 'at' ? 0 : value))
  const written = valid.filter(
    ({ input, options }) => typeof input === 'object' && options === undefined,
  )
  for (const { input, kind } of written) {
    const plain = withoutPlaces(JSON.stringify(input), kind)
    assert.equal(withoutPlaces(JSON.stringify(input, null, '\t'), kind), plain)
    const { Statement, ...others } = input as Readonly<Record<string, unknown>>
    assert.equal(withoutPlaces(JSON.stringify({ Statement, ...others }), kind), plain)
  }
})

test('the longest documents of every unpleasant form are read to an end', () => {
  const limit = 131_072
  const inStatement = (members: string): string =>
    `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":"*",${members}}}`
  const filled = (open: string, piece: (index: number) => string, close: string): string => {
    const pieces: string[] = []
    let length = open.length + close.length
    for (let index = 0; ; index++) {
      const next = piece(index)
      length += next.length + 1
      if (length > limit) return `${open}${pieces.join(',')}${close}`
      pieces.push(next)
    }
  }
  const texts = [
    filled('[', () => '1', ']'),
    filled('{', (index) => `"${index}":0`, '}'),
    inStatement(filled('"Condition":{"StringEquals":{', (index) => `"a:${index}":""`, '}}')).slice(
      0,
      limit,
    ),
    filled('{"Statement":[', () => '{}', ']}'),
    filled('{"Statement":{"NotAction":[', () => '"a"', ']}}'),
    filled('{"Statement":{"Principal":{"AWS":[', () => '""', ']}}}'),
    filled('{"Statement":{"Condition":{', (index) => `"${index}":{"":[""]}`, '}}}'),
    filled('{"Version":"2012-10-17","Statement":{"Resource":[', () => '"arn:${}"', ']}}'),
    `{"Version":"2012-10-17","Statement":{"Resource":"${'${'.repeat(65_000)}"}}`,
    `{"Version":"2012-10-17","Statement":{"Resource":"arn:aws:a:b:c:${'${x,'.repeat(32_000)}}"}}`,
    `{"Version":"2012-10-17","Statement":{"Resource":"arn:aws:a:b:c:${'${}'.repeat(43_000)}"}}`,
    `{"Statement":{"Resource":"${':'.repeat(131_000)}","Action":"a"}}`,
    `{"Statement":{"Action":"${'*'.repeat(131_000)}"}}`,
    `{"Statement":{"Condition":{"ArnLike":{"a:b":"${'arn:*'.repeat(26_000)}"}}}}`,
    `{"Statement":{"Condition":{"DateEquals":{"a:b":"${'1'.repeat(130_000)}"}}}}`,
    `{"Statement":{"Condition":{"${'x'.repeat(60_000)}":{${'"a:b":"",'.repeat(7000)}"c":""}}}}`,
    `{"Statement":{"Principal":{"AWS":"arn:aws:iam::123456789012:user/${'/'.repeat(130_000)}"}}}`,
    '\n'.repeat(limit),
    `"${'\\u0061'.repeat(21_000)}"`,
  ]
  for (const [index, text] of texts.entries()) {
    assert.ok(text.length <= limit)
    const kind = kinds[index % kinds.length] ?? 'identity'
    assert.ok(faultsOf(text, kind).length > 0, text.slice(0, 60))
  }
})
