// Purpose:  the installation's own certificate authority: made at its first use, issues the certificates of keys that sign here.
// Spec:     RFC 5280 section 4; Notary Project signature-specification.md, certificate requirements.
// Input:    the public key of a key that was made here, and a name.
// Deviates: nothing. The root lives for ten years, an intermediate for three and issues for one, a leaf for one.
// Unknowns: an authority whose private key cannot be used → SIGNING_KEY_UNUSABLE; nothing is issued by another one instead.
import type { AccountId } from '../policy/account-id.ts'
import {
  crlUrlExtension,
  issueIntermediate,
  issueLeaf,
  type SubjectName,
} from '../signatures/x509/issue-certificate.ts'
import type { SqlWriter } from '../storage/database/database.ts'
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
import type { MadeKey } from './key-store.ts'
import { listRoots, type SigningKeyRecord } from './signing-key-store.ts'

const intermediateDays = 1095
const issuesForDays = 365
const leafDays = 365

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
  const { crlUrl } = deps
  const more = crlUrl === undefined ? [] : [crlUrlExtension(listUrl(crlUrl, issuer.id))]
  const leaf = await deps.keys.issue(tx, issuer.id, (key) =>
    issueLeaf(
      { name: of.subject, publicKey: made.publicKey, purpose: 'codeSigning' },
      { nameDer: nameOf(issuer, 'intermediate'), key },
      times,
      more,
    ),
  )
  return keepKey(deps, tx, {
    made,
    ...of,
    chain: [leaf, ...issuer.chain],
    notAfter: times.notAfter,
  })
}

/** Where the revocation list of an authority lies. */
export function listUrl(crlUrl: string, issuerId: string): string {
  return `${crlUrl}/pki/${issuerId}.crl`
}

/** Certificates in PEM, the oldest root first: whoever verifies for years needs all of them. Made if there is none yet. */
export async function rootsInPem(deps: AuthorityDeps, tx: SqlWriter): Promise<string> {
  await issuingKey(deps, tx)
  return rootsAsPem(await listRoots(tx, 'root'))
}

/** The intermediate that issues now. */
async function issuingKey(deps: AuthorityDeps, tx: SqlWriter): Promise<SigningKeyRecord> {
  const asked = { kind: 'intermediate', signsForDays: issuesForDays } as const
  const inUse = await findKeyInUse(tx, deps, asked)
  if (inUse !== undefined) return inUse
  const root = await currentRoot(deps, tx, { kind: 'root', issuesDays: intermediateDays })
  const made = await deps.keys.make('EC-384')
  const times = lifeOf(deps, intermediateDays)
  const certificate = await deps.keys.issue(tx, root.id, (key) =>
    issueIntermediate(
      { name: subjectOf('intermediate', made.id), publicKey: made.publicKey, pathLength: 0 },
      { nameDer: nameOf(root, 'root'), key },
      times,
    ),
  )
  return keepKey(deps, tx, {
    made,
    ...ofAuthority('intermediate'),
    chain: [certificate, ...root.chain],
    notAfter: times.notAfter,
  })
}
