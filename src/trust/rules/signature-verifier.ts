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
import { examineSignature } from '../../signatures/notation/examine-signature.ts'
import type { RevocationData } from '../../signatures/notation/notation-input.ts'
import { verifyNotation } from '../../signatures/notation/verify-notation.ts'
import { wantedRevocation } from '../../signatures/notation/wanted-revocation.ts'
import type { SignatureVerdict } from '../../signatures/outcome.ts'
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
import {
  unverified,
  type CandidateVerdict,
  type SignedStatement,
  type VerifierInput,
} from './verifier.ts'
import type { JudgeQuestion, JudgeStep } from './verify-in-steps.ts'

/** What a verifier of another revision found is found anew after a start. */
export const engineRevision = '2'

/** The same question gives the same answer. What was read of material once is kept as long as the material is. */
export function signatureJudge(): (question: JudgeQuestion) => JudgeStep {
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
  return ({ input, revocation, isLast }) => {
    const { entry, material } = input
    switch (entry.kind) {
      case 'notation': {
        const stores = storesOf(entry, material, readStore)
        return typeof stores === 'string'
          ? found(missing(stores))
          : judgeNotation(input, { entry, stores, revocation, isLast })
      }
      case 'sigstore': {
        const { root, hash } = rootOf(entry.root, material)
        return found(judgeSigstore(input, keylessEntry(entry, root), hash))
      }
      case 'cosignKey': {
        const keys = keysOf(entry, material)
        if (keys.length === 0)
          return found(missing(`none of the keys ${entry.keys.join(', ')} is here`))
        const { root, hash } = rootOf(entry.root, material)
        const { tlog, time } = entry
        const thresholds = { log: tlog, time }
        const own: SigstoreEntry = {
          kind: 'key',
          keys,
          root,
          thresholds,
          acceptAttestationAsSignature: true,
        }
        return found(judgeSigstore(input, own, hash))
      }
    }
  }
}

function found(verdict: CandidateVerdict): JudgeStep {
  return { kind: 'verdict', verdict }
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
  const all = new Map<string, TrustStores extends ReadonlyMap<string, infer List> ? List : never>()
  for (const { type, name } of stores) {
    const key = `${type}:${name}`
    const stored = material.stores.get(key)
    if (stored === undefined) return `store ${key} is not here`
    const store = read(stored)
    if (store.kind === 'refused') return `store ${key} cannot be read: ${store.reason}`
    all.set(key, store.certificates)
  }
  return all
}

const notationTypes = {
  'notation-jws': 'application/jose+json',
  'notation-cose': 'application/cose',
} as const

/** A certificate may be revoked before its list says when the next one comes: asked again after so long. */
const recheckMs = 12 * 3_600_000
/** What a signing service said has no time of its own, as a list has: it counts for so long. */
const signerAnswerMs = 6 * 3_600_000
/** Where nobody answered. */
const retryMs = 10 * 60_000

function judgeNotation(
  { candidate, subject, now }: VerifierInput,
  given: {
    readonly entry: NotationEntry
    readonly stores: TrustStores
    readonly revocation: RevocationData
    readonly isLast: boolean
  },
): JudgeStep {
  const { format, content } = candidate
  if (format !== 'notation-jws' && format !== 'notation-cose')
    return found(missing('it is no signature of the Notary Project'))
  const { revocation } = given
  const input = {
    envelope: content,
    mediaType: notationTypes[format],
    subject,
    statement: statementOf(given.entry),
    stores: given.stores,
    revocation,
    now,
  }
  const examined = input.statement.level === 'skip' ? undefined : examineSignature(input)
  const wanted = wantedRevocation(input, examined)
  const isMore = [wanted.awsSigner, wanted.certificate, wanted.answers[0]].some(
    (one) => one !== undefined,
  )
  if (isMore && !given.isLast) return { kind: 'wanted', wanted }
  const { strict: _, ...verdict } = verifyNotation(input, examined)
  const ends = [verdict.validUntil, againAt(verdict, revocation, now)]
  const validUntil = Math.min(...ends.filter((end) => end !== undefined))
  const until = validUntil === Infinity ? {} : { validUntil }
  return found({ ...verdict, ...until, isSignature: true })
}

/** When revocation is to be asked for anew; undefined where nobody was asked. */
function againAt(
  { reason }: SignatureVerdict,
  { answers, awsSigner }: RevocationData,
  now: number,
): number | undefined {
  if (answers.size === 0 && awsSigner === undefined) return undefined
  if (reason === 'revocation-unavailable') return now + retryMs
  return now + (awsSigner === undefined ? recheckMs : signerAnswerMs)
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
  return unverified('unknown', { check: 'material', reason: 'root-missing', detail }, true)
}
