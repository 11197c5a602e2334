// Purpose:  read an admission policy.
// Spec:     our own; docs/gate.md and docs/schemas/admission-policy-1.json.
// Input:    text of at most 256 KiB in YAML 1.2 or JSON that a person gives; may be hostile.
// Deviates: nothing.
// Unknowns: a member that is not known, a value of another type, an exemption without owner, reason or end, or with an end more than a
//           year ahead → refused, with line, column, member and value. An end that is over is read: the exemption is told as ended.
import { parseDuration } from '../../lib/duration.ts'
import type { SignatureResult } from '../../signatures/outcome.ts'
import { faultOfIdentityPattern } from '../../signatures/sigstore/identity-pattern.ts'
import {
  thresholds,
  type AdmissionPolicy,
  type FindingCondition,
  type PolicyRule,
  type PolicyScope,
  type Requirements,
} from './admission-policy.ts'
import { DocumentReader, quoted, type DocumentFault, type Member } from './document-reader.ts'
import type { Door } from './evidence.ts'
import { ExemptionReader } from './parse-exemption.ts'

export type PolicyReading =
  | { readonly kind: 'read'; readonly policy: AdmissionPolicy }
  | { readonly kind: 'refused'; readonly faults: readonly DocumentFault[] }

export const maxPolicyBytes = 256 * 1024
const maxRules = 100
const maxScopes = 100
const maxExemptions = 2000

/**
 * `now` in milliseconds: ends of exemptions are held against it. A policy with a fault has no effect at all. `isStored`: it was
 * accepted when it was put, perhaps by other rules for patterns; one that is refused now matches nothing.
 */
export function parseAdmissionPolicy(
  text: string,
  now: number,
  { isStored = false }: { readonly isStored?: boolean } = {},
): PolicyReading {
  const reader = new DocumentReader()
  const root = reader.open(text, maxPolicyBytes)
  const policy = root === undefined ? undefined : policyIn(reader, root, { now, isStored })
  return policy === undefined || reader.faults.length > 0
    ? { kind: 'refused', faults: reader.faults }
    : { kind: 'read', policy }
}

const policyMembers = [
  'version',
  'name',
  'mode',
  'scopes',
  'rules',
  'require',
  'unknown',
  'otherRegistries',
  'exempt',
] as const

function policyIn(
  reader: DocumentReader,
  root: Member,
  { now, isStored }: { readonly now: number; readonly isStored: boolean },
): AdmissionPolicy | undefined {
  const members = reader.members(root, policyMembers)
  if (members === undefined) return undefined
  const version = required(reader, members, root, 'version')
  if (version !== undefined) reader.number(version, { min: 1, max: 1 })
  const named = required(reader, members, root, 'name')
  const name = named === undefined ? undefined : nameIn(reader, named)
  const words = <Word extends string>(key: string, known: readonly Word[]): Word | undefined => {
    const found = members.get(key)
    return found === undefined ? undefined : reader.word(found, known)
  }
  const exemptions = new ExemptionReader(reader, now)
  const policy = {
    mode: words('mode', ['enforce', 'warn', 'off']) ?? 'enforce',
    scopes: listIn(members, 'scopes', maxScopes, (scope) => scopeIn(reader, scope)),
    rules: listIn(members, 'rules', maxRules, (rule) => ruleIn(reader, rule)),
    require: requirementsIn(reader, members.get('require'), isStored),
    unknown: words('unknown', ['fail', 'warn', 'allow']) ?? 'fail',
    otherRegistries: words('otherRegistries', ['allow', 'warn', 'deny']) ?? 'warn',
    exempt: listIn(members, 'exempt', maxExemptions, (entry, number) =>
      exemptions.read(entry, number),
    ),
  } satisfies Omit<AdmissionPolicy, 'name'>
  refuseTwins(reader, members.get('rules'), policy.rules)
  refuseEmptyScopes(reader, members.get('scopes'), policy.scopes)
  return name === undefined ? undefined : { name, ...policy }

  function listIn<T>(
    from: ReadonlyMap<string, Member>,
    key: string,
    max: number,
    read: (member: Member, number: number) => T | undefined,
  ): readonly T[] {
    const found = from.get(key)
    const list = found === undefined ? [] : (reader.list(found, max) ?? [])
    return list.flatMap((entry, index) => read(entry, index + 1) ?? [])
  }
}

function required(
  reader: DocumentReader,
  members: ReadonlyMap<string, Member>,
  parent: Member,
  name: string,
): Member | undefined {
  const found = members.get(name)
  return found ?? reader.fault(parent, `has no ${name}`)
}

/** It stands in messages and in records. */
function nameIn(reader: DocumentReader, member: Member): string | undefined {
  const text = reader.text(member, 'a name')
  if (text === undefined || /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text
  const expected = 'at most 64 letters, digits, dots, dashes and underscores'
  return reader.fault(member, `is ${quoted(text)}; expected ${expected}`)
}

function refuseTwins(
  reader: DocumentReader,
  list: Member | undefined,
  rules: readonly PolicyRule[],
): void {
  const seen = new Set<string>()
  for (const { id } of rules) {
    if (seen.has(id) && list !== undefined) reader.fault(list, `has two rules ${quoted(id)}`)
    seen.add(id)
  }
}

/** To one reader it says "nothing", and it would mean "everything". */
function refuseEmptyScopes(
  reader: DocumentReader,
  member: Member | undefined,
  scopes: readonly PolicyScope[],
): void {
  if (member !== undefined && scopes.length === 0 && reader.faults.length === 0)
    reader.fault(member, 'is an empty list; leave it out where the policy is about everything')
}

const doors: readonly Door[] = ['pull', 'admission', 'gatekeeper', 'gate', 'ui']

function scopeIn(reader: DocumentReader, member: Member): PolicyScope | undefined {
  const members = reader.members(member, ['door', 'cluster', 'namespace', 'repository'])
  if (members === undefined) return undefined
  if (members.size === 0) return reader.fault(member, 'is empty; expected at least one member')
  const door = members.get('door')
  const named =
    door === undefined
      ? undefined
      : reader.texts(door, doors.length, 'a door').flatMap(([one]) => reader.word(one, doors) ?? [])
  const patterns = (['cluster', 'namespace', 'repository'] as const).flatMap((key) => {
    const found = members.get(key)
    const text = found === undefined ? undefined : reader.text(found, 'a pattern')
    if (found === undefined || text === undefined) return []
    const fault = key === 'repository' ? faultOfRepositories(text) : undefined
    if (fault !== undefined) reader.fault(found, `is ${quoted(text)}, ${fault}`)
    return [[key, text] as const]
  })
  return { ...(named === undefined ? {} : { doors: named }), ...Object.fromEntries(patterns) }
}

/** A policy that is about no image at all would be kept, and deny nothing. */
function faultOfRepositories(pattern: string): string | undefined {
  if (pattern === '*') return 'which is about names without a slash alone; "**" is about every name'
  return /^\/*[a-z0-9._*?-]+(?:\/[a-z0-9._*?-]+)*$/.test(pattern)
    ? undefined
    : 'which no name of a repository can match: names have lower-case letters, digits, ".", "_", "-" and single slashes'
}

function ruleIn(reader: DocumentReader, member: Member): PolicyRule | undefined {
  const members = reader.members(member, ['id', 'fail', 'warn'])
  if (members === undefined) return undefined
  const named = required(reader, members, member, 'id')
  const id = named === undefined ? undefined : nameIn(reader, named)
  const [fail, warn] = [members.get('fail'), members.get('warn')]
  if ((fail === undefined) === (warn === undefined))
    return reader.fault(member, 'a rule has either fail or warn')
  const condition = fail ?? warn
  const when = condition === undefined ? undefined : conditionIn(reader, condition)
  if (id === undefined || when === undefined) return undefined
  return { id, outcome: fail === undefined ? 'warn' : 'fail', when }
}

function conditionIn(reader: DocumentReader, member: Member): FindingCondition | undefined {
  const members = reader.members(member, [
    'severity',
    'undefinedSeverity',
    'fixable',
    'kev',
    'epss',
    'grace',
  ])
  if (members === undefined) return undefined
  const naming = ['severity', 'fixable', 'kev', 'epss']
  if (!naming.some((key) => members.has(key)))
    return reader.fault(member, 'names no finding: give it a severity')
  return {
    ...optional(members, ['severity', 'severity'], (found) => reader.word(found, thresholds)),
    ...optional(members, ['undefinedSeverity', 'undefinedSeverity'], (found) =>
      reader.word(found, ['fail', 'allow'] as const),
    ),
    ...optional(members, ['fixable', 'fixable'], (found) => reader.flag(found)),
    ...optional(members, ['kev', 'kev'], (found) => reader.flag(found)),
    ...optional(members, ['epss', 'epss'], (found) => reader.number(found, { min: 0, max: 1 })),
    ...optional(members, ['grace', 'graceMs'], (found) => durationIn(reader, found)),
  }
}

/** Absent where the document does not have it, or has it wrong. */
function optional<Key extends string, T>(
  members: ReadonlyMap<string, Member>,
  [from, to]: readonly [from: string, to: Key],
  parse: (found: Member) => T | undefined,
): { readonly [key in Key]?: T } {
  const absent: { readonly [key in Key]?: T } = {}
  const found = members.get(from)
  const value = found === undefined ? undefined : parse(found)
  return value === undefined ? absent : { ...absent, [to]: value }
}

function durationIn(reader: DocumentReader, member: Member): number | undefined {
  const expected = 'a duration such as 48h or 14d'
  const text = reader.text(member, expected)
  if (text === undefined) return undefined
  const duration = parseDuration(text)
  return duration ?? reader.fault(member, `is ${quoted(text)}; expected ${expected}`)
}

const signatureResults: readonly SignatureResult[] = [
  'untrusted',
  'invalid',
  'expired',
  'revoked',
  'none',
  'unknown',
]

function requirementsIn(
  reader: DocumentReader,
  member: Member | undefined,
  isStored: boolean,
): Requirements {
  const names = [
    'signature',
    'provenance',
    'maxDataAge',
    'maxImageAge',
    'tagMutability',
    'digest',
  ] as const
  const members = member === undefined ? undefined : reader.members(member, names)
  if (members === undefined) return {}
  const isPinned = members.get('digest')
  return {
    ...optional(members, ['signature', 'signature'], (found) => signatureIn(reader, found)),
    ...optional(members, ['provenance', 'provenance'], (found) =>
      provenanceIn(reader, found, isStored),
    ),
    ...optional(members, ['maxDataAge', 'maxDataAgeMs'], (found) => durationIn(reader, found)),
    ...optional(members, ['maxImageAge', 'maxImageAgeMs'], (found) => durationIn(reader, found)),
    ...optional(members, ['tagMutability', 'tagMutability'], (found) =>
      reader.word(found, ['immutable'] as const),
    ),
    ...(isPinned !== undefined && reader.flag(isPinned) === true ? { digest: true } : {}),
  }
}

function signatureIn(reader: DocumentReader, member: Member): Requirements['signature'] {
  const members = reader.members(member, ['trust', 'warn'])
  const trust = members === undefined ? undefined : required(reader, members, member, 'trust')
  const name = trust === undefined ? undefined : nameIn(reader, trust)
  const lenient = members?.get('warn')
  const warn =
    lenient === undefined
      ? []
      : reader
          .texts(lenient, signatureResults.length, 'a result of a signature')
          .flatMap(([one]) => reader.word(one, signatureResults) ?? [])
  return name === undefined ? undefined : { trust: name, warn }
}

function provenanceIn(
  reader: DocumentReader,
  member: Member,
  isStored: boolean,
): Requirements['provenance'] {
  const members = reader.members(member, ['builder', 'source'])
  const named = members === undefined ? undefined : required(reader, members, member, 'builder')
  const builder = named === undefined ? undefined : identityIn(reader, named, isStored)
  const from = members?.get('source')
  const source = from === undefined ? undefined : identityIn(reader, from, isStored)
  if (builder === undefined) return undefined
  return { builder, ...(source === undefined ? {} : { source }) }
}

/** By the rule of trust policies: what is refused there trusts more than its writer sees. */
function identityIn(reader: DocumentReader, member: Member, isStored: boolean): string | undefined {
  const text = reader.text(member, 'a pattern')
  const fault = text === undefined || isStored ? undefined : faultOfIdentityPattern(text)
  return fault === undefined ? text : reader.fault(member, `is ${quoted(text ?? '')}: ${fault}`)
}
