// Unmodified notation signs what lies here and our reader verifies it; what we sign, notation verifies.
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isRecord, type Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { makePayload } from '../../src/signatures/notation/payload.ts'
import { signNotation, type SignatureRequest } from '../../src/signatures/notation/sign-notation.ts'
import {
  emptyConfig,
  makeSignatureManifest,
  readSignatureManifest,
} from '../../src/signatures/notation/signature-manifest.ts'
import { readTrustStore } from '../../src/signatures/notation/trust-store.ts'
import type { NotationVerdict } from '../../src/signatures/notation/verdict.ts'
import { verifyNotation } from '../../src/signatures/notation/verify-notation.ts'
import { wantedRevocation } from '../../src/signatures/notation/wanted-revocation.ts'
import {
  crlUrlExtension,
  encodeName,
  issueIntermediate,
  issueLeaf,
  issueRoot,
} from '../../src/signatures/x509/issue-certificate.ts'
import { signWith } from '../../src/signatures/x509/key-algorithm.ts'
import { openClientRegistry, type ClientRegistry } from '../kit/client-registry.ts'
import { mediaTypeOf, statementOf, type Format } from '../kit/notation-signatures.ts'
import { day, pemOf, pki, type Pki } from '../kit/pki.ts'
import { authorizationOf, pushBlob, pushManifest } from '../kit/push-layout.ts'
import { makeCrl, makeOcspAnswer, ocspUrlExtension } from '../kit/revocation-answers.ts'
import { missing } from '../kit/run.ts'
import { answerTimestampRequest } from '../kit/timestamps.ts'

type Subject = Pick<Descriptor, 'mediaType' | 'digest' | 'size'>

test('notation', { skip: missing('notation') }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host } = registry
  await registry.createRepository('signed')
  await pushBlob(server, 'signed', digestOf(emptyConfig), Buffer.from(emptyConfig))
  const inside = (name: string): string => join(registry.directory, name)
  const account = ['--insecure-registry', '-u', 'AWS', '-p', registry.password]
  const at = ({ digest }: Subject): string => `${host}/signed@${digest}`
  const does = async (...args: readonly string[]): Promise<string> =>
    registry.succeed('notation', args)
  const setPolicy = async (policy: Readonly<Record<string, unknown>>): Promise<void> => {
    await writeFile(inside('policy.json'), JSON.stringify(policyOf(policy)))
    await does('policy', 'import', '--force', inside('policy.json'))
  }
  const now = Date.now()
  const stamping = pki({
    purpose: 'timeStamping',
    label: 'tsa',
    leaf: validAround(now),
    authorities: { 1: validAround(now), 2: validAround(now) },
  })
  await does('cert', 'generate-test', '--default', 'e2e.test')
  await writeFile(inside('tsa.crt'), pemOf(stamping.root.der))
  const ownStore = inside('home/config/notation/truststore/x509/ca/e2e.test/e2e.test.crt')

  for (const format of ['jws', 'cose'] as const) {
    await t.test(`signs in ${format}, and we verify what it stored`, async () => {
      const image = await pushImage(registry, format)
      const more = ['--signature-format', format, '-m', 'build=7', '--expiry', '24h']
      await does('sign', ...account, ...more, at(image))
      const [stored, another] = await signaturesOf(registry, image)
      assert.ok(stored !== undefined && another === undefined)
      assert.equal(stored.mediaType, mediaTypeOf[format])
      const stores = await storesOf('ca:e2e', ownStore)
      const found = judge(stored, image, { stores, now: Date.now() })
      assert.equal(shown(found), 'verified')
      assert.equal(found.identity, 'x509.subject:CN=e2e.test,O=Notary,L=Seattle,ST=WA,C=US')
      assert.deepEqual(found.annotations, { build: '7' })
      const late = judge(stored, image, { stores, now: Date.now() + 2 * day })
      assert.match(shown(late), /^expired/)
      const other = await pushImage(registry, `${format} other`)
      assert.equal(shown(judge(stored, other, { stores, now })), 'invalid subject-mismatch')
      const identity = { trustedIdentities: ['x509.subject: C=US, ST=WA, O=notary'] }
      const named = judge(stored, image, { stores, now: Date.now(), policy: identity })
      assert.equal(shown(named), 'untrusted identity-mismatch')
      const stranger = new Map([['ca:e2e', [stamping.root.certificate]]])
      assert.equal(
        shown(judge(stored, image, { stores: stranger, now: Date.now() })),
        'untrusted chain-not-in-store',
      )
      const altered = judge(withAlteredSignature(stored), image, { stores, now: Date.now() })
      assert.equal(shown(altered), 'invalid bad-signature')
    })
  }

  await t.test('a second signature of one image is beside the first', async () => {
    const image = await pushImage(registry, 'twice')
    for (const format of ['jws', 'cose'])
      await does('sign', ...account, '--signature-format', format, at(image))
    const stored = await signaturesOf(registry, image)
    const stores = await storesOf('ca:e2e', ownStore)
    const found = stored.map((one) => shown(judge(one, image, { stores, now: Date.now() })))
    assert.deepEqual(found, ['verified', 'verified'])
  })

  await t.test('takes a timestamp of an authority, which saves the signature later', async (t2) => {
    const image = await pushImage(registry, 'stamped')
    const tsa = await openAuthority(t2, stamping)
    const root = ['--timestamp-url', tsa, '--timestamp-root-cert', inside('tsa.crt')]
    await does('sign', ...account, ...root, at(image))
    const [stored] = await signaturesOf(registry, image)
    assert.ok(stored !== undefined)
    const stores = new Map([
      ...(await storesOf('ca:e2e', ownStore)),
      ['tsa:e2e', [stamping.root.certificate]] as const,
    ])
    const policy = { trustStores: ['ca:e2e', 'tsa:e2e'] }
    const later = Date.now() + 1000 * day
    const found = judge(stored, image, { stores, now: later, policy })
    assert.equal(shown(found), 'verified')
    assert.equal(found.signedAtSource, 'timestamp')
    assert.equal(shown(judge(stored, image, { stores, now: later })), 'expired certificate-expired')
  })

  const ours = issueChain(now)
  await writeFile(inside('root.crt'), pemOf(ours.root))
  for (const type of ['ca', 'signingAuthority'])
    await does('cert', 'add', '--type', type, '--store', 'ours', inside('root.crt'))
  const stores = new Map([
    ...(await storesOf('ca:ours', inside('root.crt'))),
    ...(await storesOf('signingAuthority:ours', inside('root.crt'))),
  ])
  const trustStores = ['ca:ours', 'signingAuthority:ours']
  const named = 'x509.subject: C=DE, ST=BE, O=Acme\\, Inc, CN=release'

  await t.test('verifies what we signed, and refuses what we refuse', async () => {
    const good = { scheme: 'notary.x509', signingTime: now - 60_000 } as const
    const authority = { ...good, scheme: 'notary.x509.signingAuthority' } as const
    const rows: readonly (readonly [
      string,
      Partial<SignatureRequest>,
      Readonly<Record<string, unknown>>,
      string,
    ])[] = [
      ['good', good, {}, 'verified'],
      ['expires later', { ...good, expiry: now + day }, {}, 'verified'],
      ['of an authority', authority, {}, 'verified'],
      ['named', good, { trustedIdentities: [named] }, 'verified'],
      [
        'expired',
        { ...good, signingTime: now - day, expiry: now - 60_000 },
        {},
        'expired signature-expired',
      ],
      [
        'not the right store',
        authority,
        { trustStores: ['ca:ours'] },
        'untrusted chain-not-in-store',
      ],
      [
        'of another',
        good,
        { trustedIdentities: ['x509.subject: C=DE, ST=BE, O=Acme'] },
        'untrusted identity-mismatch',
      ],
      [
        'in another case',
        good,
        { trustedIdentities: [named.replace('Acme', 'acme')] },
        'untrusted identity-mismatch',
      ],
    ]
    for (const format of ['jws', 'cose'] as const) {
      for (const [name, request, policy, expected] of rows) {
        const image = await pushImage(registry, `${format} ${name}`)
        const stored = await pushSignature(registry, image, format, ours, request)
        const whole = { trustStores, trustedIdentities: ['*'], ...policy }
        const found = judge(stored, image, { stores, now: Date.now(), policy: whole })
        assert.equal(shown(found), expected, name)
        await setPolicy(whole)
        if (expected === 'verified') await does('verify', ...account, at(image))
        else await registry.fail('notation', ['verify', ...account, at(image)])
      }
    }
  })

  await t.test('asks the same addresses for revocation, and hears the same', async (t2) => {
    for (const [method, status] of [
      ['crl', 'good'],
      ['crl', 'revoked'],
      ['ocsp', 'good'],
      ['ocsp', 'revoked'],
      ['crl', 'silent'],
    ] as const) {
      const signer = await openRevocable(t2, { method, status, now })
      await writeFile(inside('revocable.crt'), pemOf(signer.root))
      const store = `${method}-${status}`
      await does('cert', 'add', '--type', 'ca', '--store', store, inside('revocable.crt'))
      const image = await pushImage(registry, store)
      const request = { signingTime: now - 60_000 }
      const stored = await pushSignature(registry, image, 'jws', signer, request)
      const policy = { trustStores: [`ca:${store}`], trustedIdentities: ['*'] }
      const anchors = await storesOf(`ca:${store}`, inside('revocable.crt'))
      const found = await judgeWithAnswers(stored, image, { stores: anchors, policy })
      await setPolicy(policy)
      if (status === 'good') {
        assert.equal(shown(found), 'verified')
        await does('verify', ...account, at(image))
      } else {
        const expected = status === 'revoked' ? 'revoked revoked' : 'unknown revocation-unavailable'
        assert.equal(shown(found), expected)
        const printed = await registry.fail('notation', ['verify', '-v', ...account, at(image)])
        assert.match(printed, status === 'revoked' ? /is revoked/ : /revocation status is unknown/)
      }
    }
  })

  await t.test('lets critical attributes pass that nobody understands, and we do not', async () => {
    const image = await pushImage(registry, 'critical')
    const request = { criticalAttributes: { 'com.example.rule': 'x' }, signingTime: now - 60_000 }
    const stored = await pushSignature(registry, image, 'jws', ours, request)
    const policy = { trustStores, trustedIdentities: ['*'] }
    const found = judge(stored, image, { stores, now: Date.now(), policy })
    assert.equal(shown(found), 'invalid unknown-critical')
    await setPolicy(policy)
    await does('verify', ...account, at(image))
  })

  await t.test('finds an altered signature, or one of another image, as we do', async () => {
    const policy = { trustStores, trustedIdentities: ['*'] }
    await setPolicy(policy)
    for (const format of ['jws', 'cose'] as const) {
      const first = await pushImage(registry, `${format} first`)
      const stored = await pushSignature(registry, first, format, ours, {
        signingTime: now - 60_000,
      })
      const rows = [
        [await pushImage(registry, `${format} moved`), stored, 'invalid subject-mismatch'],
        [
          await pushImage(registry, `${format} altered`),
          withAlteredSignature(stored),
          'invalid bad-signature',
        ],
      ] as const
      for (const [image, signature, expected] of rows) {
        await pushEnvelope(registry, image, format, signature.bytes)
        const found = judge(signature, image, { stores, now: Date.now(), policy })
        assert.equal(shown(found), expected)
        await registry.fail('notation', ['verify', ...account, at(image)])
      }
    }
  })
})

function policyOf(statement: Readonly<Record<string, unknown>>): unknown {
  const usual = {
    name: 'test',
    registryScopes: ['*'],
    signatureVerification: { level: 'strict' },
    trustedIdentities: ['*'],
  }
  return { version: '1.0', trustPolicies: [{ ...usual, ...statement }] }
}

function validAround(now: number): { readonly notBefore: number; readonly notAfter: number } {
  return { notBefore: now - day, notAfter: now + 2000 * day }
}

/** An image of no layers, whose digest is of its name. */
async function pushImage({ server }: ClientRegistry, name: string): Promise<Subject> {
  const config = { mediaType: mediaTypes.ociConfig, digest: digestOf(emptyConfig), size: 2 }
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers: [],
    annotations: { name },
  })
  const bytes = Buffer.from(manifest)
  const digest = digestOf(bytes)
  await pushManifest(server, 'signed', digest, manifest)
  return { mediaType: mediaTypes.ociManifest, digest, size: bytes.length }
}

interface StoredSignature {
  readonly mediaType: string
  readonly bytes: Buffer
}

async function signaturesOf(
  registry: ClientRegistry,
  { digest }: Subject,
): Promise<readonly StoredSignature[]> {
  const stored: StoredSignature[] = []
  for (const referrer of await registry.referrersOf('signed', digest)) {
    const parsed = parseManifest(await download(registry, `manifests/${referrer}`), undefined)
    assert.ok(parsed.kind === 'parsed')
    const found = readSignatureManifest(parsed.manifest)
    assert.ok(found.kind === 'signature')
    const { envelope: layer } = found
    stored.push({
      mediaType: layer.mediaType,
      bytes: await download(registry, `blobs/${layer.digest}`),
    })
  }
  return stored
}

async function download({ server }: ClientRegistry, path: string): Promise<Buffer> {
  const response = await fetch(`${server.url}/v2/signed/${path}`, {
    headers: { authorization: authorizationOf(server), accept: mediaTypes.ociManifest },
  })
  assert.equal(response.status, 200)
  return Buffer.from(await response.arrayBuffer())
}

/** A signer whose certificate says where its revocation is asked for: at a server of the test. */
async function openRevocable(
  t: TestContext,
  choices: {
    readonly method: 'crl' | 'ocsp'
    readonly status: 'good' | 'revoked' | 'silent'
    readonly now: number
  },
): Promise<OwnChain> {
  const { method, status, now } = choices
  let answer: Uint8Array | undefined
  const server = createServer((request, response) => {
    request.resume()
    response.statusCode = answer === undefined ? 404 : 200
    if (method === 'ocsp') response.setHeader('content-type', 'application/ocsp-response')
    response.end(answer)
  })
  const url = `${await listen(t, server)}/${method}-${status}`
  const validity = validAround(now)
  const extension = method === 'crl' ? crlUrlExtension(url) : ocspUrlExtension(url)
  const made = pki({
    chain: 2,
    label: `${method} ${status}`,
    leaf: { ...validity, more: [extension] },
    authorities: { 1: validity },
  })
  const times = { thisUpdate: now - 3_600_000, nextUpdate: now + day }
  const revoked = status === 'revoked' ? [{ serial: made.leaf.certificate.serial, reason: 1 }] : []
  if (status !== 'silent') {
    answer =
      method === 'crl'
        ? makeCrl(made.root, { ...times, revoked })
        : makeOcspAnswer(made.leaf, made.root, { ...times, status })
  }
  return { chain: made.chain, root: made.root.der, key: made.leaf.key }
}

/** As a caller does it: fetch what is wanted until nothing more is. */
async function judgeWithAnswers(
  { bytes, mediaType }: StoredSignature,
  subject: Subject,
  {
    stores,
    policy,
  }: { readonly stores: Stores; readonly policy: Readonly<Record<string, unknown>> },
): Promise<NotationVerdict> {
  const answers = new Map<string, Uint8Array | 'unavailable'>()
  const input = {
    envelope: bytes,
    mediaType,
    subject,
    statement: statementOf(policy),
    stores,
    revocation: { answers },
    now: Date.now(),
  }
  for (const { key, url, request } of wantedRevocation(input).answers) {
    const init = request === undefined ? {} : { method: 'POST', body: Buffer.from(request) }
    const response = await fetch(url, init)
    const body = new Uint8Array(await response.arrayBuffer())
    answers.set(key, response.ok ? body : 'unavailable')
  }
  assert.equal(answers.size, 1)
  return verifyNotation(input)
}

type Stores = Parameters<typeof verifyNotation>[0]['stores']

async function storesOf(name: string, file: string): Promise<Stores> {
  const store = readTrustStore('ca', new Map([[file, await readFile(file)]]))
  assert.ok(store.kind === 'store', JSON.stringify(store))
  return new Map([[name, store.certificates]])
}

function judge(
  { bytes, mediaType }: StoredSignature,
  subject: Subject,
  under: {
    readonly stores: Stores
    readonly now: number
    readonly policy?: Readonly<Record<string, unknown>>
  },
): NotationVerdict {
  return verifyNotation({
    envelope: bytes,
    mediaType,
    subject,
    statement: statementOf({ trustStores: ['ca:e2e'], ...under.policy }),
    stores: under.stores,
    revocation: { answers: new Map() },
    now: under.now,
  })
}

function shown({ result, reason }: NotationVerdict): string {
  return reason === undefined ? result : `${result} ${reason}`
}

/** The last bytes of a COSE envelope are its signature; in JWS it has a name. */
function withAlteredSignature({ bytes, mediaType }: StoredSignature): StoredSignature {
  if (mediaType === mediaTypeOf.cose) {
    const altered = Buffer.from(bytes)
    const last = altered.length - 8
    altered[last] = (altered[last] ?? 0) ^ 1
    return { mediaType, bytes: altered }
  }
  const body: unknown = JSON.parse(bytes.toString())
  assert.ok(isRecord(body))
  const signature = Buffer.from(String(body['signature']), 'base64url')
  signature[8] = (signature[8] ?? 0) ^ 1
  const altered = { ...body, signature: signature.toString('base64url') }
  return { mediaType, bytes: Buffer.from(JSON.stringify(altered)) }
}

/** A timestamp authority as notation calls one. */
async function openAuthority(t: TestContext, authority: Pki): Promise<string> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      response.setHeader('content-type', 'application/timestamp-reply')
      response.end(answerTimestampRequest(authority, Buffer.concat(pieces), Date.now()))
    })
  })
  return listen(t, server)
}

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

interface OwnChain {
  readonly chain: readonly Uint8Array[]
  readonly root: Uint8Array
  readonly key: KeyObject
}

/** By the product's own issuing, with a comma in the name that must not end it. */
function issueChain(now: number): OwnChain {
  const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  const times = (): {
    readonly serial: Uint8Array
    readonly notBefore: number
    readonly notAfter: number
  } => ({
    serial: randomBytes(16),
    ...validAround(now),
  })
  const nameOf = (commonName: string): Parameters<typeof encodeName>[0] => ({
    country: 'DE',
    state: 'BE',
    organization: 'Acme, Inc',
    commonName,
  })
  const [rootKey, middleKey, key] = [newKey(), newKey(), newKey()]
  const root = issueRoot(nameOf('root'), rootKey, times())
  const middle = issueIntermediate(
    { name: nameOf('signing'), publicKey: middleKey, pathLength: 0 },
    { nameDer: encodeName(nameOf('root')), key: rootKey },
    times(),
  )
  const leaf = issueLeaf(
    { name: nameOf('release'), publicKey: key, purpose: 'codeSigning' },
    { nameDer: encodeName(nameOf('signing')), key: middleKey },
    times(),
  )
  return { chain: [leaf, middle, root], root, key }
}

async function pushSignature(
  registry: ClientRegistry,
  subject: Subject,
  format: Format,
  { chain, key }: OwnChain,
  request: Partial<SignatureRequest>,
): Promise<StoredSignature> {
  const result = await signNotation(
    {
      format,
      payload: makePayload(subject),
      scheme: 'notary.x509',
      signingTime: 0,
      signingAgent: 'pratique',
      ...request,
    },
    { chain, sign: async (bytes) => signWith(key, bytes) },
  )
  assert.ok(result.kind === 'signed', JSON.stringify(result))
  const bytes = Buffer.from(result.envelope)
  await pushEnvelope(registry, subject, format, bytes)
  return { mediaType: mediaTypeOf[format], bytes }
}

async function pushEnvelope(
  { server }: ClientRegistry,
  subject: Subject,
  format: Format,
  bytes: Buffer,
): Promise<void> {
  const layer = { mediaType: mediaTypeOf[format], digest: digestOf(bytes), size: bytes.length }
  await pushBlob(server, 'signed', layer.digest, bytes)
  const envelope = { bytes, mediaType: layer.mediaType }
  const signer = { chain: [], createdAt: Date.now() }
  const manifest = Buffer.from(makeSignatureManifest(subject, envelope, signer)).toString()
  await pushManifest(server, 'signed', digestOf(Buffer.from(manifest)), manifest)
}
