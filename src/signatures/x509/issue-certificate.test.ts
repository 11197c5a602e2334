import assert from 'node:assert/strict'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { certificateOf, day, keyOf, pki, pkiNow } from '../../../test/kit/pki.ts'
import { faultOfChain } from './chain-rules.ts'
import {
  crlUrlExtension,
  encodeName,
  issueIntermediate,
  issueLeaf,
  issueRoot,
} from './issue-certificate.ts'

const nameOf = (commonName: string): Parameters<typeof encodeName>[0] => ({
  country: 'DE',
  state: 'BE',
  organization: 'acme',
  organizationalUnit: 'signing',
  commonName,
})
const times = { serial: Buffer.alloc(16, 0xff), notBefore: pkiNow, notAfter: pkiNow + day }
const keys = {
  root: keyOf('P-384', 'root'),
  middle: keyOf('P-384', 'middle'),
  leaf: keyOf('RSA-2048'),
}

function chainFor(purpose: 'codeSigning' | 'timeStamping'): readonly Uint8Array[] {
  const root = issueRoot(nameOf('root'), keys.root, times)
  const middle = issueIntermediate(
    { name: nameOf('middle'), publicKey: keys.middle, pathLength: 0 },
    { nameDer: encodeName(nameOf('root')), key: keys.root },
    times,
  )
  const leaf = issueLeaf(
    { name: nameOf('leaf'), publicKey: createPublicKey(keys.leaf), purpose },
    { nameDer: encodeName(nameOf('middle')), key: keys.middle },
    times,
    [crlUrlExtension('http://registry.example/pki/middle.crl')],
  )
  return [leaf, middle, root]
}

test('root, intermediate and leaves keep the rules that signatures are held to', () => {
  for (const purpose of ['codeSigning', 'timeStamping'] as const) {
    const chain = chainFor(purpose).map((der) => certificateOf(der))
    assert.equal(faultOfChain(chain, purpose), undefined)
    const other = purpose === 'codeSigning' ? 'timeStamping' : 'codeSigning'
    assert.match(faultOfChain(chain, other) ?? '', /extendedKeyUsage/)
    assert.deepEqual(chain[0]?.crlUrls, ['http://registry.example/pki/middle.crl'])
    assert.equal(chain[1]?.basicConstraints?.pathLength, 0)
  }
})

test('a serial number is positive, and the same key is found by the same identifier', () => {
  const [leaf, middle, root] = chainFor('codeSigning').map((der) => new X509Certificate(der))
  assert.ok(leaf && middle && root)
  assert.equal(leaf.serialNumber, `7F${'FF'.repeat(15)}`)
  assert.ok(leaf.checkIssued(middle) && middle.checkIssued(root))
  assert.match(leaf.infoAccess ?? 'none', /none/)
  assert.ok(leaf.checkPrivateKey(keys.leaf))
})

test('times before and after 2050 are written in their own ways', () => {
  for (const [at, tag] of [
    [Date.UTC(2049, 11, 31, 23, 59, 59), 0x17],
    [Date.UTC(2050, 0, 1), 0x18],
    [Date.UTC(9999, 11, 31, 23, 59, 59), 0x18],
  ] as const) {
    const { certificate, der } = pki({ chain: 1, leaf: { notAfter: at } }).leaf
    assert.equal(certificate.notAfter, at)
    assert.equal(new X509Certificate(der).validToDate.getTime(), at)
    const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.000/g, '')
    const text = tag === 0x17 ? digits.slice(2) : digits
    assert.ok(
      Buffer.from(der).includes(
        Buffer.concat([Buffer.from([tag, text.length]), Buffer.from(text)]),
      ),
    )
  }
})
