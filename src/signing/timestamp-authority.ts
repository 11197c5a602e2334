// Purpose:  the installation's own timestamp authority: a root and a certificate of its own, made at their first use.
// Spec:     RFC 3161; Notary Project signature-specification.md, timestamping certificates.
// Input:    requests of strangers, hostile.
// Deviates: nothing. Its certificate signs for a year and is valid for three, so that tokens of its last day can be verified as new.
// Unknowns: a request that cannot be answered as it is asked is refused in the protocol's own form.
import {
  grantTimestamp,
  readTimestampRequest,
  refuseTimestamp,
} from '../signatures/x509/answer-timestamp.ts'
import { issueLeaf } from '../signatures/x509/issue-certificate.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import {
  currentRoot,
  findKeyInUse,
  keepKey,
  lifeOf,
  nameOf,
  ofAuthority,
  rootsAsPem,
  subjectOf,
  type AuthorityDeps,
} from './authority-keys.ts'
import { listRoots, type SigningKeyRecord } from './signing-key-store.ts'

const certificateDays = 1095
const signing = { kind: 'tsa', signsForDays: 365 } as const

export type TimestampDeps = AuthorityDeps & { readonly database: Database }

/** A TimeStampResp, with a token or with the reason why there is none. */
export async function answerTimestampQuery(
  deps: TimestampDeps,
  query: Uint8Array,
): Promise<Uint8Array> {
  const read = readTimestampRequest(query)
  if (read.kind === 'refused') return refuseTimestamp(read.failure, read.reason)
  const authority = await authorityInUse(deps)
  const at = deps.clock.now().getTime()
  const serial = deps.ids.bytes(16)
  const { chain } = authority
  return deps.keys.issue(deps.database, authority.id, (key) =>
    grantTimestamp(read.request, { key, chain }, { at, serial }),
  )
}

/** Certificates in PEM, the oldest root first. Made if there is none yet. */
export async function timestampRootsInPem(deps: TimestampDeps): Promise<string> {
  await authorityInUse(deps)
  return rootsAsPem(await listRoots(deps.database, 'tsa-root'))
}

/** Without a transaction where it is there: most who ask change nothing. */
async function authorityInUse(deps: TimestampDeps): Promise<SigningKeyRecord> {
  const { database } = deps
  const inUse = await findKeyInUse(database, deps, signing)
  return inUse ?? database.transaction((tx) => timestampingKey(deps, tx))
}

/** The key that signs timestamps now. */
async function timestampingKey(deps: AuthorityDeps, tx: SqlWriter): Promise<SigningKeyRecord> {
  const inUse = await findKeyInUse(tx, deps, signing)
  if (inUse !== undefined) return inUse
  const root = await currentRoot(deps, tx, { kind: 'tsa-root', issuesDays: certificateDays })
  const made = await deps.keys.make('EC-384')
  const times = lifeOf(deps, certificateDays)
  const leaf = await deps.keys.issue(tx, root.id, (key) =>
    issueLeaf(
      { name: subjectOf('tsa', made.id), publicKey: made.publicKey, purpose: 'timeStamping' },
      { nameDer: nameOf(root, 'tsa-root'), key },
      times,
    ),
  )
  const { notAfter } = times
  return keepKey(deps, tx, { made, ...ofAuthority('tsa'), chain: [leaf, ...root.chain], notAfter })
}
