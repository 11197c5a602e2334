import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import {
  keyOf,
  makeCertificate,
  pki,
  type CertificateChoices,
  type MadeCertificate,
} from '../../../test/kit/pki.ts'
import { maxCertificateBytes, parseCertificate, type keyUsages } from './certificate.ts'
import { faultOfChain, faultOfExtensions, type ChainPurpose } from './chain-rules.ts'
import {
  bitString,
  element,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  sequence,
  utf8String,
} from './der-writer.ts'
import {
  basicConstraintsExtension,
  extendedKeyUsageExtension,
  extension,
  keyUsageExtension,
} from './issue-certificate.ts'
import { oids } from './object-identifiers.ts'

const usage = keyUsageExtension('digitalSignature')

function faultOf(
  made: readonly MadeCertificate[],
  purpose: ChainPurpose = 'codeSigning',
): string | undefined {
  return faultOfChain(
    made.map(({ certificate }) => certificate),
    purpose,
  )
}

function faultOfLeaf(leaf: CertificateChoices, purpose: ChainPurpose = 'codeSigning'): string {
  return faultOf(pki({ leaf, purpose }).made, purpose) ?? 'none'
}

test('chains of one to ten certificates that keep the rules', () => {
  for (const chain of [1, 2, 3, 10]) assert.equal(faultOf(pki({ chain }).made), undefined)
  assert.equal(faultOf(pki({ purpose: 'timeStamping' }).made, 'timeStamping'), undefined)
  const rsa = pki({ chain: 2, leaf: { key: keyOf('RSA-2048') } })
  assert.equal(faultOf(rsa.made), undefined)
})

test('a chain that is not one path from a leaf to its root', () => {
  const [leaf, middle, root] = pki().made
  const [strangerLeaf, strangerMiddle, strangerRoot] = pki({ label: 'stranger' }).made
  assert.ok(leaf && middle && root && strangerLeaf && strangerMiddle && strangerRoot)
  const sameName = makeCertificate(
    { key: keyOf('P-256', 'another'), nameDer: middle.nameDer },
    { place: 1, purpose: 'codeSigning', label: 'acme', above: root },
  )
  const crossSigned = makeCertificate(
    { key: middle.key, nameDer: middle.nameDer },
    { place: 1, purpose: 'codeSigning', label: 'acme', above: strangerRoot },
  )
  const chains: readonly (readonly [string, readonly MadeCertificate[], RegExp])[] = [
    ['nothing', [], /there is no certificate/],
    ['no root', [leaf, middle], /2 of 2 .* is the last one and not self-signed/],
    ['no intermediate', [leaf, root], /1 of 2 .* is not issued by the next one/],
    ['reversed', [root, middle, leaf], /1 of 3 .* is self-signed, and not the last one/],
    ['swapped', [middle, leaf, root], /1 of 3 .* is not issued by the next one/],
    ['leaf twice', [leaf, leaf, middle, root], /1 of 4 .* is not issued by the next one/],
    ['root twice', [leaf, middle, root, root], /3 of 4 .* is self-signed, and not the last one/],
    ['a second root', [leaf, middle, root, strangerRoot], /3 of 4 .* is self-signed/],
    ['a stranger in between', [leaf, strangerMiddle, root], /1 of 3 .* is not issued by/],
    ["a stranger's leaf", [strangerLeaf, middle, root], /1 of 3 .* is not issued by/],
    ['the same name with another key', [leaf, sameName, root], /1 of 3 .* is not issued by/],
    ['cross-signed, with the other root', [leaf, crossSigned, root], /2 of 3 .* is not issued by/],
    ['eleven', pki({ chain: 11 }).made, /there are 11 certificates, more than 10/],
  ]
  for (const [name, made, expected] of chains) assert.match(faultOf(made) ?? 'none', expected, name)
  assert.equal(faultOf([leaf, crossSigned, strangerRoot]), undefined)
})

test('an authority whose key may be broken, or costs too much, issues nothing', () => {
  const rsa = (modulusLength: number, publicExponent = 65_537): KeyObject =>
    generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).privateKey
  for (const key of [rsa(1024), curve])
    for (const place of [1, 2]) {
      const { made } = pki({ authorities: { [place]: { key } } })
      assert.match(faultOf(made) ?? 'none', / of 3 .* is issued with a key that is not believed/)
    }
  assert.equal(faultOf(pki({ authorities: { 1: { key: rsa(2048, 3) } } }).made), undefined)
  const spki = (bits: number, exponent: Uint8Array): KeyObject =>
    createPublicKey({
      key: Buffer.from(
        sequence(
          sequence(objectIdentifier(oids.rsaEncryption), nothing),
          bitString(sequence(integer(Buffer.alloc(bits / 8, 0xff)), integer(exponent))),
        ),
      ),
      format: 'der',
      type: 'spki',
    })
  const [, above] = pki().made
  assert.ok(above)
  const readWith = (key: KeyObject): unknown =>
    makeCertificate(
      { key, extensions: [usage] },
      { place: 0, purpose: 'codeSigning', label: 'a', above },
    ).certificate.publicKey
  const usual = Buffer.from([1, 0, 1])
  for (const key of [spki(8200, usual), spki(16_384, usual), spki(2048, Buffer.alloc(8, 0xff))])
    assert.equal(readWith(key), undefined)
  assert.equal(
    readWith(spki(2048, Buffer.from([1]))),
    undefined,
    'its signatures are what they sign',
  )
  assert.notEqual(readWith(spki(8192, usual)), undefined)
})

test('an authority that may not be one', () => {
  const authorities: readonly (readonly [string, CertificateChoices, RegExp])[] = [
    ['no basicConstraints', { extensions: [keyUsageExtension('keyCertSign')] }, /is no authority/],
    [
      'not an authority',
      { extensions: [basicConstraintsExtension(false), keyUsageExtension('keyCertSign')] },
      /is no authority/,
    ],
    [
      'basicConstraints not critical',
      {
        extensions: [
          extension(oids.basicConstraints, sequence(Buffer.from([1, 1, 0xff]))),
          keyUsageExtension('keyCertSign'),
        ],
      },
      /is no authority/,
    ],
    ['no keyUsage', { extensions: [basicConstraintsExtension(true)] }, /has no keyUsage/],
    [
      'keyUsage not critical',
      {
        extensions: [
          basicConstraintsExtension(true),
          extension(oids.keyUsage, Buffer.from([3, 2, 2, 4])),
        ],
      },
      /has a keyUsage that is not critical/,
    ],
    [
      'no keyCertSign',
      { extensions: [basicConstraintsExtension(true), keyUsageExtension('cRLSign')] },
      /lacks keyCertSign/,
    ],
  ]
  for (const [name, choices, expected] of authorities) {
    const { made } = pki({ authorities: { 1: choices } })
    assert.match(faultOf(made) ?? 'none', expected, name)
  }
  assert.equal(faultOf(pki({ authorities: { 1: { pathLength: 0 } } }).made), undefined)
  const tooLong = pki({ chain: 4, authorities: { 2: { pathLength: 0 } } })
  assert.match(faultOf(tooLong.made) ?? '', /allows 0 authorities below it, and has 1/)
  const leafAsIssuer = pki({
    authorities: { 1: { extensions: [basicConstraintsExtension(false), usage] } },
  })
  assert.match(faultOf(leafAsIssuer.made) ?? '', /is no authority/)
})

test('a leaf that may not sign code', () => {
  const withUsage = (...more: readonly (keyof typeof keyUsages)[]): CertificateChoices => ({
    extensions: [keyUsageExtension('digitalSignature', ...more)],
  })
  const withPurpose = (...purposes: readonly string[]): CertificateChoices => ({
    extensions: [usage, extendedKeyUsageExtension(purposes)],
  })
  const leaves: readonly (readonly [string, CertificateChoices, RegExp])[] = [
    ['an authority', { extensions: [basicConstraintsExtension(true), usage] }, /is an authority/],
    ['no keyUsage', { extensions: [] }, /has no keyUsage/],
    [
      'keyUsage not critical',
      { extensions: [extension(oids.keyUsage, Buffer.from([3, 2, 7, 0x80]))] },
      /keyUsage that is not critical/,
    ],
    ['no digitalSignature', { extensions: [keyUsageExtension('contentCommitment')] }, /lacks dig/],
    ['keyEncipherment', withUsage('keyEncipherment'), /keyEncipherment/],
    ['dataEncipherment', withUsage('dataEncipherment'), /dataEncipherment/],
    ['keyAgreement', withUsage('keyAgreement'), /keyAgreement/],
    ['keyCertSign', withUsage('keyCertSign'), /keyCertSign/],
    ['cRLSign', withUsage('cRLSign'), /cRLSign/],
    ['encipherOnly', withUsage('encipherOnly'), /encipherOnly/],
    ['decipherOnly', withUsage('decipherOnly'), /decipherOnly/],
    ['any purpose', withPurpose(oids.codeSigning, oids.anyExtendedKeyUsage), /anyExtendedKeyUsage/],
    ['serverAuth', withPurpose(oids.serverAuth), /serverAuth/],
    ['clientAuth', withPurpose(oids.clientAuth), /clientAuth/],
    ['emailProtection', withPurpose(oids.emailProtection), /emailProtection/],
    ['timeStamping', withPurpose(oids.codeSigning, oids.timeStamping), /timeStamping/],
    ['ocspSigning', withPurpose(oids.ocspSigning), /ocspSigning/],
  ]
  for (const [name, choices, expected] of leaves) assert.match(faultOfLeaf(choices), expected, name)
  for (const [name, choices] of [
    ['contentCommitment is tolerated', withUsage('contentCommitment')],
    ['no purpose at all', { extensions: [usage] }],
    ['a purpose that nobody knows', withPurpose('1.2.3.4')],
    ['basicConstraints that are empty', { extensions: [basicConstraintsExtension(false), usage] }],
  ] as const)
    assert.equal(faultOfLeaf(choices), 'none', name)
})

/** Of any size, without the time that making a private key takes. */
function rsaPublicKey(bits: number): KeyObject {
  const modulus = Buffer.alloc(bits / 8, 0xa5)
  const key = sequence(integer(modulus), integer(65_537))
  const der = sequence(sequence(objectIdentifier(oids.rsaEncryption), nothing), bitString(key))
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
}

test('a leaf with a key outside of the list', () => {
  for (const bits of [1024, 2040, 6144, 8192])
    assert.match(faultOfLeaf({ key: rsaPublicKey(bits) }), /a key that is not RSA of 2048/)
  for (const bits of [2048, 3072, 4096])
    assert.equal(faultOfLeaf({ key: rsaPublicKey(bits) }), 'none')
  for (const kind of ['P-256', 'P-384', 'P-521'] as const)
    assert.equal(faultOfLeaf({ key: keyOf(kind) }), 'none')
  const ed25519 = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32, 9).toString('base64url') },
    format: 'jwk',
  })
  assert.match(faultOfLeaf({ key: ed25519 }), /a key that is not RSA/)
})

test('a certificate that is signed with SHA-1', () => {
  const { made } = pki({ chain: 2 })
  const [leaf, root] = made
  assert.ok(leaf && root)
  // The same content under another algorithm's name: it is refused before its signature is looked at.
  const strong = Buffer.from(sequence(objectIdentifier(oids.ecdsaWithSha256))).toString('hex')
  const weak = Buffer.from(sequence(objectIdentifier(oids.ecdsaWithSha1))).toString('hex')
  const parts = Buffer.from(leaf.der).toString('hex').split(strong)
  const certificate = parseCertificate(resized(parts.join(weak)))
  assert.ok(certificate.kind === 'certificate', JSON.stringify(certificate))
  assert.match(
    faultOfChain([certificate.certificate, root.certificate], 'codeSigning') ?? '',
    /SHA-1/,
  )
})

/** With the lengths of the two outer SEQUENCEs corrected: each of the two algorithms became a byte shorter. */
function resized(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex')
  bytes.writeUInt16BE(bytes.readUInt16BE(2) - 2, 2)
  bytes.writeUInt16BE(bytes.readUInt16BE(6) - 1, 6)
  return bytes
}

test('a leaf that may not stamp time', () => {
  const of = (...extensions: readonly Uint8Array[]): string =>
    faultOfLeaf({ extensions }, 'timeStamping')
  const time = extendedKeyUsageExtension([oids.timeStamping], true)
  assert.equal(of(usage, time), 'none')
  assert.equal(of(extension(oids.keyUsage, Buffer.from([3, 2, 7, 0x80])), time), 'none')
  assert.match(of(usage), /must have the extendedKeyUsage timeStamping and no other/)
  assert.match(of(usage, extendedKeyUsageExtension([oids.timeStamping])), /not critical/)
  assert.match(
    of(usage, extendedKeyUsageExtension([oids.timeStamping, oids.codeSigning], true)),
    /and no other/,
  )
  assert.match(of(time), /has no keyUsage/)
})

test('a further critical extension is named', () => {
  const unknown = extension('1.2.3.4.5', nothing, true)
  const constraints = extension(oids.nameConstraints, sequence(), true)
  const faultWith = (more: readonly Uint8Array[]): string | undefined =>
    faultOfExtensions(pki({ leaf: { more } }).made.map(({ certificate }) => certificate))
  assert.match(faultWith([unknown]) ?? '', /the critical extension 1\.2\.3\.4\.5/)
  assert.match(faultWith([constraints]) ?? '', /2\.5\.29\.30/)
  assert.equal(faultWith([extension('1.2.3.4.5', nothing)]), undefined)
  assert.equal(faultOf(pki({ leaf: { more: [unknown] } }).made), undefined)
})

test('certificates of hostile size and form', () => {
  const reasonFor = (der: Uint8Array): string => {
    const read = parseCertificate(der)
    return read.kind === 'refused' ? read.reason : 'certificate'
  }
  const names = Array.from({ length: 1000 }, (_, index) =>
    element(0x82, Buffer.from(`host-${index}.example`)),
  )
  const many = pki({ leaf: { more: [extension(oids.subjectAltName, sequence(...names))] } })
  assert.equal(faultOf(many.made), undefined)
  const { leaf } = pki({ chain: 1 })
  const long = sequence(
    element(
      0x31,
      sequence(objectIdentifier('2.5.4.3'), utf8String('x'.repeat(maxCertificateBytes))),
    ),
  )
  const where = { place: 0, purpose: 'codeSigning', label: 'long' } as const
  assert.throws(() => makeCertificate({ nameDer: long }, where), /is larger than 65536 bytes/)
  const twice = [usage, usage]
  assert.throws(() => makeCertificate({ extensions: twice }, where), /2\.5\.29\.15 is there twice/)
  const extensions = Array.from({ length: 65 }, (_, index) => extension(`1.2.3.${index}`, nothing))
  assert.throws(() => makeCertificate({ extensions }, where), /too many extensions/)
  assert.match(reasonFor(Buffer.concat([leaf.der, Buffer.from([0])])), /bytes after the end/)
  assert.match(reasonFor(Buffer.from(leaf.der).subarray(0, -1)), /longer than what holds it/)
  assert.match(reasonFor(Buffer.from([0x30, 0x80, 0, 0])), /indefinite/)
  assert.match(reasonFor(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff])), /longer than/)
  assert.match(reasonFor(Buffer.alloc(0)), /an element is missing/)
  assert.match(reasonFor(octetString(Buffer.alloc(4))), /of kind 0x30 was expected/)
})

test('Node reads what is issued here, and finds it issued as it is', () => {
  const [leaf, middle, root] = pki().chain.map((der) => new X509Certificate(der))
  assert.ok(leaf && middle && root)
  assert.ok(leaf.checkIssued(middle) && leaf.verify(middle.publicKey))
  assert.ok(middle.checkIssued(root) && middle.verify(root.publicKey))
  assert.ok(root.checkIssued(root) && root.verify(root.publicKey))
  assert.deepEqual([leaf.ca, middle.ca, root.ca], [false, true, true])
  assert.equal(leaf.subject, 'C=DE\nST=BE\nO=acme\nCN=release')
})
