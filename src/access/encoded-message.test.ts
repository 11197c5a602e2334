import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { accountOf } from '../../test/kit/principals.ts'
import { systemIds } from '../lib/ids.ts'
import { parsePolicy } from '../policy/parse-policy.ts'
import {
  decodeAuthorizationMessage,
  encodeAuthorizationMessage,
  longestMessage,
  type DeniedRequest,
} from './encoded-message.ts'
import { deriveKey, seal } from './rules/seal.ts'

const master = Buffer.alloc(32, 5)
const messageKey = deriveKey(master, 'authorization-message')
const home = accountOf('123456789012')
const foreign = accountOf('999988887777')
const resource = 'arn:aws:ecr:us-east-1:123456789012:repository/team/app'
const by = {
  type: 'resource',
  policy: 'repository policy',
  version: undefined,
  index: 1,
  sid: 'OnlyCI',
} as const
const reading = parsePolicy(
  `{"Version":"2012-10-17","Statement":{"Sid":"OnlyCI","Effect":"Deny","Principal":"*","Action":["ecr:PutImage"],
    "Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/ci"}}}}`,
  'repository',
)
assert.ok(reading.kind === 'valid')
const [statement] = reading.document.statements

function denied(change: Partial<DeniedRequest> = {}): DeniedRequest {
  return {
    caller: {
      accountId: home,
      principalId: 'AIDAX',
      principalArn: 'arn:aws:iam::123456789012:user/dev',
    },
    action: 'ecr:PutImage',
    resource,
    resourceAccount: home,
    decision: { kind: 'explicit-deny', decidedBy: [by] },
    context: new Map([['aws:principalarn', ['arn:aws:iam::123456789012:user/dev']]]),
    statementOf: () => statement,
    ...change,
  }
}

interface World {
  readonly deps: Parameters<typeof encodeAuthorizationMessage>[0]
  readonly encode: (request?: DeniedRequest) => string
  readonly advance: (ms: number) => void
}

function world(): World {
  const clock = fakeClock()
  const deps = { clock, ids: systemIds, messageKey }
  return {
    deps,
    encode: (request = denied()) => encodeAuthorizationMessage(deps, request) ?? '',
    advance: (ms) => clock.advance(ms),
  }
}

test('a message that is altered, of another purpose or installation, or too old opens to nothing', () => {
  const { deps, encode, advance } = world()
  const message = encode()
  for (let at = 0; at < message.length - 1; at += 7) {
    const letter = message.charAt(at) === 'A' ? 'B' : 'A'
    const changed = message.slice(0, at) + letter + message.slice(at + 1)
    assert.equal(decodeAuthorizationMessage(deps, changed), undefined)
  }
  const keys = [
    deriveKey(master, 'session'),
    deriveKey(Buffer.alloc(32, 6), 'authorization-message'),
  ]
  for (const other of keys) {
    assert.equal(decodeAuthorizationMessage({ ...deps, messageKey: other }, message), undefined)
  }
  assert.equal(
    decodeAuthorizationMessage(deps, `${message}${'A'.repeat(longestMessage)}`),
    undefined,
  )
  advance(7 * 86_400_000 - 1)
  assert.ok(decodeAuthorizationMessage(deps, message))
  advance(1)
  assert.equal(decodeAuthorizationMessage(deps, message), undefined)
})

test('a token of another kind under the same key is no message', () => {
  const { deps } = world()
  for (const [plain, context] of [
    ['["123456789012",9999999999999,"{}"]', 'session/1/ASIA'],
    ['["123456789012",9999999999999]', 'authorization-message/1'],
    ['["x",9999999999999,"{}"]', 'authorization-message/1'],
    ['["123456789012","x","{}"]', 'authorization-message/1'],
    ['{}', 'authorization-message/1'],
  ] as const) {
    const sealed = seal(messageKey, systemIds.bytes(12), Buffer.from(plain), context)
    assert.equal(decodeAuthorizationMessage(deps, sealed.toString('base64url')), undefined, plain)
  }
})

test('it says who was denied what by which statement, in AWS’s form', () => {
  const { deps, encode } = world()
  const decoded = decodeAuthorizationMessage(deps, encode())
  assert.equal(decoded?.account, home)
  assert.deepEqual(JSON.parse(decoded.document), {
    allowed: false,
    explicitDeny: true,
    matchedStatements: {
      items: [
        {
          statementId: 'OnlyCI',
          effect: 'DENY',
          policyType: 'resource',
          policyId: 'repository policy',
          statementIndex: 1,
          principals: { items: [{ value: '*' }] },
          actions: { items: [{ value: 'ecr:PutImage' }] },
          resources: { items: [] },
          conditions: {
            items: [
              {
                operator: 'ArnNotLike',
                key: 'aws:PrincipalArn',
                values: { items: [{ value: 'arn:aws:iam::123456789012:role/ci' }] },
              },
            ],
          },
        },
      ],
    },
    failures: { items: [] },
    context: {
      principal: { id: 'AIDAX', arn: 'arn:aws:iam::123456789012:user/dev' },
      action: 'ecr:PutImage',
      resource,
      conditions: {
        items: [
          {
            key: 'aws:principalarn',
            values: { items: [{ value: 'arn:aws:iam::123456789012:user/dev' }] },
          },
        ],
      },
    },
  })
})

test('of a silence it says which policies would have had to speak', () => {
  const { deps, encode } = world()
  const message = encode(
    denied({ decision: { kind: 'implicit-deny', missing: ['identity', 'boundary'] } }),
  )
  const document = JSON.parse(decodeAuthorizationMessage(deps, message)?.document ?? '') as Record<
    string,
    unknown
  >
  assert.equal(document['explicitDeny'], false)
  assert.deepEqual(document['failures'], {
    items: [{ policyType: 'identity' }, { policyType: 'boundary' }],
  })
})

/** Whose policies decided is who says who may read it. */
const owners: readonly (readonly [DeniedRequest['decision'], account: string])[] = [
  [{ kind: 'explicit-deny', decidedBy: [by] }, home],
  [{ kind: 'explicit-deny', decidedBy: [{ ...by, type: 'identity' }] }, foreign],
  [{ kind: 'explicit-deny', decidedBy: [{ ...by, type: 'rcp' }] }, home],
  [{ kind: 'implicit-deny', missing: ['resource'] }, home],
  [{ kind: 'implicit-deny', missing: ['identity', 'resource'] }, foreign],
  [{ kind: 'implicit-deny', missing: [] }, foreign],
]
for (const [decision, account] of owners) {
  test(`${JSON.stringify(decision)} across accounts is of ${account}`, () => {
    const { deps, encode } = world()
    const caller = { ...denied().caller, accountId: foreign }
    const decoded = decodeAuthorizationMessage(deps, encode(denied({ caller, decision })))
    assert.equal(decoded?.account, account)
  })
}

test('statements of another account are named by their type alone', () => {
  const { deps, encode } = world()
  const caller = { ...denied().caller, accountId: foreign }
  const decidedBy = [by, { ...by, type: 'identity' as const, sid: 'Secret' }]
  const message = encode(denied({ caller, decision: { kind: 'explicit-deny', decidedBy } }))
  const document = decodeAuthorizationMessage(deps, message)?.document ?? ''
  assert.doesNotMatch(document, /Secret/)
  assert.match(document, /\{"effect":"DENY","policyType":"identity"\}/)
})

test('no message is longer than AWS’s, and what does not fit is left out in an order', () => {
  const { deps, encode } = world()
  const long = new Map([['aws:useragent', ['x'.repeat(9000)]]])
  const without = decodeAuthorizationMessage(deps, encode(denied({ context: long })))
  assert.match(without?.document ?? '', /"conditions":\{"items":\[\]\}/)
  assert.match(without?.document ?? '', /aws:PrincipalArn/)
  assert.ok(statement)
  const huge = { ...statement, action: { isNegated: false, patterns: ['y'.repeat(9000)] } }
  const bare = decodeAuthorizationMessage(deps, encode(denied({ statementOf: () => huge })))
  assert.match(bare?.document ?? '', /"statementId":"OnlyCI"/)
  assert.doesNotMatch(bare?.document ?? '', /yyy/)
  const endless = denied({ resource: 'r'.repeat(10_000) })
  assert.equal(encodeAuthorizationMessage(deps, endless), undefined)
})

test('no text makes the reader throw', () => {
  const { deps } = world()
  fc.assert(
    fc.property(fc.string({ maxLength: 11_000 }), (text) => {
      assert.equal(decodeAuthorizationMessage(deps, text), undefined)
    }),
  )
})
