// Purpose:  pick of a request's parameters and of an answer what may stand in an audit record.
// Spec:     AWS CloudTrail User Guide, requestParameters and responseElements; iam.md 11, T17 and T32.
// Input:    parsed parameters as the caller sent them, and answers; hostile, and they may hold secrets.
// Deviates: only fields with these names are kept; a document is kept as its SHA-256 and length.
// Unknowns: a field with another name → left out.
import { hash } from 'node:crypto'

const maxText = 256
const maxMembers = 20
const maxDepth = 3
/** Characters of tags together: fifty of them could make a record of a hundred kilobytes. */
const maxTagText = 8192

/** Names whose values are short and say what a request is about. In the spelling of JSON; Query's `UserName` is `userName`. */
const plainNames: ReadonlySet<string> = new Set(
  `accountAlias accountId accountIds action actionNames aggregationType arn artifactType assumedRoleId audience attachmentCount changes clientID
  clientIDList createDate credentialArn customRoleArn defaultVersionId digest durationSeconds ecosystem ecrRepositoryPrefix
  ecrRepositoryPrefixes endTime eventName failureCode filter filterType expiration expiresAt force from
  groupId groupName imageDigest imageIds imageStatus imageTag imageTagMutability isDefaultVersion isValid keys kind layerDigest
  layerDigests maxBytes maxImages maxItems maxResults maxSessionDuration mediaType mount name newGroupName newPath
  newUserName openIDConnectProviderArn packedPolicySize partFirstByte partLastByte path pathPrefix permissionsBoundary
  policyArn policyArns policyId policyName policySourceArn principal principalArn principalId provider region registryId registryIds replicationBackfillId repositoryArn repositoryFilters
  appliedFor encryptionType imageTagMutabilityExclusionFilters prefix prefixes
  reportFormat reportId repositoryName repositoryNames resource resourceArn resourceArns resourceTypes roleArn roleId roleName roleSessionName rules scanFrequency scanOnPush scanType scope
  scopes service setAsDefault snapshot source sourceIdentity startTime status subjectFromWebIdentityToken tagKeys tagStatus thumbprintList trust
  transitiveTagKeys type uploadId upstreamRegistry upstreamRegistryUrl upstreamRepositoryPrefix jobArn profileArn
  effective isStamped result formerResult reason identities format algorithm url userId userName version versionId accessKeyId`.split(
    /\s+/,
  ),
)
/** Documents: what they say is to be had from the service, their hash says which they were. */
const documentNames: ReadonlySet<string> = new Set([
  'policyText',
  'policyDocument',
  'policy',
  'assumeRolePolicyDocument',
  'lifecyclePolicyText',
  'lifecyclePolicy',
  'repositoryPolicy',
  'imageManifest',
])
/** The same where an input has them as objects: of a hundred filters each, a record would be longer than a line of the log may be. */
const objectDocumentNames: ReadonlySet<string> = new Set([
  'replicationConfiguration',
  'signingConfiguration',
])
/** Objects that are looked into; `credentials` for the id of the key that was handed out. */
const openNames: ReadonlySet<string> = new Set([
  'repository',
  'repositoryCreationTemplate',
  'encryptionConfiguration',
  'image',
  'imageId',
  'imageIds',
  'imageScanningConfiguration',
  'user',
  'role',
  'group',
  'accessKey',
  'credentials',
  'assumedRoleUser',
  'federatedUser',
  'policy',
  'policyVersion',
  'filter',
  'destination',
  'subjectId',
])

/** Lists of tags, as the services write them, and objects of tags, as CloudTrail does. */
const tagListNames: ReadonlySet<string> = new Set(['tags', 'resourceTags'])
const tagRecordNames: ReadonlySet<string> = new Set(['principalTags'])

export type NamedFields = Readonly<Record<string, unknown>>

/** undefined when nothing is left. */
export function selectFields(value: unknown): NamedFields | undefined {
  return fieldsOf(value, 0)
}

function fieldsOf(value: unknown, depth: number): NamedFields | undefined {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return undefined
  const fields: Record<string, unknown> = {}
  let count = 0
  for (const [written, member] of Object.entries(value)) {
    if (count >= 4 * maxMembers) break
    const name = spelled(written)
    const kept = fieldOf(name, member, depth)
    if (kept === undefined) continue
    fields[name] = kept
    count += 1
  }
  return count === 0 ? undefined : fields
}

/** Query writes `UserName`, the control API `max-bytes`. */
function spelled(written: string): string {
  const name = written.slice(0, 1).toLowerCase() + written.slice(1, 64)
  if (!name.includes('-')) return name
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function fieldOf(name: string, value: unknown, depth: number): unknown {
  const document = documentOf(name, value)
  if (document !== undefined) {
    return { sha256: hash('sha256', document, 'hex'), characters: document.length }
  }
  if (tagListNames.has(name)) return Array.isArray(value) ? tagListOf(value) : undefined
  if (tagRecordNames.has(name)) return isRecord(value) ? tagRecordOf(value) : undefined
  if (Array.isArray(value)) return listOf(name, value, depth)
  if (typeof value === 'object') {
    return openNames.has(name) ? fieldsOf(value, depth + 1) : undefined
  }
  return plainNames.has(name) ? scalarOf(value) : undefined
}

function documentOf(name: string, value: unknown): string | undefined {
  if (isRecord(value)) return objectDocumentNames.has(name) ? JSON.stringify(value) : undefined
  return typeof value === 'string' && documentNames.has(name) ? value : undefined
}

function listOf(name: string, values: readonly unknown[], depth: number): unknown {
  if (!plainNames.has(name)) return undefined
  const kept = values.slice(0, maxMembers).flatMap((value) => {
    const one = typeof value === 'object' ? fieldsOf(value, depth + 1) : scalarOf(value)
    return one === undefined ? [] : [one]
  })
  return values.length > maxMembers ? [...kept, `and ${values.length - maxMembers} more`] : kept
}

/** `{ key, value }` of each, whatever else stands in it. */
function tagListOf(values: readonly unknown[]): unknown {
  const tags = values.flatMap((value) => {
    if (!isRecord(value)) return []
    const { Key: key = value['key'], Value: text = value['value'] } = value
    return typeof key === 'string' && typeof text === 'string' ? [[key, text] as const] : []
  })
  const kept = withinSize(tags)
  const list = kept.map(([key, value]) => ({ key, value }))
  return kept.length < tags.length ? [...list, `and ${tags.length - kept.length} more`] : list
}

function tagRecordOf(record: Readonly<Record<string, unknown>>): unknown {
  const tags = Object.entries(record).flatMap(([key, text]) =>
    typeof text === 'string' ? [[key, text] as const] : [],
  )
  // A tag's key may be `__proto__`.
  return Object.fromEntries(withinSize(tags))
}

type TagText = readonly [key: string, value: string]

function withinSize(tags: readonly TagText[]): readonly TagText[] {
  let characters = 0
  const capped = tags.map(([key, value]) => [capText(key), capText(value)] as const)
  return capped.filter(([key, value]) => {
    characters += key.length + value.length
    return characters <= maxTagText
  })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function scalarOf(value: unknown): unknown {
  if (typeof value === 'string') return capText(value)
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

/** At most 256 characters; JSON escapes what is left of control characters, see plainJson. */
export function capText(text: string, max = maxText): string {
  return text.length <= max ? text : `${text.slice(0, max)}…`
}

/** What JSON leaves as it is, and some reader or terminal takes for a command, the end of a line, or another direction of writing. */
const special = /[\u007f-\uffff]/

/** JSON in ASCII: no character of it moves a terminal's cursor, turns the text around, or ends a line for any reader. */
export function plainJson(value: unknown): string {
  const text = JSON.stringify(value)
  return special.test(text) ? text.replaceAll(new RegExp(special, 'g'), escaped) : text
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
