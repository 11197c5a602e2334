// Who vouches for the name by which API servers reach this server: an authority of our own, and a certificate that it signs.
import {
  createECDH,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { encodeName, issueRoot, type SubjectName } from '../signatures/x509/issue-certificate.ts'
import { issueServerCertificate } from '../signatures/x509/issue-server-certificate.ts'
import type { Database } from '../storage/database/database.ts'
import { insertAuthority, listAuthorities, type StoredAuthority } from './authority-store.ts'

export interface CertificateDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  /** 32 random bytes of that name, made when they are first asked for, sealed in the database. */
  readonly storedKey: (name: string) => Promise<KeyObject>
}

export interface ServerCertificate {
  /** PEM, with that of its authority. */
  readonly certificate: string
  /** PEM. */
  readonly key: string
  /** Milliseconds. */
  readonly notAfter: number
}

const dayMs = 86_400_000
const authorityDays = 3650
/** An authority follows another one this early, so that every cluster has both before the first ends. */
const authorityRenewDays = 730
const certificateDays = 90
export const certificateRenewMs = 30 * dayMs
/** Clocks of API servers may be behind. */
const backdatedMs = dayMs

/** PEM of every authority that is in force: what a cluster is given to know this server by. */
export async function authorityBundle(deps: CertificateDeps): Promise<string> {
  const now = deps.clock.now().getTime()
  await currentAuthority(deps)
  const all = await listAuthorities(deps.database)
  return all
    .filter(({ notAfter }) => notAfter > now)
    .map(({ certificate }) => certificate)
    .join('')
}

/** A fresh key and a certificate for these names, hosts or addresses. */
export async function issueForServer(
  deps: CertificateDeps,
  names: readonly string[],
): Promise<ServerCertificate> {
  const now = deps.clock.now().getTime()
  const authority = await signingAuthority(deps, now)
  const signer = await authorityKey(deps, authority.number)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const notAfter = Math.min(now + certificateDays * dayMs, authority.notAfter)
  const der = issueServerCertificate(
    {
      name: nameOf('server'),
      publicKey,
      names: names.map((text) => ({ kind: isAddress(text) ? 'address' : 'host', text })),
    },
    { nameDer: encodeName(nameOf(`admission ${authority.number}`)), key: signer },
    { serial: deps.ids.bytes(16), notBefore: now - backdatedMs, notAfter },
  )
  return {
    certificate: pem(der) + authority.certificate,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    notAfter,
  }
}

function isAddress(text: string): boolean {
  return text.includes(':') || /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/.test(text)
}

/** Of two, the older one until clusters have had the time to learn of the newer. */
async function signingAuthority(deps: CertificateDeps, now: number): Promise<StoredAuthority> {
  const current = await currentAuthority(deps)
  const older = (await listAuthorities(deps.database)).find(
    ({ number, notAfter }) =>
      number === current.number - 1 && notAfter > now + 2 * certificateDays * dayMs,
  )
  return older ?? current
}

/** The newest, made where there is none, or where the last one ends before long. */
async function currentAuthority(deps: CertificateDeps): Promise<StoredAuthority> {
  const { database, clock } = deps
  const now = clock.now().getTime()
  const [newest] = await listAuthorities(database)
  if (newest !== undefined && newest.notAfter > now + authorityRenewDays * dayMs) return newest
  const made = await makeAuthority(deps, (newest?.number ?? 0) + 1, now)
  await database.transaction((tx) => insertAuthority(tx, made))
  const [current] = await listAuthorities(database)
  return current ?? made
}

async function makeAuthority(
  deps: CertificateDeps,
  number: number,
  now: number,
): Promise<StoredAuthority> {
  const key = await authorityKey(deps, number)
  const notBefore = now - backdatedMs
  const notAfter = now + authorityDays * dayMs
  const serial = deps.ids.bytes(16)
  const der = issueRoot(nameOf(`admission ${number}`), key, { serial, notBefore, notAfter })
  return { number, certificate: pem(der), notBefore, notAfter }
}

function nameOf(commonName: string): SubjectName {
  return { country: 'XX', state: 'Pratique', organization: 'Pratique', commonName }
}

function pem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** Its secret number is the stored key, so that a rotation of the master key carries it along. */
async function authorityKey(deps: CertificateDeps, number: number): Promise<KeyObject> {
  const stored = await deps.storedKey(`admission-authority-${number}`)
  return privateKeyOf(stored.export())
}

function privateKeyOf(secret: Buffer): KeyObject {
  const ecdh = createECDH('prime256v1')
  let scalar = secret
  for (;;) {
    try {
      ecdh.setPrivateKey(scalar)
      break
    } catch {
      // One in four billion is no number of the curve.
      scalar = createHash('sha256').update(scalar).digest()
    }
  }
  const point = ecdh.getPublicKey()
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: scalar.toString('base64url'),
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33, 65).toString('base64url'),
  }
  return createPrivateKey({ key: jwk, format: 'jwk' })
}
