// What names or describes policies and identity providers from outside: read as it is written, or refused with a reason.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultOfEntry, simulatedContext } from '../../src/access/rules/simulated-context.ts'
import { readProviderOptions } from '../../src/access/rules/oidc-provider-options.ts'
import { readProviderUrl } from '../../src/access/rules/oidc-provider-url.ts'
import { managedPolicyArn, parseManagedPolicyArn } from '../../src/policy/managed/policy-arn.ts'
import { oidcProviderArn, parseOidcProviderArn } from '../../src/policy/oidc-provider-arn.ts'
import { endOfObject } from '../../src/policy/statement-end.ts'
import { hostileText, runs } from './hostile-input.ts'

const prefix = 'arn:aws:iam::123456789012:'

test('a provider’s URL is refused with a reason, or is the address of its issuer', () => {
  const text = hostileText('https://', 'issuer.example', ':8443', '/', '/..', '?', '#', '@', '%2F')
  fc.assert(
    fc.property(text, (given) => {
      const reading = readProviderUrl(given)
      if (reading.kind === 'refused') return assert.ok(reading.reason.length > 10)
      const url = new URL(`https://${reading.issuer}`)
      assert.deepEqual([url.username, url.search, url.hash], ['', '', ''])
      assert.equal(given.replace(/\/$/, '').slice('https://'.length), reading.issuer)
    }),
    runs(3000),
  )
})

test('options of a provider are refused with a reason, or are what was given', () => {
  const names = ['allowPrivateNetwork', 'caBundle', 'jwks', 'claims', 'singleUse', 'algorithms']
  const member = fc.oneof(fc.jsonValue(), fc.boolean(), fc.constantFrom(['RS256'], { keys: [] }))
  const options = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), member)
  fc.assert(
    fc.property(fc.oneof(options, fc.jsonValue()), (given) => {
      const reading = readProviderOptions(given)
      if (reading.kind === 'refused') return assert.ok(reading.reason.length > 10)
      assert.deepEqual(reading.options, given)
    }),
    runs(3000),
  )
})

test('ARNs of policies and providers are what they are made of, or none', () => {
  const parts = ['policy/', 'oidc-provider/', 'team/', 'pull', '//', '*', ':', 'aws', ' ']
  const text = hostileText(prefix, ...parts)
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        text.map((rest) => prefix + rest),
      ),
      (given) => {
        const policy = parseManagedPolicyArn(given)
        if (policy !== undefined) {
          assert.equal(managedPolicyArn(policy.account, policy.path, policy.name), given)
        }
        const provider = parseOidcProviderArn(given)
        if (provider !== undefined) {
          assert.equal(oidcProviderArn(provider.account, provider.issuer), given)
        }
      },
    ),
    runs(3000),
  )
})

test('an object in JSON ends where JSON says, and in any other text at its end at the latest', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (object, rest) => {
      const text = JSON.stringify(object, undefined, 1)
      const lines = text.split('\n')
      const end = { line: lines.length, column: (lines.at(-1) ?? '').length + 1 }
      assert.deepEqual(endOfObject(text + rest, { line: 1, column: 1 }), end)
      endOfObject(rest, { line: 1, column: 1 })
    }),
    runs(2000),
  )
})

test('an entry of a simulated context has a fault, or its value is there', () => {
  const types = [
    'string',
    'stringList',
    'numeric',
    'boolean',
    'ip',
    'ipList',
    'date',
    'binary',
    'x',
  ]
  const entry = fc.record({
    key: fc.oneof(fc.constantFrom('__proto__', 'aws:username'), fc.string()),
    type: fc.constantFrom(...types),
    values: fc.array(fc.oneof(fc.string(), fc.constantFrom('1', 'true', '10.0.0.1')), {
      maxLength: 2,
    }),
  })
  fc.assert(
    fc.property(entry, (given) => {
      if (faultOfEntry(given) !== undefined) return
      const value = simulatedContext({}, [given]).get(given.key.toLowerCase())
      assert.deepEqual([value].flat(), given.values)
    }),
    runs(3000),
  )
})
