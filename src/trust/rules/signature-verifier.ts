// Purpose:  hand each candidate to the verifier of its form, with the material of the trust policy in that verifier's words.
// Spec:     signing reference 5.1 (entries), 1.7 (Notation's statement), 4.3 to 4.5 (cosign's forms).
// Input:    bytes of strangers; entries and material as they were accepted when they were put.
// Deviates: nothing.
// Unknowns: material that is named and not here, or that a verifier cannot read → 'unknown', with the name.
import { parsePublicKeys } from '../../lib/public-keys.ts'
import { parseIdentity, type TrustedIdentity } from '../../signatures/notation/trusted-identity.ts'
import type { TrustPolicyStatement } from '../../signatures/notation/trust-policy.ts'
import { readTrustStore, type TrustStores } from '../../signatures/notation/trust-store.ts'
import { actionsOf } from '../../signatures/notation/verification-level.ts'
import { verifyNotation, type NotationInput } from '../../signatures/notation/verify-notation.ts'
import type { SignatureReason, SignatureVerdict } from '../../signatures/outcome.ts'
import type {
  AcceptEntry as SigstoreEntry,
  NamedKey,
} from '../../signatures/sigstore/accept-entry.ts'
import { passed, verifiedVerdict } from '../../signatures/sigstore/check-list.ts'
import { factsOf } from '../../signatures/sigstore/predicate-facts.ts'
import { imageSignatureType } from '../../signatures/sigstore/predicate-types.ts'
import { readTrustedRoot, type SigstoreRoot } from '../../signatures/sigstore/trusted-root.ts'
import { verifyContent, type SoundContent } from '../../signatures/sigstore/verify-sigstore.ts'
import { digestOf } from '../../oci/digest.ts'
import { isLikelySignature } from './candidate.ts'
import type { StoredKey, StoredRoot, StoredStore, TrustMaterial } from './trust-material.ts'
import type { KeyEntry, KeylessEntry, NotationEntry } from './trust-policy.ts'
import type { CandidateVerdict, SignedStatement, Verifier, VerifierInput } from './verifier.ts'

/** What a verifier of another revision found is found anew after a start. */
export const engineRevision = '2'

/** What is known of revoked certificates, and what the signing service says, for one signature; asked for where somebody can. */
export type RevocationOf = (
  input: Omit<NotationInput, 'revocation'>,
) => Promise<NotationInput['revocation']> | NotationInput['revocation']

/** What was read of material once is kept as long as the material is. */
export function signatureVerifier(revocationOf: RevocationOf): Verifier {
  const readStore = remembered((store: StoredStore) =>
    readTrustStore(store.type, new Map([[store.name, Buffer.from(store.pem)]])),
  )
  const readKey = remembered(({ pem }: StoredKey) => parsePublicKeys(pem))
  const readRoot = remembered(({ name, json }: StoredRoot) =>
    readTrustedRoot(name, Buffer.from(json)),
  )
  const rootOf = (name: string | undefined, { roots }: TrustMaterial): FoundRoot => {
    const stored = name === undefined ? undefined : roots.get(name)
    const read = stored === undefined ? undefined : readRoot(stored)
    return { root: read?.kind === 'root' ? read.root : undefined, hash: stored?.hash }
  }
  const keysOf = ({ keys: names }: KeyEntry, { keys }: TrustMaterial): readonly NamedKey[] =>
    names.flatMap((name) => {
      const stored = keys.get(name)
      const read = stored === undefined ? undefined : readKey(stored)
      const key = read?.kind === 'keys' ? read.keys[0] : undefined
      return stored === undefined || key === undefined ? [] : [namedKey(stored, key)]
    })
  return (input) => {
    const { entry, material } = input
    switch (entry.kind) {
      case 'notation': {
        const stores = storesOf(entry, material, readStore)
        return typeof stores === 'string'
          ? missing(stores)
          : judgeNotation(input, { entry, stores, revocationOf })
      }
      case 'sigstore': {
        const found = rootOf(entry.root, material)
        return judgeSigstore(input, keylessEntry(entry, found.root), found.hash)
      }
      case 'cosignKey': {
        const keys = keysOf(entry, material)
        if (keys.length === 0) return missing(`none of the keys ${entry.keys.join(', ')} is here`)
        const found = rootOf(entry.root, material)
        const { tlog, time } = entry
        const thresholds = { log: tlog, time }
        const own: SigstoreEntry = {
          kind: 'key',
          keys,
          root: found.root,
          thresholds,
          acceptAttestationAsSignature: true,
        }
        return judgeSigstore(input, own, found.hash)
      }
    }
  }
}

interface FoundRoot {
  readonly root: SigstoreRoot | undefined
  readonly hash: string | undefined
}

function remembered<Given extends WeakKey, Made>(
  make: (given: Given) => Made,
): (given: Given) => Made {
  const made = new WeakMap<Given, { readonly value: Made }>()
  return (given) => {
    const known = made.get(given)
    if (known !== undefined) return known.value
    const value = make(given)
    made.set(given, { value })
    return value
  }
}

function namedKey(stored: StoredKey, key: NamedKey['key']): NamedKey {
  const { name, validFrom, validUntil, revokedFrom } = stored
  return {
    name,
    key,
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(validUntil === undefined ? {} : { validUntil }),
    ...(revokedFrom === undefined ? {} : { revokedFrom }),
  }
}

function keylessEntry(
  { issuer, subject, tlog, time, certificateLog }: KeylessEntry,
  root: SigstoreRoot | undefined,
): SigstoreEntry {
  return {
    kind: 'keyless',
    root,
    issuer,
    subject,
    thresholds: { log: tlog, time, certificateLog },
    acceptAttestationAsSignature: true,
  }
}

/** Or a sentence about what is not there. */
function storesOf(
  { stores }: NotationEntry,
  material: TrustMaterial,
  read: (store: StoredStore) => ReturnType<typeof readTrustStore>,
): TrustStores | string {
  const found = new Map<
    string,
    TrustStores extends ReadonlyMap<string, infer List> ? List : never
  >()
  for (const { type, name } of stores) {
    const key = `${type}:${name}`
    const stored = material.stores.get(key)
    if (stored === undefined) return `store ${key} is not here`
    const store = read(stored)
    if (store.kind === 'refused') return `store ${key} cannot be read: ${store.reason}`
    found.set(key, store.certificates)
  }
  return found
}

const notationTypes = {
  'notation-jws': 'application/jose+json',
  'notation-cose': 'application/cose',
} as const

/** A certificate may be revoked before its list says when the next one comes: asked again after so long. */
const recheckMs = 12 * 3_600_000
/** Where nobody answered. */
const retryMs = 10 * 60_000

async function judgeNotation(
  { candidate, subject, now }: VerifierInput,
  given: {
    readonly entry: NotationEntry
    readonly stores: TrustStores
    readonly revocationOf: RevocationOf
  },
): Promise<CandidateVerdict> {
  const { format, content } = candidate
  if (format !== 'notation-jws' && format !== 'notation-cose')
    return missing('it is no signature of the Notary Project')
  const input = {
    envelope: content,
    mediaType: notationTypes[format],
    subject,
    statement: statementOf(given.entry),
    stores: given.stores,
    now,
  }
  const revocation = await given.revocationOf(input)
  const { strict: _, ...verdict } = verifyNotation({ ...input, revocation })
  if (revocation.answers.size === 0 && revocation.awsSigner === undefined)
    return { ...verdict, isSignature: true }
  const isUnanswered = verdict.reason === 'revocation-unavailable'
  const again = now + (isUnanswered ? retryMs : recheckMs)
  const validUntil = Math.min(verdict.validUntil ?? Infinity, again)
  return { ...verdict, validUntil, isSignature: true }
}

function statementOf(entry: NotationEntry): TrustPolicyStatement {
  const { id, level, override, verifyTimestamp, stores, identities } = entry
  return {
    name: id,
    registryScopes: ['*'],
    level,
    actions: actionsOf(level, override),
    verifyTimestamp,
    trustStores: stores,
    trustedIdentities: identities.flatMap((text) => identityOf(text)),
  }
}

/** One that cannot be read trusts nobody. */
function identityOf(text: string): readonly TrustedIdentity[] {
  const identity = parseIdentity(text)
  return typeof identity === 'string' ? [] : [identity]
}

function judgeSigstore(
  { candidate, subject, entry, now }: VerifierInput,
  own: SigstoreEntry,
  rootHash: string | undefined,
): CandidateVerdict {
  const { format, content, annotations, seenAt } = candidate
  if (format === 'notation-jws' || format === 'notation-cose')
    return missing('it is no signature of cosign')
  const isBound = entry.kind === 'cosignKey' && entry.bindRepository
  const sound = verifyContent(
    { format, content, annotations },
    {
      subject: subject.digest,
      entry: own,
      now,
      seenAt,
      ...(isBound ? { repository: subject.repository } : {}),
    },
  )
  const root = rootHash === undefined ? {} : { rootHash }
  if (sound.kind === 'failed')
    return { ...sound.verdict, isSignature: isLikelySignature(candidate), ...root }
  return { ...soundVerdict(sound), ...root }
}

function soundVerdict({
  checks,
  facts,
  statement,
  payload,
}: Extract<SoundContent, { readonly kind: 'sound' }>): CandidateVerdict {
  const type = statement?.predicateType ?? imageSignatureType
  const verdict: SignatureVerdict = verifiedVerdict(
    [...checks, passed('predicate-type', type)],
    facts,
  )
  if (statement === undefined || type === imageSignatureType)
    return { ...verdict, isSignature: true }
  const told: SignedStatement = {
    predicateType: type,
    predicateDigest: digestOf(payload),
    extracted: extractedOf(type, statement.predicate),
  }
  return { ...verdict, isSignature: false, statement: told }
}

const maxExtracted = 500

/** Short texts of what is known of such a predicate. */
function extractedOf(type: string, predicate: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(factsOf(type, predicate)).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number'
      ? [[name, String(value).slice(0, maxExtracted)] as const]
      : [],
  )
  return Object.fromEntries(texts)
}

function missing(detail: string): CandidateVerdict {
  const reason: SignatureReason = 'root-missing'
  const check = {
    check: 'material',
    outcome: 'unknown',
    action: 'enforce',
    reason,
    detail,
  } as const
  return { result: 'unknown', reason, checks: [check], isSignature: true }
}
