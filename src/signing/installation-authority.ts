// Purpose:  the installation's own certificate authority: made at its first use, issues the certificates of keys that sign here.
// Spec:     RFC 5280 section 4; Notary Project signature-specification.md, certificate requirements.
// Input:    the public key of a key that was made here, and a name.
// Deviates: nothing. The root lives for ten years, an intermediate for three and issues for one, a leaf for one.
// Unknowns: an authority whose private key cannot be used → SIGNING_KEY_UNUSABLE; nothing is issued by another one instead.
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import {
  encodeName,
  issueIntermediate,
  issueLeaf,
  issueRoot,
  type SubjectName,
} from '../signatures/x509/issue-certificate.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import type { KeyStore, MadeKey } from './key-store.ts'
import {
  findNewestKey,
  insertSigningKey,
  listRoots,
  type KeyKind,
  type SigningKeyRecord,
} from './signing-key-store.ts'
import type { AccountId } from '../policy/account-id.ts'

export interface AuthorityDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly keys: KeyStore
}

const day = 86_400_000
const rootDays = 3652
const intermediateDays = 1095
const issuesForDays = 365
const leafDays = 365
/** Clocks of those who verify go before ours now and then. */
const backdatedMs = 300_000

const authorityName = { country: 'XX', state: 'Pratique', organization: 'Pratique' } as const

/** Keeps a key with the certificate that the authority issues for it. */
export async function keepCertifiedKey(
  deps: AuthorityDeps,
  tx: SqlWriter,
  made: MadeKey,
  of: {
    readonly kind: 'profile' | 'named'
    readonly account: AccountId
    readonly name: string | undefined
    readonly algorithm: string
    readonly subject: SubjectName
    readonly madeBy: string
  },
): Promise<SigningKeyRecord> {
  const issuer = await issuingKey(deps, tx)
  const times = lifeOf(deps, leafDays)
  const leaf = await deps.keys.issue(tx, issuer.id, (key) =>
    issueLeaf(
      { name: of.subject, publicKey: made.publicKey, purpose: 'codeSigning' },
      { nameDer: nameOf('intermediate', issuer), key },
      times,
    ),
  )
  return keep(deps, tx, { made, ...of, chain: [leaf, ...issuer.chain], notAfter: times.notAfter })
}

/** Certificates in PEM, the oldest root first: whoever verifies for years needs all of them. Made if there is none yet. */
export async function rootsInPem(deps: AuthorityDeps, tx: SqlWriter): Promise<string> {
  await issuingKey(deps, tx)
  const roots = await listRoots(tx)
  return roots.map(({ chain: [root] }) => (root === undefined ? '' : pemOf(root))).join('')
}

export function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** The intermediate that issues now. */
async function issuingKey(deps: AuthorityDeps, tx: SqlWriter): Promise<SigningKeyRecord> {
  const newest = await findNewestKey(tx, 'intermediate')
  const age = deps.clock.now().getTime() - (newest?.createdAt.getTime() ?? 0)
  if (newest !== undefined && age < issuesForDays * day) return newest
  const root = await currentRoot(deps, tx)
  const made = await deps.keys.make('EC-384')
  const times = lifeOf(deps, intermediateDays)
  const name = { ...authorityName, commonName: `Pratique signing ${made.id.slice(0, 8)}` }
  const certificate = await deps.keys.issue(tx, root.id, (key) =>
    issueIntermediate(
      { name, publicKey: made.publicKey, pathLength: 0 },
      { nameDer: nameOf('root', root), key },
      times,
    ),
  )
  return keep(deps, tx, {
    made,
    ...ofAuthority('intermediate'),
    chain: [certificate, ...root.chain],
    notAfter: times.notAfter,
  })
}

/** One that outlives what it is to issue. */
async function currentRoot(deps: AuthorityDeps, tx: SqlWriter): Promise<SigningKeyRecord> {
  const newest = await findNewestKey(tx, 'root')
  const needed = deps.clock.now().getTime() + intermediateDays * day
  if (newest !== undefined && newest.expiresAt.getTime() > needed) return newest
  const made = await deps.keys.make('EC-384')
  const times = lifeOf(deps, rootDays)
  const name = { ...authorityName, commonName: `Pratique root ${made.id.slice(0, 8)}` }
  const certificate = made.issue((key) => issueRoot(name, key, times))
  const { notAfter } = times
  return keep(deps, tx, { made, ...ofAuthority('root'), chain: [certificate], notAfter })
}

function ofAuthority(kind: KeyKind) {
  return { kind, account: undefined, name: undefined, algorithm: 'EC-384', madeBy: 'pratique' }
}

function nameOf(kind: 'root' | 'intermediate', { id }: SigningKeyRecord): Uint8Array {
  const what = kind === 'root' ? 'root' : 'signing'
  return encodeName({ ...authorityName, commonName: `Pratique ${what} ${id.slice(0, 8)}` })
}

function lifeOf(
  { clock, ids }: AuthorityDeps,
  days: number,
): { readonly serial: Uint8Array; readonly notBefore: number; readonly notAfter: number } {
  const notBefore = clock.now().getTime() - backdatedMs
  return { serial: ids.bytes(16), notBefore, notAfter: notBefore + days * day }
}

async function keep(
  { clock }: AuthorityDeps,
  tx: SqlWriter,
  of: {
    readonly made: MadeKey
    readonly kind: KeyKind
    readonly account: AccountId | undefined
    readonly name: string | undefined
    readonly algorithm: string
    readonly chain: readonly Uint8Array[]
    readonly madeBy: string
    readonly notAfter: number
  },
): Promise<SigningKeyRecord> {
  const { made, account, notAfter, ...rest } = of
  const record: SigningKeyRecord = {
    ...rest,
    id: made.id,
    publicKey: spkiOf(made.publicKey),
    createdAt: clock.now(),
    expiresAt: new Date(notAfter),
  }
  await insertSigningKey(tx, { ...record, account, secret: made.secret })
  return record
}

function spkiOf(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' })
}
