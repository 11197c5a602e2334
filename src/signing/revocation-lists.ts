// Purpose:  the lists of certificates that this installation issued and revoked: one for each authority that issued some.
// Spec:     RFC 5280 section 5; Notary Project trust-store-trust-policy.md, certificate revocation evaluation.
// Input:    revocations that are kept here.
// Deviates: a list is signed anew each day and in the transaction of each revocation, and is good for seven days.
// Unknowns: an authority that is none of this installation's → no list; one whose key cannot be used → SIGNING_KEY_UNUSABLE.
import type { IssuerWord } from '../signatures/notation/issuer-word.ts'
import type { IssuedCertificate } from '../signatures/notation/wanted-revocation.ts'
import { isSame, parseCertificate } from '../signatures/x509/certificate.ts'
import { issueCrl, type RevokedCertificate } from '../signatures/x509/issue-crl.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { day, nameOf, type AuthorityDeps } from './authority-keys.ts'
import { findJob } from './job-store.ts'
import {
  findIssued,
  findStoredList,
  listRevokedKeys,
  writeList,
  type RevokedKey,
} from './revocation-list-store.ts'
import { parseSignerArn } from './rules/profile.ts'
import { listIssuers, type SigningKeyRecord } from './signing-key-store.ts'

export const signRevocationListsJob = 'sign-revocation-lists'
export const signListsEveryMs = day
const goodForDays = 7

type ListDeps = Pick<AuthorityDeps, 'clock' | 'keys'>

/** Of every authority. In the transaction of a revocation no list is there without it. */
export async function signRevocationLists(deps: ListDeps, tx: SqlWriter): Promise<void> {
  const revoked = await listRevokedKeys(tx)
  for (const issuer of await listIssuers(tx)) await signList(deps, tx, { issuer, revoked })
}

/** DER; undefined for what is no authority of this installation. */
export async function readRevocationList(
  deps: ListDeps & { readonly database: Database },
  issuerId: string,
): Promise<Uint8Array | undefined> {
  const stored = await findStoredList(deps.database, issuerId)
  if (stored !== undefined) return stored.list
  const issuers = await listIssuers(deps.database)
  if (!issuers.some(({ id }) => id === issuerId)) return undefined
  await deps.database.transaction((tx) => signRevocationLists(deps, tx))
  return (await findStoredList(deps.database, issuerId))?.list
}

async function signList(
  { clock, keys }: ListDeps,
  tx: SqlWriter,
  {
    issuer,
    revoked,
  }: { readonly issuer: SigningKeyRecord; readonly revoked: readonly RevokedKey[] },
): Promise<void> {
  const [own] = issuer.chain
  const entries = revoked.flatMap(({ chain: [leaf, by], from, at }) =>
    leaf === undefined || by === undefined || own === undefined || !isSame(by, own)
      ? []
      : [entryOf(leaf, { from, at })],
  )
  const number = ((await findStoredList(tx, issuer.id))?.number ?? 0) + 1
  const signedAt = clock.now()
  const thisUpdate = signedAt.getTime()
  const times = { number, thisUpdate, nextUpdate: thisUpdate + goodForDays * day }
  const list = await keys.issue(tx, issuer.id, (key) =>
    issueCrl(entries, { nameDer: nameOf(issuer, 'intermediate'), key }, times),
  )
  await writeList(tx, issuer.id, { number, list, signedAt })
}

function entryOf(leaf: Uint8Array, { from, at }: Omit<RevokedKey, 'chain'>): RevokedCertificate {
  const parsed = parseCertificate(leaf)
  if (parsed.kind !== 'certificate') throw new Error('a certificate of ours cannot be read')
  const { serial } = parsed.certificate
  return { serial, revokedAt: at.getTime(), invalidFrom: from.getTime() }
}

/** What the issuer of a certificate knows of it and of the signature, where that is this installation; undefined of a stranger's. */
export async function wordOnCertificate(
  { reader, region }: { readonly reader: SqlReader; readonly region: string },
  { der, publicKey, job: named }: IssuedCertificate,
): Promise<IssuerWord | undefined> {
  const found = await findIssued(reader, publicKey)
  const [own] = found?.chain ?? []
  if (found === undefined || own === undefined || !isSame(own, der)) return undefined
  const { revokedFrom } = found
  const arn = named === undefined ? undefined : parseSignerArn(region, named)
  const job = arn?.kind === 'job' ? await findJob(reader, arn.account, arn.id) : undefined
  const at = job?.revocation?.at.getTime()
  return at === undefined ? { revokedFrom } : { revokedFrom, signatureRevokedAt: at }
}
