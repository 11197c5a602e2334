import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEcrHost, originOf, parseHost } from './origin.ts'

const http = { forwardedProto: undefined, protocol: 'http' }

test('a Host that would end a quoted value, or is none, is not repeated', () => {
  const refused = [
    undefined,
    '',
    'a"b',
    'a b',
    'a,b',
    'a/b',
    'a@b',
    'a:b',
    'a:123456',
    ':80',
    '[::1',
    '[zz]',
    '[1:2]',
    '-a',
    'ä.example',
    'a\r\nb',
    'x'.repeat(300),
  ]
  for (const host of refused) {
    assert.equal(parseHost(host), undefined, host)
    assert.equal(originOf({ ...http, host }), undefined, host)
  }
})

test('names, addresses and ports are repeated as the client wrote them', () => {
  for (const host of [
    'localhost',
    'localhost:5080',
    'my_registry:5000',
    '127.0.0.1:5080',
    '[::1]:5080',
    '[fe80::1]',
    '123456789012.Registry.example.com',
  ]) {
    assert.equal(originOf({ ...http, host }), `http://${host}`)
  }
})

test('a proxy in front that ends TLS makes the address https', () => {
  const host = 'registry.example.com'
  const rows = [
    ['https', 'https'],
    ['HTTPS, http', 'https'],
    ['http', 'http'],
    ['http, https', 'http'],
    ['javascript', 'http'],
  ] as const
  for (const [forwardedProto, expected] of rows) {
    const origin = originOf({ host, forwardedProto, protocol: 'http' })
    assert.equal(origin, `${expected}://${host}`)
  }
  const direct = originOf({ host, forwardedProto: 'http', protocol: 'https' })
  assert.equal(direct, `https://${host}`)
})

test('hosts of ECR’s shape are told from all others', () => {
  for (const host of [
    '123456789012.dkr.ecr.us-east-1.amazonaws.com',
    '123456789012.dkr.ecr.us-east-1.registry.example:5080',
    '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
  ]) {
    assert.ok(isEcrHost(host), host)
  }
  for (const host of [
    '123456789012.registry.example',
    'dkr.ecr.us-east-1.amazonaws.com',
    '12345.dkr.ecr.us-east-1.amazonaws.com',
    'x123456789012.dkr.ecr.us-east-1.amazonaws.com',
    '123456789012.dkr.ecr.us-east-1',
  ]) {
    assert.ok(!isEcrHost(host), host)
  }
})
