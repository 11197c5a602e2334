import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { certificateOf, keyOf, makeCertificate, pki } from '../../../test/kit/pki.ts'
import { element, objectIdentifier, sequence, setOf, utf8String } from './der-writer.ts'
import { parseCertificate } from './certificate.ts'
import { tags } from './der.ts'
import {
  formatName,
  identityNameOf,
  isSubsetName,
  parseIdentityName,
  type DistinguishedName,
} from './distinguished-name.ts'
import { encodeName } from './issue-certificate.ts'

interface Cases {
  readonly identities: readonly {
    readonly name: string
    readonly text: string
    readonly expected?: Readonly<Record<string, string>>
    readonly refused?: string
  }[]
  readonly matches: readonly {
    readonly name: string
    readonly identity: string
    readonly certificate: string
    readonly expected: boolean
  }[]
}
const cases = JSON.parse(
  readFileSync(new URL('cases/distinguished-names.json', import.meta.url), 'utf8'),
) as Cases

test('identities of a trust policy are read, or refused with what is wrong', async (t) => {
  for (const { name, text, expected, refused } of cases.identities) {
    await t.test(name, () => {
      const read = parseIdentityName(text)
      const found = read.kind === 'name' ? Object.fromEntries(read.name) : read.reason
      assert.deepEqual(found, expected ?? refused)
    })
  }
})

test('a name matches what asks for nothing that it does not say', async (t) => {
  for (const { name, identity, certificate, expected } of cases.matches) {
    await t.test(name, () => {
      const [asked, whole] = [parseIdentityName(identity), parseIdentityName(certificate)]
      assert.ok(asked.kind === 'name' && whole.kind === 'name')
      assert.equal(isSubsetName(asked.name, whole.name), expected)
    })
  }
})

function named(...attributes: readonly (readonly [oid: string, value: Uint8Array])[]): Uint8Array {
  return sequence(
    ...attributes.map(([oid, value]) => setOf(sequence(objectIdentifier(oid), value))),
  )
}
const usual = [
  ['2.5.4.6', utf8String('US')],
  ['2.5.4.8', utf8String('WA')],
  ['2.5.4.10', utf8String('acme')],
] as const

test('a subject that identities could not be written for matches none', () => {
  const subjectOf = (nameDer: Uint8Array): DistinguishedName =>
    pki({ chain: 2, leaf: { nameDer } }).leaf.certificate.subject
  const reasonOf = (nameDer: Uint8Array): string => {
    const read = identityNameOf(subjectOf(nameDer))
    return read.kind === 'refused' ? read.reason : 'matched'
  }
  const [ou, email] = ['2.5.4.11', '1.2.840.113549.1.9.1']
  assert.equal(reasonOf(named(...usual)), 'matched')
  assert.equal(
    reasonOf(named(...usual, [ou, utf8String('a')], [ou, utf8String('b')])),
    'has OU twice',
  )
  assert.match(reasonOf(named(...usual, [email, utf8String('a@b')])), /which has no short name/)
  const both = setOf(
    sequence(objectIdentifier(ou), utf8String('a')),
    sequence(objectIdentifier('2.5.4.3'), utf8String('b')),
  )
  assert.match(reasonOf(sequence(named(...usual).subarray(2), both)), /several attributes/)
  assert.match(reasonOf(sequence()), /has no C, no ST, no O/)
})

test('a name that is no text makes no certificate', () => {
  for (const value of [
    element(tags.utf8String, Buffer.from([0xff, 0xfe])),
    element(tags.printableString, Buffer.from([0xe9])),
    element(tags.octetString, Buffer.from('x')),
  ]) {
    const where = { place: 0, purpose: 'codeSigning', label: 'bad' } as const
    assert.throws(
      () =>
        makeCertificate(
          { nameDer: named(...usual, ['2.5.4.3', value]), key: keyOf('P-256') },
          where,
        ),
      /is no X\.509 certificate: a name/,
    )
  }
})

test('a name as long as a page makes no certificate', () => {
  const where = { place: 0, purpose: 'codeSigning', label: 'bad' } as const
  const nameDer = named(...usual, ['2.5.4.3', utf8String('x'.repeat(4096))])
  assert.throws(
    () => makeCertificate({ nameDer, key: keyOf('P-256') }, where),
    /a name has more than 4096 bytes/,
  )
})

test('what a certificate says of its subject is read back by the grammar of identities', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(text, text, (organization, commonName) => {
      const nameDer = encodeName({ country: 'DE', state: 'BE', organization, commonName })
      const made = parseCertificate(pki({ chain: 1, leaf: { nameDer } }).leaf.der)
      assert.ok(made.kind === 'certificate')
      const own = identityNameOf(made.certificate.subject)
      assert.ok(own.kind === 'name')
      assert.equal(own.name.get('CN'), commonName)
      const written = formatName(made.certificate.subject)
      const read = parseIdentityName(written)
      // A "#" at the start is escaped, and so no hexadecimal value; other texts with "=#" are refused as notation does.
      if (read.kind === 'refused') assert.match(written, /=#/)
      else assert.deepEqual(read.name, own.name)
    }),
    { numRuns: 60 },
  )
})

test('names in older encodings are read', () => {
  const latin = element(tags.t61String, Buffer.from('Müller', 'latin1'))
  const wide = element(tags.bmpString, Buffer.from('Müller', 'utf16le').swap16())
  for (const value of [latin, wide]) {
    const { leaf } = pki({ chain: 1, leaf: { nameDer: named(...usual, ['2.5.4.3', value]) } })
    assert.equal(formatName(certificateOf(leaf.der).subject), 'CN=Müller,O=acme,ST=WA,C=US')
  }
})
