// Purpose:  read a trust policy.
// Spec:     our own (docs/trust.md; signing reference 5.1); levels, stores and identities as the Notary Project has them.
// Input:    YAML or JSON of at most 256 KiB that a person gives; may be hostile.
// Deviates: nothing.
// Unknowns: a member that is not known, a value outside its bounds → refused with member, value, rule, line and column; never a part.
import { faultOfRepositoryPattern, faultOfScope } from './policy-coverage.ts'
import { faultOfIdentities, parseIdentity } from '../../signatures/notation/trusted-identity.ts'
import { faultOfIdentityPattern } from '../../signatures/sigstore/identity-pattern.ts'
import { predicateTypeOf } from '../../signatures/sigstore/predicate-types.ts'
import { storeTypes } from './trust-material.ts'
import {
  isMaterialName,
  isPolicyName,
  notationLevels,
  overridableChecks,
  type AcceptEntry,
  type AttestationRule,
  type KeyEntry,
  type KeylessEntry,
  type NotationEntry,
  type NotationOverride,
  type StoreReference,
  type TrustPolicy,
} from './trust-policy.ts'
import {
  faultLine,
  openDocument,
  shown,
  type TrustFault,
  type YamlMembers,
} from './yaml-members.ts'

export const maxPolicyBytes = 256 * 1024
const maxRepositories = 100
const maxEntries = 20
const maxListed = 100
const maxAttestations = 20
const maxText = 2048

export type PolicyReading =
  | { readonly kind: 'read'; readonly policy: TrustPolicy }
  | { readonly kind: 'refused'; readonly faults: readonly TrustFault[] }

/** All faults are told, up to twenty; a document with one has no effect. */
export function parseTrustPolicy(text: string): PolicyReading {
  if (Buffer.byteLength(text) > maxPolicyBytes) {
    const problem = `has more than ${maxPolicyBytes} bytes`
    return { kind: 'refused', faults: [{ member: '', problem, line: 1, column: 1 }] }
  }
  const { faults, root } = openDocument(text)
  const policy = root === undefined ? undefined : readPolicy(root)
  if (policy === undefined || faults.faults.length > 0)
    return { kind: 'refused', faults: faults.faults }
  return { kind: 'read', policy }
}

/** The first faults in one sentence. */
export function sayFaults(faults: readonly TrustFault[]): string {
  const told = faults.slice(0, 3).map(faultLine)
  return [...told, ...(faults.length > 3 ? [`${faults.length - 3} more`] : [])].join('; ')
}

function readPolicy(root: YamlMembers): TrustPolicy | undefined {
  root.text('version', { isGood: (text) => text === '1' || text === '1.0', is: '1' })
  const name = root.text('name', {
    isGood: isPolicyName,
    is: '1 to 128 characters without control characters and without blanks at its ends',
  })
  const repositories = readPatterns(root)
  const scopes = readScopes(root)
  if (repositories.length === 0 && scopes.length === 0)
    root.report('repositories', 'is missing; "*" stands for all repositories')
  const accept = root.list('accept', maxEntries).flatMap((entry) => readEntry(entry) ?? [])
  if (root.items('accept', maxEntries).length === 0)
    root.report('accept', 'is missing or empty: nobody would be trusted')
  refuseRepeated(root, 'accept', accept)
  const threshold = root.whole('threshold', { least: 1, most: 20, usual: 1 })
  const inheritFromIndex = root.flag('inheritFromIndex', true)
  const acceptAttestationAsSignature = root.flag('acceptAttestationAsSignature', false)
  const ids = new Set(accept.map(({ id }) => id))
  const attestations = root
    .list('attestations', maxAttestations)
    .flatMap((rule) => readAttestation(rule, ids) ?? [])
  refuseRepeated(root, 'attestations', attestations)
  root.refuseOthers()
  if (name === undefined) return undefined
  return {
    name,
    repositories,
    scopes,
    accept,
    threshold,
    inheritFromIndex,
    acceptAttestationAsSignature,
    attestations,
  }
}

function readPatterns(root: YamlMembers): readonly string[] {
  const patterns = root.texts('repositories', maxRepositories)
  for (const pattern of patterns) {
    const fault = faultOfRepositoryPattern(pattern)
    if (fault !== undefined) root.report('repositories', `has ${shown(pattern)}: ${fault}`)
  }
  return patterns
}

function readScopes(root: YamlMembers): readonly string[] {
  const scopes = root.texts('scopes', maxRepositories)
  for (const scope of scopes) {
    const fault = faultOfScope(scope)
    if (fault !== undefined) root.report('scopes', `has ${shown(scope)}: ${fault}`)
  }
  if (scopes.includes('*') && scopes.length > 1)
    root.report('scopes', 'has "*", which stands alone')
  return scopes
}

const kinds = ['notation', 'sigstore', 'cosignKey'] as const

function readEntry(entry: YamlMembers): AcceptEntry | undefined {
  const id = readId(entry)
  const kind = kinds.filter((one) => entry.has(one))
  entry.refuseOthers()
  const [only] = kind
  if (only === undefined || kind.length > 1) {
    entry.faults.report(entry.path, `must have one of ${kinds.join(', ')}`, entry.at)
    return undefined
  }
  const members = entry.members(only)
  if (members === undefined || id === undefined) return undefined
  const read = { notation: readNotation, sigstore: readKeyless, cosignKey: readKey }[only]
  const found = read(members, id)
  members.refuseOthers()
  return found
}

function readId(members: YamlMembers): string | undefined {
  return members.text('id', {
    isGood: (text) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text),
    is: '1 to 64 letters, digits and . _ -',
  })
}

function readNotation(members: YamlMembers, id: string): NotationEntry {
  const level = members.choice('level', notationLevels, 'strict') ?? 'strict'
  const stores = readStores(members)
  const identities = members.texts('identities', maxListed)
  const verifyTimestamp =
    members.choice('verifyTimestamp', ['always', 'afterCertExpiry'], 'always') ?? 'always'
  const override = readOverride(members, level)
  if (level === 'skip') {
    if (stores.length > 0 || identities.length > 0)
      members.report('level', 'is "skip", with which neither stores nor identities go')
  } else requireTrusted(members, stores, identities)
  return { kind: 'notation', id, stores, identities, level, override, verifyTimestamp }
}

function requireTrusted(
  members: YamlMembers,
  stores: readonly StoreReference[],
  identities: readonly string[],
): void {
  if (!stores.some(({ type }) => type !== 'tsa'))
    members.report('stores', 'must name a store of type ca or signingAuthority')
  if (identities.length === 0)
    members.report('identities', 'is missing; "*" trusts everybody whom the stores trust')
  const read = identities.map(parseIdentity)
  for (const identity of read)
    if (typeof identity === 'string') members.report('identities', `has one that ${identity}`)
  const good = read.filter((identity) => typeof identity !== 'string')
  if (good.length < read.length) return
  for (const { message } of faultOfIdentities(good)) members.report('identities', message)
}

function readStores(members: YamlMembers): readonly StoreReference[] {
  return members.texts('stores', maxListed).flatMap((text) => {
    const found = parseStoreName(text)
    if (found !== undefined) return [found]
    return (
      members.report(
        'stores',
        `has ${shown(text)}, and must have type:name with the type ${storeTypes.join(', ')}`,
      ) ?? []
    )
  })
}

/** `ca:acme`. */
export function parseStoreName(text: string): StoreReference | undefined {
  const colon = text.indexOf(':')
  const type = storeTypes.find((one) => one === text.slice(0, Math.max(0, colon)))
  const name = text.slice(colon + 1)
  return type === undefined || !isMaterialName(name) ? undefined : { type, name }
}

function readOverride(members: YamlMembers, level: string): NotationOverride {
  const override = members.members('override')
  if (override === undefined) return {}
  if (level === 'skip') members.report('override', 'does not go with the level "skip"')
  const read: Partial<Record<(typeof overridableChecks)[number], 'enforce' | 'log' | 'skip'>> = {}
  for (const check of overridableChecks) {
    if (!override.has(check)) continue
    const words =
      check === 'revocation' ? (['enforce', 'log', 'skip'] as const) : (['enforce', 'log'] as const)
    const action = override.choice(check, words)
    if (action !== undefined) read[check] = action
  }
  override.refuseOthers()
  return read
}

function readKeyless(members: YamlMembers, id: string): KeylessEntry | undefined {
  const root = readMaterialName(members, 'root')
  const issuer = members.text('issuer', {
    isGood: isAddress,
    is: 'the address of the issuer: https://…',
  })
  const subject = members.text('subject', isPattern)
  const [tlog, time, certificateLog] = ['tlog', 'time', 'certificateLog'].map((name) =>
    members.whole(name, { least: name === 'time' ? 1 : 0, most: 10, usual: 1 }),
  )
  if (root === undefined || issuer === undefined || subject === undefined) return undefined
  return {
    kind: 'sigstore',
    id,
    root,
    issuer,
    subject,
    tlog: tlog ?? 1,
    time: time ?? 1,
    certificateLog: certificateLog ?? 1,
  }
}

function isAddress(text: string): boolean {
  return text.length <= maxText && /^https?:\/\/[^\s\p{C}]+$/u.test(text) && !text.includes('*')
}

/** The reader of patterns says what is too wide. */
const isPattern = {
  isGood: (text: string): boolean => faultOfIdentityPattern(text) === undefined,
  is: 'written out, or a pattern whose host or domain is: https://host/…*, or …*@domain',
}

function readKey(members: YamlMembers, id: string): KeyEntry | undefined {
  const keys = members.has('keys')
    ? members.texts('keys', maxListed)
    : [members.text('key') ?? ''].filter((one) => one !== '')
  if (members.has('key') && members.has('keys')) members.report('keys', 'does not go with key')
  for (const key of keys)
    if (!isMaterialName(key))
      members.report('key', `is ${shown(key)}, and must be the name of a key`)
  const root = members.has('root') ? readMaterialName(members, 'root') : undefined
  const tlog = members.whole('tlog', { least: 0, most: 10, usual: 0 })
  const time = members.whole('time', { least: 0, most: 10, usual: 0 })
  if (tlog + time > 0 && root === undefined)
    members.report('root', 'is missing: it says which logs and authorities of time count')
  const bindRepository = members.flag('bindRepository', false)
  if (keys.length === 0) return undefined
  return { kind: 'cosignKey', id, keys, root, tlog, time, bindRepository }
}

function readMaterialName(members: YamlMembers, name: string): string | undefined {
  return members.text(name, { isGood: isMaterialName, is: '1 to 128 letters, digits and . _ -' })
}

/** Names of ours for every version of a kind of statement. */
const families = ['slsa', 'sbom', 'vulns', 'vex', 'vsa']

function readAttestation(
  members: YamlMembers,
  ids: ReadonlySet<string>,
): AttestationRule | undefined {
  const id = readId(members)
  const type = members.text('type', {
    isGood: (text) => families.includes(text) || predicateTypeOf(text) !== undefined,
    is: `${families.join(', ')}, one of cosign's names, or the address of a predicate type`,
  })
  const accept = members.texts('accept', maxEntries)
  if (accept.length === 0)
    members.report('accept', 'is missing: ids of entries whose signers may attest')
  for (const one of accept)
    if (!ids.has(one))
      members.report('accept', `has ${shown(one)}, which is no id of an entry of accept`)
  const builder = members.has('builder') ? members.text('builder', isPattern) : undefined
  const source = members.has('source') ? members.text('source', isPattern) : undefined
  members.refuseOthers()
  return id === undefined || type === undefined ? undefined : { id, type, accept, builder, source }
}

function refuseRepeated(
  root: YamlMembers,
  name: string,
  entries: readonly { readonly id: string }[],
): void {
  const seen = new Set<string>()
  for (const { id } of entries) {
    if (seen.has(id)) root.report(name, `has two entries with the id ${shown(id)}`)
    seen.add(id)
  }
}
