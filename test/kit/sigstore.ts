// A sigstore of the test's own: an authority as Fulcio, logs as Rekor and of certificates, a time-stamp authority, and their trusted root.
import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto'
import { inTotoOf } from './attestations.ts'
import { generalTime, integer, octets, oid, sequence, set, tagged, type Der } from './der.ts'
import {
  extension,
  extensions,
  fulcioRaw,
  fulcioText,
  issueCertificate,
  newKeyPair,
  subjectNames,
  type KeyPair,
  type SubjectName,
  type TestCertificate,
} from './test-certificates.ts'

const minute = 60_000
const day = 86_400_000
export const imageSignature = 'https://sigstore.dev/cosign/sign/v1'
export const inToto = 'application/vnd.in-toto+json'
export const bundleV3 = 'application/vnd.dev.sigstore.bundle.v0.3+json'
export const workflow = 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0'
export const githubIssuer = 'https://token.actions.githubusercontent.com'

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
const pemOf = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`
export const publicPem = ({ spki }: KeyPair): string => pemOf('PUBLIC KEY', spki)
export const certificatePem = ({ der }: { readonly der: Uint8Array }): string =>
  pemOf('CERTIFICATE', der)

const verifierOf = (signer: KeyPair & { readonly der?: Buffer }): string =>
  signer.der === undefined ? publicPem(signer) : certificatePem({ der: signer.der })

export interface TestLog extends KeyPair {
  readonly host: string
  readonly id: Buffer
}

export function newLog(host: string): TestLog {
  const keys = newKeyPair()
  return { ...keys, host, id: sha256(keys.spki) }
}

export interface PrivateSigstore {
  readonly authority: TestCertificate
  readonly intermediate: TestCertificate
  readonly log: TestLog
  readonly certificateLog: TestLog
  readonly stamper: TestCertificate
  readonly stampRoot: TestCertificate
  /** Milliseconds since the epoch: when what it makes was made. */
  readonly now: number
  /** As trusted_root.json has it. */
  readonly trustedRoot: object
}

export function newSigstore(now: number): PrivateSigstore {
  const time = { notBefore: now - 30 * day, notAfter: now + 3650 * day }
  const authority = issueCertificate({
    commonName: 'fulcio root',
    extensions: extensions.authority,
    ...time,
  })
  const intermediate = issueCertificate({
    commonName: 'fulcio',
    issuer: authority,
    extensions: [...extensions.authority, extensions.codeSigning],
    ...time,
  })
  const stampRoot = issueCertificate({
    commonName: 'tsa root',
    extensions: extensions.authority,
    ...time,
  })
  const stamper = issueCertificate({
    commonName: 'tsa',
    issuer: stampRoot,
    extensions: [extensions.digitalSignature, extensions.timeStamping],
    ...time,
  })
  const log = newLog('rekor.sigstore.test')
  const certificateLog = newLog('ctfe.sigstore.test')
  const parts = { authority, intermediate, log, certificateLog, stamper, stampRoot, now }
  return { ...parts, trustedRoot: trustedRootOf(parts) }
}

export function trustedRootOf(
  parts: Omit<PrivateSigstore, 'trustedRoot'>,
  logs: readonly TestLog[] = [parts.log],
): object {
  const validFor = { start: new Date(parts.now - 20 * day).toISOString() }
  const logOf = ({ host, id, spki }: TestLog): object => ({
    baseUrl: `https://${host}`,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: spki.toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor,
    },
    logId: { keyId: id.toString('base64') },
  })
  const chainOf = (commonName: string, ...chain: readonly TestCertificate[]): object => ({
    subject: { organization: 'sigstore.test', commonName },
    uri: `https://${commonName}.sigstore.test`,
    certChain: {
      certificates: chain.map(({ der }) => ({ rawBytes: der.toString('base64') })),
    },
    validFor,
  })
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: logs.map(logOf),
    certificateAuthorities: [chainOf('fulcio', parts.intermediate, parts.authority)],
    ctlogs: [logOf(parts.certificateLog)],
    timestampAuthorities: [chainOf('tsa', parts.stamper, parts.stampRoot)],
  }
}

export interface LeafOptions {
  readonly names?: readonly SubjectName[]
  /** Instead of the two ways in which Fulcio names the issuer. */
  readonly issuer?: readonly Der[]
  readonly others?: readonly Der[]
  /** Instead of codeSigning. */
  readonly usage?: readonly Der[]
  readonly at?: number
  readonly withoutSct?: boolean
  readonly certificateLog?: TestLog
  readonly issuedBy?: TestCertificate
}

/** A certificate of ten minutes, as Fulcio issues it. */
export function issueLeaf(sigstore: PrivateSigstore, options: LeafOptions = {}): TestCertificate {
  const at = options.at ?? sigstore.now
  const issuer = options.issuedBy ?? sigstore.intermediate
  const log = options.certificateLog ?? sigstore.certificateLog
  return issueCertificate(
    {
      issuer,
      notBefore: at - minute,
      notAfter: at + 9 * minute,
      extensions: [
        extensions.digitalSignature,
        ...(options.usage ?? [extensions.codeSigning]),
        subjectNames(...(options.names ?? [{ address: workflow }])),
        ...(options.issuer ?? [fulcioRaw(1, githubIssuer), fulcioText(8, githubIssuer)]),
        ...(options.others ?? []),
      ],
    },
    (tbs) => (options.withoutSct === true ? [] : [sctExtension(log, { tbs, issuer, at })]),
  )
}

const uint = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

/** RFC 6962: the log's promise for what will be this certificate. */
function sctExtension(
  log: TestLog,
  { tbs, issuer, at }: { readonly tbs: Der; readonly issuer: KeyPair; readonly at: number },
): Der {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(at))
  const signed = Buffer.concat([
    Buffer.from([0, 0]),
    time,
    uint(1, 2),
    sha256(issuer.spki),
    uint(tbs.length, 3),
    tbs,
    uint(0, 2),
  ])
  const signature = sign('sha256', signed, log.privateKey)
  const sct = Buffer.concat([
    Buffer.from([0]),
    log.id,
    time,
    uint(0, 2),
    Buffer.from([4, 3]),
    uint(signature.length, 2),
    signature,
  ])
  const list = Buffer.concat([uint(sct.length + 2, 2), uint(sct.length, 2), sct])
  return extension('1.3.6.1.4.1.11129.2.4.2', octets(list))
}

export function paeOf(payloadType: string, payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `),
    payload,
  ])
}

export interface Envelope {
  readonly payloadType: string
  readonly payload: Buffer
  readonly signature: Buffer
}

export function signEnvelope(
  key: KeyObject,
  payload: Buffer | object,
  payloadType = inToto,
): Envelope {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload))
  return {
    payloadType,
    payload: bytes,
    signature: sign('sha256', paeOf(payloadType, bytes), key),
  }
}

export function envelopeJson({ payloadType, payload, signature }: Envelope): object {
  return {
    payload: payload.toString('base64'),
    payloadType,
    signatures: [{ sig: signature.toString('base64') }],
  }
}

/** What cosign 3 signs of an image. */
export function imageStatement(digest: string, predicateType = imageSignature): object {
  return { ...inTotoOf({}, digest), predicateType }
}

/** What Rekor keeps of an envelope, of the kind dsse 0.0.1. */
export function dsseBody(envelope: Envelope, verifier: string): Buffer {
  const hash = (bytes: Uint8Array): object => ({
    algorithm: 'sha256',
    value: sha256(bytes).toString('hex'),
  })
  return Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: {
        envelopeHash: hash(Buffer.from(JSON.stringify(envelopeJson(envelope)))),
        payloadHash: hash(envelope.payload),
        signatures: [
          {
            signature: envelope.signature.toString('base64'),
            verifier: Buffer.from(verifier).toString('base64'),
          },
        ],
      },
    }),
  )
}

/** Of the kind hashedrekord 0.0.1, of simple signing. */
export function rekordBody(signed: Buffer, signature: Buffer, verifier: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.1',
      kind: 'hashedrekord',
      spec: {
        data: { hash: { algorithm: 'sha256', value: sha256(signed).toString('hex') } },
        signature: {
          content: signature.toString('base64'),
          publicKey: { content: Buffer.from(verifier).toString('base64') },
        },
      },
    }),
  )
}

/** Of the kind hashedrekord 0.0.2, as Rekor v2 keeps an envelope: by the hash of all that is signed. */
export function rekordTwoBody(envelope: Envelope, { der }: TestCertificate): Buffer {
  const signed = paeOf(envelope.payloadType, envelope.payload)
  const hashedRekordV002 = {
    data: { algorithm: 'SHA2_256', digest: sha256(signed).toString('base64') },
    signature: {
      content: envelope.signature.toString('base64'),
      verifier: {
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        x509Certificate: { rawBytes: der.toString('base64') },
      },
    },
  }
  const entry = { apiVersion: '0.0.2', kind: 'hashedrekord', spec: { hashedRekordV002 } }
  return Buffer.from(JSON.stringify(entry))
}

export interface LogEntryOptions {
  readonly at: number
  /** Rekor v2 promises nothing and knows no time. */
  readonly withoutPromise?: boolean
  readonly withoutProof?: boolean
  /** Of another tree. */
  readonly checkpoint?: string
  readonly name?: string
}

/** The last of three entries, proven to be in a tree whose head the log signed. */
export function logEntry(log: TestLog, body: Buffer, options: LogEntryOptions): object {
  const { kind, apiVersion: version } = JSON.parse(body.toString()) as Record<string, string>
  const leaf = (bytes: Uint8Array): Buffer => sha256(Buffer.concat([Buffer.from([0]), bytes]))
  const node = (left: Buffer, right: Buffer): Buffer =>
    sha256(Buffer.concat([Buffer.from([1]), left, right]))
  const before = node(leaf(randomBytes(8)), leaf(randomBytes(8)))
  const rootHash = node(before, leaf(body))
  const note = `${log.host} - 42\n3\n${rootHash.toString('base64')}\n`
  const signature = Buffer.concat([
    log.id.subarray(0, 4),
    sign('sha256', Buffer.from(note), log.privateKey),
  ])
  const envelope =
    options.checkpoint ??
    `${note}\n\u2014 ${options.name ?? log.host} ${signature.toString('base64')}\n`
  const integratedTime = Math.floor(options.at / 1000)
  const promised = {
    body: body.toString('base64'),
    integratedTime,
    logID: log.id.toString('hex'),
    logIndex: 2,
  }
  const promise = sign('sha256', Buffer.from(JSON.stringify(promised)), log.privateKey)
  return {
    logIndex: '2',
    logId: { keyId: log.id.toString('base64') },
    kindVersion: { kind, version },
    ...(options.withoutPromise === true
      ? { integratedTime: '0' }
      : {
          integratedTime: String(integratedTime),
          inclusionPromise: { signedEntryTimestamp: promise.toString('base64') },
        }),
    ...(options.withoutProof === true
      ? {}
      : {
          inclusionProof: {
            logIndex: '2',
            rootHash: rootHash.toString('base64'),
            treeSize: '3',
            hashes: [before.toString('base64')],
            checkpoint: { envelope },
          },
        }),
    canonicalizedBody: body.toString('base64'),
  }
}

/** RFC 3161: a response with a token for `stamped`. */
export function stamp(
  { stamper, stampRoot }: Pick<PrivateSigstore, 'stamper' | 'stampRoot'>,
  stamped: Buffer,
  at: number,
): Buffer {
  const sha256Id = sequence(oid('2.16.840.1.101.3.4.2.1'))
  const tstInfo = '1.2.840.113549.1.9.16.1.4'
  const content = sequence(
    integer(1),
    oid('1.3.6.1.4.1.57264.2'),
    sequence(sha256Id, octets(sha256(stamped))),
    integer(7),
    generalTime(at),
  )
  const attribute = (id: string, value: Der): Der => sequence(oid(id), set(value))
  const attributes = [
    attribute('1.2.840.113549.1.9.3', oid(tstInfo)),
    attribute('1.2.840.113549.1.9.4', octets(sha256(content))),
    attribute(
      '1.2.840.113549.1.9.16.2.47',
      sequence(sequence(sequence(octets(sha256(stamper.der))))),
    ),
  ].toSorted((a, b) => Buffer.compare(a, b))
  const signature = sign('sha256', set(...attributes), stamper.privateKey)
  const signerInfo = sequence(
    integer(1),
    sequence(stampRoot.name, serialOf(stamper.der)),
    sha256Id,
    tagged(0, ...attributes),
    sequence(oid('1.2.840.10045.4.3.2')),
    octets(signature),
  )
  const signedData = sequence(
    integer(3),
    set(sha256Id),
    sequence(oid(tstInfo), tagged(0, octets(content))),
    tagged(0, stamper.der),
    set(signerInfo),
  )
  return sequence(
    sequence(integer(0)),
    sequence(oid('1.2.840.113549.1.7.2'), tagged(0, signedData)),
  )
}

/** The INTEGER of a certificate of this kit: it follows the version, and is five bytes at most. */
function serialOf(der: Buffer): Der {
  const version = der.indexOf(Buffer.from('a003020102', 'hex'))
  const start = version + 5
  return der.subarray(start, start + 2 + (der[start + 1] ?? 0))
}

export interface BundleOptions {
  readonly leaf?: TestCertificate
  /** Instead of a certificate. */
  readonly key?: KeyPair & { readonly hint?: string }
  readonly statement?: Buffer | object
  readonly payloadType?: string
  readonly at?: number
  readonly entries?: (envelope: Envelope, verifier: string) => readonly object[]
  readonly stamps?: (envelope: Envelope) => readonly Buffer[]
  readonly mediaType?: string
}

/** A bundle as cosign 3 stores one: by default of a fresh leaf, logged as Rekor v1 does. */
export function makeBundle(
  sigstore: PrivateSigstore,
  digest: string,
  options: BundleOptions = {},
): Record<string, unknown> & { readonly dsseEnvelope: object } {
  const at = options.at ?? sigstore.now
  const signer: KeyPair & { readonly der?: Buffer } =
    options.key ?? options.leaf ?? issueLeaf(sigstore, { at })
  const envelope = signEnvelope(
    signer.privateKey,
    options.statement ?? imageStatement(digest),
    options.payloadType,
  )
  const verifier = verifierOf(signer)
  const entries =
    options.entries ?? ((made, pem) => [logEntry(sigstore.log, dsseBody(made, pem), { at })])
  const { key } = options
  const hint = key?.hint ?? sha256(signer.spki).toString('base64')
  return {
    mediaType: options.mediaType ?? bundleV3,
    verificationMaterial: {
      ...(key === undefined
        ? {
            certificate: {
              rawBytes: signer.der?.toString('base64'),
            },
          }
        : { publicKey: { hint } }),
      tlogEntries: entries(envelope, verifier),
      timestampVerificationData: {
        rfc3161Timestamps: (options.stamps?.(envelope) ?? []).map((token) => ({
          signedTimestamp: token.toString('base64'),
        })),
      },
    },
    dsseEnvelope: envelopeJson(envelope),
  }
}

export interface LegacyOptions {
  readonly key?: KeyPair
  readonly leaf?: TestCertificate
  readonly at?: number
  readonly withoutLog?: boolean
  readonly withStamp?: boolean
  /** Of simple signing; else it is written as cosign does. */
  readonly payload?: Buffer
  readonly reference?: string
}

interface LegacyLayer {
  readonly content: Buffer
  readonly annotations: Readonly<Record<string, string>>
}

export function simplePayload(digest: string, reference = 'registry.test/team/app'): Buffer {
  const critical = {
    identity: { 'docker-reference': reference },
    image: { 'docker-manifest-digest': digest },
    type: 'cosign container image signature',
  }
  return Buffer.from(JSON.stringify({ critical, optional: null }))
}

/** A layer of a `.sig` manifest as cosign 2 pushes it. */
export function makeSimple(
  sigstore: PrivateSigstore,
  digest: string,
  options: LegacyOptions,
): LegacyLayer {
  const signer: KeyPair & { readonly der?: Buffer } =
    options.key ?? options.leaf ?? issueLeaf(sigstore)
  const content = options.payload ?? simplePayload(digest, options.reference)
  const signature = sign('sha256', content, signer.privateKey)
  const verifier = verifierOf(signer)
  const body = rekordBody(content, signature, verifier)
  return {
    content,
    annotations: {
      'dev.cosignproject.cosign/signature': signature.toString('base64'),
      ...evidenceOf(sigstore, { body, stamped: signature }, { ...options, signer }),
    },
  }
}

/** A layer of an `.att` manifest as cosign 2 pushes it. */
export function makeAttestation(
  sigstore: PrivateSigstore,
  statement: object,
  options: LegacyOptions,
): LegacyLayer {
  const signer: KeyPair & { readonly der?: Buffer } =
    options.key ?? options.leaf ?? issueLeaf(sigstore)
  const envelope = signEnvelope(signer.privateKey, statement)
  const verifier = verifierOf(signer)
  const content = Buffer.from(JSON.stringify(envelopeJson(envelope)))
  const evidence = { body: dsseBody(envelope, verifier), stamped: content }
  return {
    content,
    annotations: {
      'dev.cosignproject.cosign/signature': '',
      ...evidenceOf(sigstore, evidence, { ...options, signer }),
    },
  }
}

function evidenceOf(
  sigstore: PrivateSigstore,
  { body, stamped }: { readonly body: Buffer; readonly stamped: Buffer },
  options: LegacyOptions & { readonly signer: KeyPair & { readonly der?: Buffer } },
): Readonly<Record<string, string>> {
  const { signer, at = sigstore.now } = options
  const entry = logEntry(sigstore.log, body, { at }) as {
    readonly inclusionPromise: { readonly signedEntryTimestamp: string }
  }
  const rekor = {
    SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
    Payload: {
      body: body.toString('base64'),
      integratedTime: Math.floor(at / 1000),
      logIndex: 2,
      logID: sigstore.log.id.toString('hex'),
    },
  }
  const token = { SignedRFC3161Timestamp: stamp(sigstore, stamped, at).toString('base64') }
  return {
    ...(signer.der === undefined
      ? {}
      : {
          'dev.sigstore.cosign/certificate': certificatePem({ der: signer.der }),
          'dev.sigstore.cosign/chain': certificatePem(sigstore.intermediate),
        }),
    ...(options.withoutLog === true ? {} : { 'dev.sigstore.cosign/bundle': JSON.stringify(rekor) }),
    ...(options.withStamp === true
      ? { 'dev.sigstore.cosign/rfc3161timestamp': JSON.stringify(token) }
      : {}),
  }
}
