import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAllowedPlace, parseAllowedPlaces } from './allowed-places.ts'

const wrong = [
  'ca.internal,',
  'http://ca.internal',
  'ca.internal:80',
  '*.internal',
  'ca_internal',
  '-ca',
  '10.0.0.0/33',
  '10.0.0/8',
  '10.0.0.256',
  '999',
  'fd00::/129',
  'fe80::1%eth0',
  '10.0.0.0/8/8',
  '10.0.0.0/',
  '10.0.0.0/-1',
  'a b',
  Array.from({ length: 101 }, (_, index) => `h${index}`).join(','),
]
for (const text of wrong)
  test(`${JSON.stringify(text.slice(0, 40))} is no list of places`, () => {
    assert.equal(parseAllowedPlaces(text), undefined)
  })

test('a host is allowed by its name, an address by its network, and nothing else is', () => {
  const places = parseAllowedPlaces('CA.internal, 10.1.0.0/16,fd12::/16,192.168.7.7')
  assert.ok(places)
  const allowed = (host: string, address: string): boolean => isAllowedPlace(places, host, address)
  assert.equal(allowed('ca.internal', '172.16.0.1'), true)
  assert.equal(allowed('ocsp.ca.internal', '172.16.0.1'), false)
  assert.equal(allowed('other.internal', '10.1.255.255'), true)
  assert.equal(allowed('other.internal', '10.2.0.0'), false)
  assert.equal(allowed('192.168.7.7', '192.168.7.7'), true)
  assert.equal(allowed('192.168.7.8', '192.168.7.8'), false)
  assert.equal(allowed('six.internal', 'fd12:3::1'), true)
  assert.equal(allowed('six.internal', '::1'), false)
  const none = parseAllowedPlaces('')
  assert.ok(none)
  assert.equal(isAllowedPlace(none, 'ca.internal', '10.1.0.1'), false)
})
