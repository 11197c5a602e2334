import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { networkRangeOf, type NetworkRange } from './network-range.ts'

/** Source: IANA special-purpose address registries. */
const cases: readonly (readonly [address: string, range: NetworkRange])[] = [
  ['169.254.169.254', 'forbidden'],
  ['169.254.170.2', 'forbidden'],
  ['fd00:ec2::254', 'forbidden'],
  ['::ffff:169.254.169.254', 'forbidden'],
  ['::ffff:a9fe:a9fe', 'forbidden'],
  ['64:ff9b::a9fe:a9fe', 'forbidden'],
  ['64:ff9b:1::1', 'forbidden'],
  ['2002:a9fe:a9fe::1', 'forbidden'],
  ['fe80::1', 'forbidden'],
  ['fe80::1%eth0', 'forbidden'],
  ['fec0::1', 'forbidden'],
  ['ff02::1', 'forbidden'],
  ['0.0.0.0', 'forbidden'],
  ['0.1.2.3', 'forbidden'],
  ['::', 'forbidden'],
  ['::127.0.0.1', 'forbidden'],
  ['2001:db8::1', 'forbidden'],
  ['2001:0:1::1', 'forbidden'],
  ['192.0.2.1', 'forbidden'],
  ['198.18.0.1', 'forbidden'],
  ['224.0.0.1', 'forbidden'],
  ['255.255.255.255', 'forbidden'],
  ['4000::1', 'forbidden'],
  ['', 'forbidden'],
  ['localhost', 'forbidden'],
  ['2130706433', 'forbidden'],
  ['0x7f000001', 'forbidden'],
  ['127.1', 'forbidden'],
  ['127.0.0.1', 'private'],
  ['127.255.255.254', 'private'],
  ['::1', 'private'],
  ['0:0:0:0:0:0:0:1', 'private'],
  ['::ffff:127.0.0.1', 'private'],
  ['::FFFF:7F00:1', 'private'],
  ['64:ff9b::7f00:1', 'private'],
  ['2002:7f00:1::', 'private'],
  ['10.1.2.3', 'private'],
  ['100.64.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['fc00::1', 'private'],
  ['fd12:3456::1', 'private'],
  ['172.32.0.1', 'public'],
  ['8.8.8.8', 'public'],
  ['::ffff:8.8.8.8', 'public'],
  ['2606:4700::1111', 'public'],
]
for (const [address, range] of cases) {
  test(`${JSON.stringify(address)} is ${range}`, () => {
    assert.equal(networkRangeOf(address), range)
  })
}

test('an address of version 4 is of the same range within one of version 6', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(networkRangeOf(`::ffff:${address}`), networkRangeOf(address))
    }),
  )
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.ipV6(),
        fc.string({ unit: fc.constantFrom(':', '0', 'a', 'f', '.', '%') }),
      ),
      (text) => {
        assert.ok(['public', 'private', 'forbidden'].includes(networkRangeOf(text)))
      },
    ),
  )
})
