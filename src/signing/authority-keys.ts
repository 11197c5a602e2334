// What the authorities of this installation have in common: roots, how long keys live, and how they are kept.
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import { encodeName, issueRoot, type IssuedTimes } from '../signatures/x509/issue-certificate.ts'
import { certificatePem } from '../signatures/x509/certificate-pem.ts'
import type { SqlReader, SqlWriter } from '../storage/database/database.ts'
import type { KeyStore, MadeKey } from './key-store.ts'
import {
  findNewestKey,
  insertSigningKey,
  type AuthorityKind,
  type KeyKind,
  type SigningKeyRecord,
} from './signing-key-store.ts'

export interface AuthorityDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly keys: KeyStore
  /** `http:` address before `/pki`, which leaves name as the place of revocation lists; undefined: they name none. */
  readonly crlUrl?: string | undefined
}

export const day = 86_400_000
const rootDays = 3652
/** Clocks of those who verify go before ours now and then. */
const backdatedMs = 300_000

const authorityName = { country: 'XX', state: 'Pratique', organization: 'Pratique' } as const

/** What the common name of an authority begins with; the key's id follows. */
const labels: Readonly<Record<AuthorityKind, string>> = {
  root: 'root',
  intermediate: 'signing',
  'tsa-root': 'timestamp root',
  tsa: 'timestamps',
}

export function subjectOf(kind: AuthorityKind, id: string) {
  return { ...authorityName, commonName: `Pratique ${labels[kind]} ${id.slice(0, 8)}` }
}

export function nameOf({ id }: SigningKeyRecord, kind: AuthorityKind): Uint8Array {
  return encodeName(subjectOf(kind, id))
}

/** The newest root of that kind that outlives what it is to issue; made if there is none. */
export async function currentRoot(
  deps: AuthorityDeps,
  tx: SqlWriter,
  { kind, issuesDays }: { readonly kind: 'root' | 'tsa-root'; readonly issuesDays: number },
): Promise<SigningKeyRecord> {
  const newest = await findNewestKey(tx, kind)
  const needed = deps.clock.now().getTime() + issuesDays * day
  if (newest !== undefined && newest.expiresAt.getTime() > needed) return newest
  const made = await deps.keys.make('EC-384')
  const times = lifeOf(deps, rootDays)
  const certificate = made.issue((key) => issueRoot(subjectOf(kind, made.id), key, times))
  const { notAfter } = times
  return keepKey(deps, tx, { made, ...ofAuthority(kind), chain: [certificate], notAfter })
}

/** The newest key of that kind, where it is not too old to sign with. */
export async function findKeyInUse(
  reader: SqlReader,
  { clock }: Pick<AuthorityDeps, 'clock'>,
  { kind, signsForDays }: { readonly kind: 'intermediate' | 'tsa'; readonly signsForDays: number },
): Promise<SigningKeyRecord | undefined> {
  const newest = await findNewestKey(reader, kind)
  const age = clock.now().getTime() - (newest?.createdAt.getTime() ?? 0)
  return age < signsForDays * day ? newest : undefined
}

export function ofAuthority(kind: AuthorityKind) {
  return { kind, account: undefined, name: undefined, algorithm: 'EC-384', madeBy: 'pratique' }
}

export function lifeOf({ clock, ids }: AuthorityDeps, days: number): IssuedTimes {
  const notBefore = clock.now().getTime() - backdatedMs
  return { serial: ids.bytes(16), notBefore, notAfter: notBefore + days * day }
}

export async function keepKey(
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

/** Certificates in PEM, each behind the other. */
export function rootsAsPem(roots: readonly SigningKeyRecord[]): string {
  return roots.map(({ chain: [root] }) => (root === undefined ? '' : certificatePem(root))).join('')
}
