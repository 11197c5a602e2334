import assert from 'node:assert/strict'
import { createHmac, sign } from 'node:crypto'
import { test } from 'node:test'
import { encode, Tagged } from 'cborg'
import { keyOf, pki, pkiNow } from '../../../test/kit/pki.ts'
import {
  formats,
  mediaTypeOf,
  rawEnvelope,
  signedBy,
  subject,
  timeIn,
  type Format,
  type HeaderChoices,
  type RawChoices,
} from '../../../test/kit/notation-signatures.ts'
import { makePayload } from './payload.ts'
import { maxEnvelopeBytes, readEnvelope } from './read-envelope.ts'
import { verifyIntegrity } from './verify-integrity.ts'

const made = pki({ chain: 2 })
const scheme = 'io.cncf.notary.signingScheme'

/** `whole`, or the reason and the sentence. */
function judged(format: Format, bytes: Uint8Array, about = subject): string {
  const result = verifyIntegrity(bytes, mediaTypeOf[format], about)
  return result.kind === 'whole' ? 'whole' : `${result.reason}: ${result.detail}`
}

function raw(format: Format, choices: RawChoices = {}, by = made): string {
  return judged(format, rawEnvelope(format, by, choices))
}

test('an envelope of each form and each kind of key is whole', async () => {
  for (const format of formats) {
    for (const kind of ['P-256', 'P-384', 'P-521', 'RSA-2048', 'RSA-3072'] as const) {
      const by = pki({ chain: 2, leaf: { key: keyOf(kind) } })
      assert.equal(judged(format, await signedBy(by, { format })), 'whole', kind)
      assert.equal(raw(format, {}, by), 'whole', kind)
    }
  }
})

test('the algorithm is that of the key, whatever the envelope says', () => {
  const by384 = pki({ chain: 2, leaf: { key: keyOf('P-384') } })
  for (const alg of ['none', 'HS256', 'RS256', 'ES384', 'es256', 'PS256', ''])
    assert.match(raw('jws', { header: { alg } }), /^alg-mismatch: .* the key is for ES256$/, alg)
  for (const alg of [-35, -37, -257, 5, 0, -8])
    assert.match(raw('cose', { header: { alg } }), /^alg-mismatch: .* the key is for ES256$/)
  for (const format of formats) {
    const alg = format === 'jws' ? 'ES256' : -7
    assert.match(raw(format, { header: { alg } }, by384), /^alg-mismatch: .*ES384/)
    assert.match(raw(format, { header: { removed: ['alg'] } }), /^malformed: .*(?:alg|algorithm)/)
  }
  // The classic: the certificate as the secret of an HMAC, and no signature at all.
  const hmac = (bytes: Uint8Array): Uint8Array =>
    createHmac('sha256', made.leaf.der).update(bytes).digest()
  assert.match(raw('jws', { header: { alg: 'HS256' }, sign: hmac }), /^alg-mismatch/)
  assert.match(raw('jws', { sign: hmac }), /^bad-signature/)
  const rsa = pki({ chain: 2, leaf: { key: keyOf('RSA-2048') } })
  const pkcs1 = (bytes: Uint8Array): Uint8Array => sign('sha256', bytes, rsa.leaf.key)
  const der = (bytes: Uint8Array): Uint8Array => sign('sha256', bytes, made.leaf.key)
  const short = (bytes: Uint8Array): Uint8Array =>
    sign('sha256', bytes, { key: rsa.leaf.key, padding: 6, saltLength: 8 })
  for (const format of formats) {
    assert.match(raw(format, { sign: pkcs1 }, rsa), /^bad-signature/)
    assert.match(raw(format, { sign: short }, rsa), /^bad-signature/)
    assert.match(raw(format, { sign: der }), /^bad-signature/)
    assert.match(raw(format, { sign: () => Buffer.alloc(64) }), /^bad-signature/)
  }
})

const expiry = 'io.cncf.notary.expiry'
const authentic = 'io.cncf.notary.authenticSigningTime'
const plugin = 'io.cncf.notary.verificationPlugin'
const minVersion = 'io.cncf.notary.verificationPluginMinVersion'

test('critical attributes are listed, there, and ours to list', () => {
  for (const format of formats) {
    const standard = format === 'jws' ? 'alg' : 1
    const at = (ms: number): unknown => timeIn(format, pkiNow + ms)
    const rows: readonly (readonly [string, HeaderChoices, RegExp])[] = [
      ['missing', { removed: ['crit'] }, /list of critical attributes is missing or empty/],
      ['empty', { crit: [] }, /list of critical attributes is missing or empty/],
      ['no list', { crit: scheme }, /list of critical attributes is missing or empty/],
      ['of other things', { crit: [scheme, null] }, /crit names something/],
      ['names one twice', { crit: [scheme, scheme] }, /names one twice/],
      ['a standard header', { crit: [scheme, standard] }, /cannot be critical/],
      ['an absent one', { crit: [scheme, 'x.example'] }, /"x\.example" is not there/],
      [
        'not the scheme',
        { crit: ['x.example'], more: { 'x.example': 1 } },
        /signingScheme is not l/,
      ],
      ['not the expiry', { more: { [expiry]: at(1000) } }, /expiry is not listed as critical/],
      ['not the plugin', { more: { [plugin]: 'x' } }, /verificationPlugin is not listed/],
    ]
    for (const [name, header, expected] of rows) {
      const found = raw(format, { header })
      assert.match(found, /^malformed: /, name)
      assert.match(found, expected, name)
    }
    const extended = { crit: [scheme, 'x.example'], more: { 'x.example': 1 } }
    assert.equal(raw(format, { header: extended }), 'whole')
  }
})

test('the scheme decides which times there are', () => {
  for (const format of formats) {
    const at = (ms: number): unknown => timeIn(format, pkiNow + ms)
    const critical = { crit: [scheme, expiry] }
    const rows: readonly (readonly [string, HeaderChoices, RegExp])[] = [
      ['no scheme', { removed: [scheme], crit: ['x'], more: { x: 1 } }, /names no scheme we know/],
      ['unknown scheme', { more: { [scheme]: 'notary.x510' } }, /names no scheme we know/],
      ['no time', { removed: ['io.cncf.notary.signingTime'] }, /signingTime is missing/],
      [
        'both times',
        { crit: [scheme, authentic], more: { [authentic]: at(0) } },
        /authenticSigningTime does not belong to notary\.x509/,
      ],
      [
        "the other scheme's time",
        { more: { [scheme]: 'notary.x509.signingAuthority' } },
        /signingTime does not belong to notary\.x509\.signingAuthority/,
      ],
      [
        'expires when it is made',
        { ...critical, more: { [expiry]: at(-60_000) } },
        /not later than/,
      ],
      ['expires before', { ...critical, more: { [expiry]: at(-120_000) } }, /is not later than/],
      ['expiry of another kind', { ...critical, more: { [expiry]: 'soon' } }, /expiry is not a/],
      ['no name of a plugin', { crit: [scheme, plugin], more: { [plugin]: ' ' } }, /not the name/],
      [
        'a version alone',
        { crit: [scheme, minVersion], more: { [minVersion]: '1.0.0' } },
        /without/,
      ],
      [
        'a version that is none',
        { crit: [scheme, plugin, minVersion], more: { [plugin]: 'x', [minVersion]: '1.0' } },
        /no semantic version/,
      ],
    ]
    for (const [name, header, expected] of rows) {
      const found = raw(format, { header })
      assert.match(found, /^malformed: /, name)
      assert.match(found, expected, name)
    }
  }
})

test('times of JWS are those of RFC 3339 that exist', () => {
  const timeOf = (text: string): number | string => {
    const header = { more: { 'io.cncf.notary.signingTime': text } }
    const read = readEnvelope(rawEnvelope('jws', made, { header }), mediaTypeOf.jws)
    return read.kind === 'envelope' ? read.envelope.attributes.signingTime : read.detail
  }
  for (const [text, expected] of [
    ['2026-05-01T10:00:00Z', Date.UTC(2026, 4, 1, 10)],
    ['2026-05-01T10:00:00.123456789Z', Date.UTC(2026, 4, 1, 10, 0, 0, 123)],
    ['2026-05-01T12:00:00+02:00', Date.UTC(2026, 4, 1, 10)],
    ['2026-05-01T04:30:00-05:30', Date.UTC(2026, 4, 1, 10)],
    ['2050-01-01T00:00:00Z', Date.UTC(2050, 0, 1)],
    ['9999-12-31T23:59:59Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ] as const)
    assert.equal(timeOf(text), expected, text)
  for (const text of [
    '2016-12-31T23:59:60Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-05-01T24:00:00Z',
    '2026-05-01T10:00:00',
    '2026-05-01 10:00:00Z',
    '2026-05-01t10:00:00z',
    '2026-05-01T10:00:00+24:00',
    '20260501T100000Z',
    '1777629600',
    '',
  ])
    assert.match(String(timeOf(text)), /is not a time of RFC 3339|does not exist/, text)
})

test('times of COSE are whole seconds under tag 1', () => {
  const seconds = pkiNow / 1000
  const rows: readonly (readonly [string, unknown])[] = [
    ['no tag', seconds],
    ['text under the tag', new Tagged(1, '2026-05-01T10:00:00Z')],
    ['tag 0', new Tagged(0, '2026-05-01T10:00:00Z')],
    ['a fraction', new Tagged(1, 1.5)],
    ['beyond the year 9999', new Tagged(1, 253_402_300_800)],
    ['beyond every number', new Tagged(1, 2n ** 60n)],
  ]
  for (const [name, value] of rows) {
    const header = { more: { 'io.cncf.notary.signingTime': value } }
    assert.match(raw('cose', { header }), /^malformed: /, name)
  }
})

test('what two readers could read differently is refused', () => {
  const header = '"alg":"ES256","cty":"application/vnd.cncf.notary.payload.v1+json"'
  const rest = `"crit":["${scheme}"],"${scheme}":"notary.x509","io.cncf.notary.signingTime":"2026-05-01T10:00:00Z"`
  for (const text of [
    `{"alg":"none",${header},${rest}}`,
    `{${header},${rest},"alg":"none"}`,
    `{${header},${rest},"Alg":"none"}`,
    `{${header},${rest},"CRIT":[]}`,
    `{${header},${rest},"io.cncf.notary.signingscheme":"notary.x509.signingAuthority"}`,
    `\uFEFF{${header},${rest}}`,
  ])
    assert.match(raw('jws', { rawHeader: Buffer.from(text) }), /^malformed: /, text)
  const envelope = Buffer.from(rawEnvelope('jws', made)).toString()
  assert.equal(judged('jws', Buffer.from(envelope)), 'whole')
  for (const altered of [
    envelope.replace('{', '{"Payload":"e30",'),
    envelope.replace('{', '{"payload":"e30",'),
    envelope.replace(/\}$/, ',"payload":"e30"}'),
    envelope.replace('{', '{"signatures":[],'),
    envelope.replace('"header"', '"Header"'),
    envelope.replace('"payload":"', '"payload":"\\n'),
    envelope.replace(/("payload":"[^"]+)"/, '$1="'),
    `${envelope}{}`,
  ])
    assert.match(judged('jws', Buffer.from(altered)), /^malformed: /, altered.slice(0, 40))
})

test('stray bits and line breaks in base64 are refused', () => {
  const by = pki({ chain: 1 })
  const [der] = by.chain
  assert.ok(der)
  const base64 = Buffer.from(der).toString('base64')
  for (const text of [
    `${base64.slice(0, 64)}\n${base64.slice(64)}`,
    base64.replace(/=*$/, ''),
    ` ${base64}`,
    base64.replaceAll('+', '-'),
  ].filter((one) => one !== base64))
    assert.match(raw('jws', { unsigned: { x5c: [text] } }, by), /^malformed: x5c/)
})

function headerOf(entries: readonly (readonly [unknown, unknown])[]): Buffer {
  const heads = entries.flatMap(([name, value]) => [encode(name), encode(value)])
  return Buffer.concat([Buffer.from([0xa0 + entries.length]), ...heads])
}

test('CBOR with a label twice, of indefinite length or in a longer form than needed is refused', () => {
  const usual = [
    [1, -7],
    [2, [scheme]],
    [3, 'application/vnd.cncf.notary.payload.v1+json'],
    [scheme, 'notary.x509'],
    ['io.cncf.notary.signingTime', new Tagged(1, pkiNow / 1000)],
  ] as const
  assert.equal(raw('cose', { rawHeader: headerOf(usual) }), 'whole')
  const twice = [
    headerOf([[1, -35], ...usual]),
    headerOf([...usual, [1, -35]]),
    headerOf([...usual, [scheme, 'notary.x509.signingAuthority']]),
  ]
  for (const rawHeader of twice) assert.match(raw('cose', { rawHeader }), /^malformed: /)
  const good = headerOf(usual)
  const others = [
    Buffer.concat([Buffer.from([0xbf]), good.subarray(1), Buffer.from([0xff])]),
    Buffer.concat([Buffer.from([0xb8, usual.length]), good.subarray(1)]),
    Buffer.concat([good, Buffer.from([0])]),
    // The float 1.0 as a label beside the label 1.
    Buffer.concat([
      Buffer.from([0xa6]),
      good.subarray(1),
      Buffer.from([0xf9, 0x3c, 0x00, 0x38, 0x22]),
    ]),
    Buffer.from([0xa0]),
    Buffer.alloc(0),
  ]
  for (const rawHeader of others) assert.match(raw('cose', { rawHeader }), /^malformed: /)
})

test('a COSE_Sign1 without its tag, with another one or with another shape is refused', () => {
  const envelope = Buffer.from(rawEnvelope('cose', made))
  assert.equal(judged('cose', envelope), 'whole')
  assert.match(judged('cose', envelope.subarray(1)), /no COSE_Sign1 with its tag/)
  assert.match(
    judged('cose', Buffer.concat([Buffer.from([0xd1]), envelope.subarray(1)])),
    /its tag/,
  )
  assert.match(judged('cose', encode(new Tagged(18, [new Uint8Array(0)]))), /not an array of four/)
  assert.match(judged('cose', Buffer.concat([envelope, Buffer.from([0xf6])])), /^malformed/)
  const bytes = new Uint8Array(1)
  for (const parts of [
    [bytes, new Map(), null, bytes],
    [bytes, new Map(), bytes, new Uint8Array(0)],
    ['text', new Map(), bytes, bytes],
  ])
    assert.match(judged('cose', encode(new Tagged(18, parts))), /^malformed/)
})

test('a chain that is missing, too long or of other things is refused', () => {
  const x5c = made.chain.map((der) => Buffer.from(der).toString('base64'))
  for (const value of [undefined, [], 'x', [...x5c, 7], {}])
    assert.match(raw('jws', { unsigned: { x5c: value } }), /^malformed: x5c/)
  const eleven = pki({ chain: 11 })
  for (const format of formats) assert.match(raw(format, {}, eleven), /^limit: .*11 cert/)
  const noise = Buffer.alloc(200, 1).toString('base64')
  assert.match(raw('jws', { unsigned: { x5c: [noise] } }), /^malformed: certificate 1 of 1/)
})

test('the payload is a descriptor, of the right type, of this manifest', () => {
  for (const format of formats) {
    const payload = (text: string): string => raw(format, { payload: Buffer.from(text) })
    const target = JSON.stringify(subject)
    assert.match(raw(format, { header: { cty: 'application/json' } }), /^malformed: the content is/)
    assert.match(payload('{}'), /^malformed: in the payload, targetArtifact is not an object/)
    assert.match(payload(`{"targetArtifact":${target},"targetArtifact":{}}`), /twice/)
    assert.match(payload(`{"targetArtifact":${target},"TargetArtifact":{}}`), /^malformed/)
    assert.match(payload(`{"targetArtifact":{"size":1}}`), /targetArtifact\.mediaType is missing/)
    assert.match(payload('x'), /is not JSON/)
    assert.match(
      payload(`{"a":"${'x'.repeat(65_536)}","targetArtifact":${target}}`),
      /more than 65536/,
    )
    for (const [member, value] of [
      ['digest', `sha256:${'0'.repeat(64)}`],
      ['size', subject.size + 1],
      ['mediaType', 'application/vnd.docker.distribution.manifest.v2+json'],
    ] as const) {
      const other = { ...subject, [member]: value }
      const found = payload(JSON.stringify({ targetArtifact: other }))
      assert.match(found, new RegExp(`^subject-mismatch: the signature is over ${member}`))
    }
    assert.equal(payload(JSON.stringify({ targetArtifact: subject, more: 1 })), 'whole')
  }
  assert.throws(() => makePayload(subject, { 'io.cncf.notary.x': '1' }), /which is reserved/)
})

test('an altered byte anywhere in an envelope makes it another one, or none', async () => {
  for (const format of formats) {
    const envelope = Buffer.from(await signedBy(made, { format }))
    const certificates = made.chain.map((der) =>
      format === 'cose' ? Buffer.from(der) : Buffer.from(Buffer.from(der).toString('base64')),
    )
    const inChain = (at: number): boolean =>
      certificates.some((one) => {
        const start = envelope.indexOf(one)
        return at >= start && at < start + one.length
      })
    for (let at = 0; at < envelope.length; at += 1) {
      // Every fifth, and of the chain every hundredth: each costs the look at a signature.
      if (at % (inChain(at) ? 100 : 5) !== 0) continue
      const altered = Buffer.from(envelope)
      altered[at] = (altered[at] ?? 0) ^ 0x01
      assert.notEqual(judged(format, altered), 'whole', `byte ${at} of ${format}`)
    }
  }
})

test('huge and deep input is refused before it is parsed', () => {
  for (const format of formats) {
    const big = Buffer.alloc(maxEnvelopeBytes + 1, 0x20)
    assert.match(judged(format, big), /^limit: the envelope has 1048577 bytes/)
  }
  const deep = Buffer.concat([Buffer.from([0xd2]), Buffer.alloc(100_000, 0x81)])
  assert.match(judged('cose', deep), /nested deeper than 16 levels/)
  const tags = Buffer.concat([Buffer.from([0xd2]), Buffer.alloc(100_000, 0xc1)])
  assert.match(judged('cose', tags), /nested deeper than 16 levels/)
  const many = Buffer.alloc(maxEnvelopeBytes, 0x80)
  many.set([0xd2, 0x9a, 0, 0x0f, 0xff, 0xfa])
  assert.match(judged('cose', many), /has more than 4096 elements/)
  const wide = Buffer.from([0xd2, 0x9b, 0, 0, 0, 1, 0, 0, 0, 0])
  assert.match(judged('cose', wide), /^malformed/)
  const long = Buffer.from([0xd2, 0x84, 0x5b, 0, 0, 0, 1, 0, 0, 0, 0])
  assert.match(judged('cose', long), /^malformed/)
  assert.match(judged('jws', Buffer.from('['.repeat(100_000))), /nested deeper than 32 levels/)
  const result = verifyIntegrity(Buffer.from('{}'), 'application/json', subject)
  assert.ok(result.kind === 'broken' && result.reason === 'malformed')
})
