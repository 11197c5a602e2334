// Purpose:  Notation's trust policy document as ours, and back, with nothing lost of what it says.
// Spec:     Notary Project trust-store-trust-policy.md; notation's `trustpolicy.oci.json`.
// Input:    JSON of at most 1 MiB, as an administrator wrote it for notation.
// Deviates: a member that the specification does not have is refused; so is the level `skip` with the scope `*`, which notation lets pass.
// Unknowns: a statement that ours cannot hold → refused with its place; on the way out, what Notation has no words for is told, not dropped in silence.
import { isRecord } from '../../oci/descriptor.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'
import type { NotationEntry, TrustPolicy } from './trust-policy.ts'

const maxBytes = 1024 * 1024
const maxStatements = 100
/** The one entry of an imported policy. */
const entryId = 'notation'

/** One of the Notary Project's statements. */
interface Statement {
  readonly name: string
  readonly registryScopes: readonly string[]
  readonly signatureVerification: {
    readonly level: string
    readonly override?: Readonly<Record<string, string>>
    readonly verifyTimestamp?: string
  }
  readonly trustStores?: readonly string[]
  readonly trustedIdentities?: readonly string[]
}

export type NotationImport =
  | {
      readonly kind: 'read'
      /** Documents of ours as JSON text, by name; whoever reads them refuses what they may not say. */
      readonly documents: readonly { readonly name: string; readonly text: string }[]
    }
  | { readonly kind: 'refused'; readonly faults: readonly string[] }

export function importNotation(bytes: Uint8Array): NotationImport {
  if (bytes.byteLength > maxBytes) return refused(`the document has more than ${maxBytes} bytes`)
  const json = parseStrictJson(bytes, ['version', 'trustPolicies', ...statementMembers])
  if (json.kind === 'refused') return refused(`the document ${json.reason}`)
  if (!isRecord(json.value)) return refused('the document is not a JSON object')
  const faults = strangers(json.value, ['version', 'trustPolicies'], '')
  const { version, trustPolicies: statements } = json.value
  if (version !== '1.0') faults.push(`version is ${said(version)}, and must be "1.0"`)
  if (!Array.isArray(statements) || statements.length === 0 || statements.length > maxStatements)
    return refused(...faults, `trustPolicies must be a list of 1 to ${maxStatements} statements`)
  const documents = statements.flatMap((value: unknown, index) => {
    const place = `trustPolicies[${index}]`
    const found = faultsOfStatement(value, place)
    faults.push(...found)
    return found.length === 0 && isStatement(value) ? [documentOf(value)] : []
  })
  const names = documents.map(({ name }) => name)
  for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index)))
    faults.push(`trustPolicies has two statements with the name ${said(name)}`)
  return faults.length === 0 ? { kind: 'read', documents } : refused(...faults)
}

const statementMembers = [
  'name',
  'registryScopes',
  'signatureVerification',
  'trustStores',
  'trustedIdentities',
]

function faultsOfStatement(value: unknown, place: string): string[] {
  if (!isRecord(value)) return [`${place} is not an object`]
  const faults = strangers(value, statementMembers, `${place}.`)
  const { name, registryScopes, signatureVerification } = value
  if (typeof name !== 'string' || name.trim() === '')
    faults.push(`${place}.name is ${said(name)}, and must be a text`)
  for (const member of ['trustStores', 'trustedIdentities'])
    if (value[member] !== undefined && !isTexts(value[member]))
      faults.push(`${place}.${member} must be a list of texts`)
  const within = `${place}.signatureVerification`
  if (!isRecord(signatureVerification)) return [...faults, `${within} is not an object`]
  faults.push(...faultsOfVerification(signatureVerification, within))
  const isSkip = signatureVerification['level'] === 'skip'
  return [...faults, ...faultsOfScopes(registryScopes, `${place}.registryScopes`, isSkip)]
}

function faultsOfScopes(scopes: unknown, place: string, isSkip: boolean): readonly string[] {
  if (!isTexts(scopes) || scopes.length === 0)
    return [`${place} must be a list of at least one text`]
  if (!isSkip || !scopes.includes('*')) return []
  return [`${place} is "*" with the level "skip": that would switch verification off everywhere`]
}

function faultsOfVerification(value: Readonly<Record<string, unknown>>, place: string): string[] {
  const faults = strangers(value, ['level', 'override', 'verifyTimestamp'], `${place}.`)
  const { level, override, verifyTimestamp } = value
  if (typeof level !== 'string') faults.push(`${place}.level is ${said(level)}, and must be a text`)
  if (verifyTimestamp !== undefined && typeof verifyTimestamp !== 'string')
    faults.push(`${place}.verifyTimestamp must be a text`)
  if (override !== undefined && !(isRecord(override) && isTexts(Object.values(override))))
    faults.push(`${place}.override must be an object of texts`)
  return faults
}

/** Of a value that faultsOfStatement found nothing wrong with. */
function isStatement(value: unknown): value is Statement {
  return isRecord(value)
}

function documentOf(statement: Statement): { readonly name: string; readonly text: string } {
  const { level, override, verifyTimestamp } = statement.signatureVerification
  const { name, trustStores, trustedIdentities } = statement
  const document = {
    version: 1,
    name,
    scopes: statement.registryScopes,
    accept: [
      {
        id: entryId,
        notation: {
          ...(trustStores === undefined ? {} : { stores: trustStores }),
          ...(trustedIdentities === undefined ? {} : { identities: trustedIdentities }),
          level,
          ...(override === undefined ? {} : { override }),
          ...(verifyTimestamp === undefined ? {} : { verifyTimestamp }),
        },
      },
    ],
  }
  return { name, text: JSON.stringify(document, undefined, 2) }
}

export interface NotationExport {
  /** JSON. */
  readonly text: string
  /** What the document does not say. */
  readonly left: readonly string[]
}

/** `host`: under which clients reach the repositories that policies name by patterns without a star. */
export function exportNotation(policies: readonly TrustPolicy[], host: string): NotationExport {
  const left: string[] = []
  const statements = policies.flatMap((policy) => statementOf(policy, host, left) ?? [])
  const document = { version: '1.0', trustPolicies: statements }
  return { text: `${JSON.stringify(document, undefined, 2)}\n`, left }
}

function statementOf(policy: TrustPolicy, host: string, left: string[]): Statement | undefined {
  const { name, accept, threshold } = policy
  const entries = accept.filter((entry) => entry.kind === 'notation')
  const [entry] = entries
  const quoted = `trust policy ${said(name)}`
  if (entry === undefined) {
    left.push(`${quoted} has no entry for Notation signatures`)
    return undefined
  }
  if (entries.length > 1) {
    left.push(
      `${quoted} has ${entries.length} entries for Notation signatures, and a statement is one`,
    )
    return undefined
  }
  const registryScopes = scopesOf(policy, host, left)
  if (registryScopes.length === 0) {
    left.push(`${quoted} is about no repository that a scope can name`)
    return undefined
  }
  if (accept.length > 1) left.push(`${quoted} accepts other signatures too`)
  if (threshold > 1)
    left.push(`${quoted} asks for ${threshold} identities; notation passes with one`)
  return { name, registryScopes, ...verificationOf(entry) }
}

function scopesOf(
  { name, repositories, scopes }: TrustPolicy,
  host: string,
  left: string[],
): readonly string[] {
  if (repositories.length === 0) return scopes
  if (repositories.includes('*')) return ['*']
  const named = repositories.filter((pattern) => !/[*:]/.test(pattern))
  for (const pattern of repositories)
    if (!named.includes(pattern))
      left.push(`trust policy ${said(name)} names ${pattern}; a scope has no patterns`)
  return [...scopes, ...named.map((repository) => `${host}/${repository}`)]
}

/** As notation writes it: what is usual is left out. */
function verificationOf(entry: NotationEntry): Omit<Statement, 'name' | 'registryScopes'> {
  const { level, override, verifyTimestamp, stores, identities } = entry
  const hasOverride = Object.keys(override).length > 0
  return {
    signatureVerification: {
      level,
      ...(hasOverride ? { override } : {}),
      ...(verifyTimestamp === 'always' ? {} : { verifyTimestamp }),
    },
    ...(level === 'skip'
      ? {}
      : {
          trustStores: stores.map(({ type, name }) => `${type}:${name}`),
          trustedIdentities: identities,
        }),
  }
}

function strangers(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
): string[] {
  return Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => `${path}${name.slice(0, 100)} is no member here; known are ${known.join(', ')}`)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function said(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? '').slice(0, 120)
}

function refused(...faults: readonly string[]): NotationImport {
  return { kind: 'refused', faults: faults.slice(0, 20) }
}
