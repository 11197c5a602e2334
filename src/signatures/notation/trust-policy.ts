// Purpose:  read a trust policy document of the Notary Project, and select the statement for a repository.
// Spec:     Notary Project trust-store-trust-policy.md, trust policy; notation's `trustpolicy.oci.json`.
// Input:    JSON of at most 1 MiB, as an administrator wrote it.
// Deviates: refused here, and not by notation: members that the specification does not have, `skip` with the scope `*` (as the specification
//           says), stores for timestamps alone, a store named `..`.
// Unknowns: no statement for a repository → undefined, which is "no policy", never "allowed".
import { isRecord } from '../../oci/descriptor.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'
import { faultOfIdentities, readIdentities, type TrustedIdentity } from './trusted-identity.ts'
import {
  actionsOf,
  levels,
  overridable,
  type LevelName,
  type VerificationActions,
} from './verification-level.ts'

const maxDocumentBytes = 1024 * 1024
const maxStatements = 1000
const maxListed = 1000
/** Of all statements together: within one each is held against each other. */
const maxIdentities = 1000
const maxFaults = 50

export const storeTypes = ['ca', 'signingAuthority', 'tsa'] as const
export type StoreType = (typeof storeTypes)[number]

export interface StoreReference {
  readonly type: StoreType
  readonly name: string
}

export interface TrustPolicyStatement {
  readonly name: string
  /** `host[:port]/repository`, or `*` alone. */
  readonly registryScopes: readonly string[]
  readonly level: LevelName
  /** The level's row with what the statement overrides. */
  readonly actions: VerificationActions
  readonly verifyTimestamp: 'always' | 'afterCertExpiry'
  readonly trustStores: readonly StoreReference[]
  readonly trustedIdentities: readonly TrustedIdentity[]
}

/** Where in the document, and which rule it breaks. */
export interface TrustPolicyFault {
  readonly member: string
  readonly message: string
}

export type TrustPolicyResult =
  | { readonly kind: 'document'; readonly statements: readonly TrustPolicyStatement[] }
  | { readonly kind: 'refused'; readonly faults: readonly TrustPolicyFault[] }

type Report = (member: string, message: string) => void
type Json = Readonly<Record<string, unknown>>

/** All that is wrong is told at once, up to fifty faults. */
export function parseTrustPolicy(bytes: Uint8Array): TrustPolicyResult {
  const faults: TrustPolicyFault[] = []
  const report: Report = (member, message) => {
    if (faults.length < maxFaults) faults.push({ member, message })
  }
  const statements = readDocument(bytes, report)
  return faults.length === 0 ? { kind: 'document', statements } : { kind: 'refused', faults }
}

function readDocument(bytes: Uint8Array, report: Report): readonly TrustPolicyStatement[] {
  if (bytes.length > maxDocumentBytes) {
    report('', `the document has more than ${maxDocumentBytes} bytes`)
    return []
  }
  const json = parseStrictJson(bytes, knownMembers)
  if (json.kind === 'refused' || !isRecord(json.value)) {
    report('', `the document ${json.kind === 'refused' ? json.reason : 'is not a JSON object'}`)
    return []
  }
  refuseStrangers(json.value, ['version', 'trustPolicies'], '', report)
  const { version, trustPolicies } = json.value
  if (version !== '1.0') report('version', `is ${shown(version)}, and must be "1.0"`)
  if (!Array.isArray(trustPolicies) || trustPolicies.length === 0) {
    report('trustPolicies', 'must be a list of at least one statement')
    return []
  }
  if (trustPolicies.length > maxStatements) {
    report('trustPolicies', `has more than ${maxStatements} statements`)
    return []
  }
  if (countIdentities(trustPolicies) > maxIdentities) {
    report('trustPolicies', `has more than ${maxIdentities} trusted identities in all`)
    return []
  }
  const statements = trustPolicies.map((value: unknown, index) =>
    readStatement(value, `trustPolicies[${index}]`, report),
  )
  const whole = statements.filter((one) => one !== undefined)
  if (whole.length === statements.length) refuseRepeats(whole, report)
  return whole
}

const statementMembers = [
  'name',
  'registryScopes',
  'signatureVerification',
  'trustStores',
  'trustedIdentities',
]
const verificationMembers = ['level', 'override', 'verifyTimestamp']
const knownMembers = [
  'version',
  'trustPolicies',
  ...statementMembers,
  ...verificationMembers,
  ...overridable,
]

function shown(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? '').slice(0, 200)
}

function refuseStrangers(
  value: Json,
  known: readonly string[],
  place: string,
  report: Report,
): void {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const at = place === '' ? name : `${place}.${name}`
    report(at.slice(0, 200), `is no member here; known are ${known.join(', ')}`)
  }
}

function countIdentities(statements: readonly unknown[]): number {
  const lists = statements.map((one) => (isRecord(one) ? one['trustedIdentities'] : undefined))
  return lists.reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0)
}

function readStatement(
  value: unknown,
  place: string,
  report: Report,
): TrustPolicyStatement | undefined {
  if (!isRecord(value)) {
    report(place, 'is not an object')
    return undefined
  }
  refuseStrangers(value, statementMembers, place, report)
  const { name } = value
  if (typeof name !== 'string' || name.trim() === '')
    report(`${place}.name`, `is ${shown(name)}, and must be a name that is not empty`)
  const scopes = readScopes(value['registryScopes'], `${place}.registryScopes`, report)
  const verification = readVerification(
    value['signatureVerification'],
    `${place}.signatureVerification`,
    report,
  )
  if (verification === undefined) return undefined
  const stores = readStores(value['trustStores'], `${place}.trustStores`, report)
  const identities = readIdentities(
    value['trustedIdentities'],
    `${place}.trustedIdentities`,
    report,
  )
  const statement = {
    name: String(name),
    registryScopes: scopes,
    ...verification,
    trustStores: stores,
    trustedIdentities: identities,
  }
  refuseContradictions(statement, place, report)
  return statement
}

/** Hosts and repositories as clients write them; a wildcard inside would look like one that works. */
const scopeGrammar =
  /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/

function readScopes(value: unknown, place: string, report: Report): readonly string[] {
  const scopes = readTexts(value, place, report)
  if (scopes === undefined) return []
  if (scopes.length === 0) report(place, 'must name at least one scope')
  if (scopes.includes('*') && scopes.length > 1)
    report(place, 'has "*" beside other scopes; "*" stands alone')
  for (const [index, scope] of scopes.entries()) {
    if (scope === '*' || (scope.length <= 512 && scopeGrammar.test(scope))) continue
    const rule = scope.includes('*')
      ? 'has a wildcard inside: a scope is "*" alone or one exact repository'
      : 'is not of the form host[:port]/repository'
    report(`${place}[${index}]`, `${shown(scope)} ${rule}`)
  }
  return scopes
}

function readTexts(value: unknown, place: string, report: Report): readonly string[] | undefined {
  if (value === undefined) return []
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) {
    report(place, `is ${shown(value)}, and must be a list of texts`)
    return undefined
  }
  if (value.length <= maxListed) return value
  report(place, `has more than ${maxListed} entries`)
  return undefined
}

function readVerification(
  value: unknown,
  place: string,
  report: Report,
): Pick<TrustPolicyStatement, 'level' | 'actions' | 'verifyTimestamp'> | undefined {
  if (!isRecord(value)) {
    report(place, `is ${shown(value)}, and must be an object with a level`)
    return undefined
  }
  refuseStrangers(value, verificationMembers, place, report)
  const level = levels.find((one) => one === value['level'])
  if (level === undefined) {
    report(`${place}.level`, `is ${shown(value['level'])}, and must be one of ${levels.join(', ')}`)
    return undefined
  }
  const timestamp = value['verifyTimestamp'] ?? 'always'
  if (timestamp !== 'always' && timestamp !== 'afterCertExpiry') {
    report(
      `${place}.verifyTimestamp`,
      `is ${shown(timestamp)}, and must be "always" or "afterCertExpiry"`,
    )
    return undefined
  }
  const override = readOverride(value['override'], `${place}.override`, report)
  if (level === 'skip' && Object.keys(override).length > 0)
    report(
      `${place}.override`,
      'is there with the level "skip", of which nothing can be overridden',
    )
  return { level, actions: actionsOf(level, override), verifyTimestamp: timestamp }
}

function readOverride(value: unknown, place: string, report: Report): Partial<VerificationActions> {
  if (value === undefined) return {}
  if (!isRecord(value)) {
    report(place, `is ${shown(value)}, and must be an object`)
    return {}
  }
  const override: Partial<Record<(typeof overridable)[number], 'enforce' | 'log' | 'skip'>> = {}
  for (const [name, action] of Object.entries(value)) {
    const check = overridable.find((one) => one === name)
    const allowed = (['enforce', 'log', 'skip'] as const).find((one) => one === action)
    const at = `${place}.${name}`.slice(0, 200)
    if (check === undefined)
      report(at, `cannot be overridden; what can is ${overridable.join(', ')}`)
    else if (allowed === undefined || (allowed === 'skip' && check !== 'revocation'))
      report(at, `is ${shown(action)}, and must be "enforce" or "log"; "skip" is for revocation`)
    else override[check] = allowed
  }
  return override
}

function readStores(value: unknown, place: string, report: Report): readonly StoreReference[] {
  const stores: StoreReference[] = []
  for (const [index, text] of (readTexts(value, place, report) ?? []).entries()) {
    const reference = parseStoreReference(text)
    if (reference === undefined) {
      report(
        `${place}[${index}]`,
        `${shown(text)} is not of the form type:name, with the type ca, signingAuthority or tsa and a name of letters, digits, "_", "." and "-"`,
      )
    } else stores.push(reference)
  }
  return stores
}

/** `ca:acme`; the names are those of directories, so `.` and `..` are none. */
export function parseStoreReference(text: string): StoreReference | undefined {
  const colon = text.indexOf(':')
  const type = storeTypes.find((one) => one === text.slice(0, Math.max(0, colon)))
  const name = text.slice(colon + 1)
  const isName = /^[A-Za-z0-9_.-]{1,128}$/.test(name) && !/^\.\.?$/.test(name)
  return type === undefined || !isName ? undefined : { type, name }
}

function refuseContradictions(
  statement: TrustPolicyStatement,
  place: string,
  report: Report,
): void {
  const { level, trustStores, trustedIdentities, registryScopes } = statement
  if (level === 'skip') {
    if (trustStores.length > 0 || trustedIdentities.length > 0)
      report(
        place,
        'has the level "skip" with trustStores or trustedIdentities, which nobody reads',
      )
    if (registryScopes.includes('*'))
      report(
        `${place}.registryScopes`,
        'is "*" with the level "skip": that would switch verification off everywhere',
      )
    return
  }
  if (!trustStores.some(({ type }) => type !== 'tsa'))
    report(`${place}.trustStores`, 'names no store of the type ca or signingAuthority')
  if (trustedIdentities.length === 0)
    report(
      `${place}.trustedIdentities`,
      'names nobody; "*" stands for everybody in the trustStores',
    )
  for (const { index, message } of faultOfIdentities(trustedIdentities))
    report(`${place}.trustedIdentities[${index}]`, message)
}

function refuseRepeats(statements: readonly TrustPolicyStatement[], report: Report): void {
  const [names, scopes] = [new Map<string, number>(), new Map<string, number>()]
  for (const [index, { name, registryScopes }] of statements.entries()) {
    const earlier = names.get(name)
    if (earlier !== undefined)
      report(
        `trustPolicies[${index}].name`,
        `${shown(name)} is the name of trustPolicies[${earlier}] too`,
      )
    names.set(name, index)
    for (const scope of registryScopes) {
      const other = scopes.get(scope)
      if (other !== undefined)
        report(
          `trustPolicies[${index}].registryScopes`,
          `${shown(scope)} is a scope of trustPolicies[${other}] too`,
        )
      scopes.set(scope, index)
    }
  }
}

/** The statement with this exact scope, else the one of `*`, else undefined: no policy, no trust. */
export function selectStatement(
  statements: readonly TrustPolicyStatement[],
  scope: string,
): TrustPolicyStatement | undefined {
  const withScope = (text: string): TrustPolicyStatement | undefined =>
    statements.find(({ registryScopes }) => registryScopes.includes(text))
  return withScope(scope) ?? withScope('*')
}
