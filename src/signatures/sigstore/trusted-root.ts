// Purpose:  read a trusted root: the authorities and logs that a sigstore instance consists of.
// Spec:     sigstore trusted_root.json (protobuf-specs `TrustedRoot` as ProtoJSON), media type …trustedroot+json;version=0.1.
// Input:    a file given by who runs the server, at most 1 MiB.
// Deviates: the file has no date of its own; the start of its newest member stands for one. Nothing here fetches or updates it.
// Unknowns: a certificate, key or log that cannot be read → the whole root is refused with the place, never a part of it used.
import { X509Certificate } from 'node:crypto'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify'
import { isRecord } from '../../oci/descriptor.ts'
import { digestOf, type Digest } from '../../oci/digest.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'

export interface SigstoreRoot {
  /** By it trust policies name the root: `public`, or the name of a private instance. */
  readonly name: string
  /** Of the file. */
  readonly hash: Digest
  /** Milliseconds since the epoch: when the newest of its members begins. A root of long ago knows no new log. */
  readonly newestStart: number | undefined
  readonly logs: readonly TransparencyLog[]
  readonly material: Omit<TrustMaterial, 'publicKey'>
}

export interface TransparencyLog {
  readonly address: string
  /** In hex: entries name the log by one of them. */
  readonly ids: readonly string[]
  readonly verifier: TrustMaterial['tlogs'][number]
}

export type RootReading =
  | { readonly kind: 'root'; readonly root: SigstoreRoot }
  | { readonly kind: 'refused'; readonly reason: string }

const mediaTypes = new Set([
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot.v0.1+json',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
])
const maxBytes = 1024 * 1024
const maxMembers = 64
const maxChain = 10

export function readTrustedRoot(name: string, bytes: Uint8Array): RootReading {
  if (bytes.byteLength > maxBytes) return refused(`the root has more than ${maxBytes} bytes`)
  const json = parseStrictJson(bytes, ['mediaType', 'tlogs', 'certificateAuthorities', 'ctlogs'])
  if (json.kind === 'refused') return refused(`the root ${json.reason}`)
  const mediaType = isRecord(json.value) ? json.value['mediaType'] : undefined
  if (typeof mediaType !== 'string' || !mediaTypes.has(mediaType))
    return refused(
      `mediaType is ${JSON.stringify(mediaType) ?? 'missing'}; a trusted root has ${[...mediaTypes][0] ?? ''}`,
    )
  try {
    const parsed = TrustedRoot.fromJSON(json.value)
    const fault = faultOf(parsed)
    return fault === undefined
      ? { kind: 'root', root: rootOf(name, parsed, digestOf(bytes)) }
      : refused(fault)
  } catch (error) {
    return refused(`the root cannot be read: ${error instanceof Error ? error.message : ''}`)
  }
}

function refused(reason: string): RootReading {
  return { kind: 'refused', reason }
}

function rootOf(name: string, parsed: TrustedRoot, hash: Digest): SigstoreRoot {
  const { publicKey: _, ...material } = toTrustMaterial(parsed)
  const logs = parsed.tlogs.flatMap(({ baseUrl, logId, checkpointKeyId }, index) => {
    const verifier = material.tlogs[index]
    const ids = [logId, checkpointKeyId].flatMap((id) => id?.keyId.toString('hex') ?? [])
    return verifier === undefined ? [] : [{ address: baseUrl, ids, verifier }]
  })
  const starts = [
    ...[...parsed.tlogs, ...parsed.ctlogs].map(({ publicKey }) => publicKey?.validFor?.start),
    ...[...parsed.certificateAuthorities, ...parsed.timestampAuthorities].map(
      ({ validFor }) => validFor?.start,
    ),
  ].flatMap((start) => start?.getTime() ?? [])
  const newestStart = starts.length === 0 ? undefined : Math.max(...starts)
  return { name, hash, newestStart, logs, material }
}

function faultOf(root: TrustedRoot): string | undefined {
  const { tlogs, ctlogs, certificateAuthorities, timestampAuthorities } = root
  const lists = { tlogs, ctlogs, certificateAuthorities, timestampAuthorities }
  const crowded = Object.entries(lists).find(([, { length }]) => length > maxMembers)
  if (crowded !== undefined) return `${crowded[0]} has more than ${maxMembers} members`
  if (certificateAuthorities.length + tlogs.length + timestampAuthorities.length === 0)
    return 'the root has neither authorities nor transparency logs: it would trust nothing'
  for (const place of ['tlogs', 'ctlogs'] as const) {
    const at = root[place].findIndex((log) => !isWholeLog(log))
    if (at >= 0) return `${place}[${at}] lacks its address, its id or its key`
  }
  for (const place of ['certificateAuthorities', 'timestampAuthorities'] as const) {
    for (const [at, { certChain }] of root[place].entries()) {
      const fault = faultOfChain(certChain?.certificates ?? [])
      if (fault !== undefined) return `${place}[${at}].certChain ${fault}`
    }
  }
  return undefined
}

function isWholeLog({ baseUrl, logId, publicKey }: TrustedRoot['tlogs'][number]): boolean {
  return baseUrl !== '' && (logId?.keyId.byteLength ?? 0) > 0 && publicKey?.rawBytes !== undefined
}

/** Leaf or intermediate first, and each issued by the next, as the format has it. */
function faultOfChain(certificates: readonly { readonly rawBytes: Buffer }[]): string | undefined {
  if (certificates.length === 0) return 'is empty'
  if (certificates.length > maxChain) return `has more than ${maxChain} certificates`
  const chain = certificates.map(({ rawBytes }) => new X509Certificate(rawBytes))
  const broken = chain.findIndex((certificate, at) => {
    const issuer = chain[at + 1] ?? certificate
    return !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)
  })
  if (broken >= 0)
    return broken === chain.length - 1
      ? 'does not end in a certificate that signs itself'
      : `has a certificate ${broken} that certificate ${broken + 1} did not issue`
  return undefined
}
