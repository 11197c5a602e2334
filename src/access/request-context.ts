// Purpose:  the condition keys of a request, as policies read them.
// Spec:     AWS IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, "Condition keys for Amazon ECR".
// Input:    what authentication, the connection and the stores say; of the request itself the user agent and referer, both as data only.
// Deviates: keys `pratique:…` are our own; aws:PrincipalOrgPaths is ORGANISATION/r-root/ for every account; of temporary credentials aws:MultiFactorAuthPresent is always false, since there is no MFA here.
// Unknowns: what is not known is absent, never empty; a key that is none of these → absent.
import type { AccountId } from '../policy/account-id.ts'
import type { ContextValues } from '../policy/context-values.ts'
import { principalArnOf, principalTypeOf } from '../policy/requester.ts'
import type { Caller } from './caller.ts'
import type { TagValues } from './rules/tag-values.ts'

/** What an operation adds, by the keys as policies name them: `aws:RequestTag/team`. A name comes from code, or is behind a prefix. */
export type RequestKeys = Readonly<Record<string, string | readonly string[]>>

/** What is the same for every request. */
export interface Installation {
  readonly region: string
  /** That every account belongs to. */
  readonly organization: string | undefined
}

export interface ContextFacts {
  readonly caller: Caller
  /** Read once for the request. */
  readonly now: Date
  readonly installation: Installation
  readonly principal: { readonly tags: TagValues }
  readonly resource: { readonly account: AccountId | undefined; readonly tags: TagValues }
  readonly keys: RequestKeys | undefined
}

/** Headers that a client may write as it likes. */
const longestHeader = 1024

/** Reads a key when a policy asks for it, and the same for every policy of the request. */
export function requestContext(facts: ContextFacts): ContextValues {
  const named = lowerCase(facts.keys)
  return {
    get(key) {
      const added = named?.get(key)
      if (added !== undefined) return added
      const read = readers.get(key)
      if (read !== undefined) return read(facts)
      return tagOrClaim(facts, key)
    },
  }
}

function lowerCase(
  keys: RequestKeys | undefined,
): ReadonlyMap<string, string | readonly string[]> | undefined {
  return keys === undefined
    ? undefined
    : new Map(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), value]))
}

/**
 * `aws:RequestTag/…` and `aws:TagKeys` of the tags that a request puts, or of the keys that it removes. The prefix is ours, so that
 * a tag's key can be no other condition key.
 */
export function requestTagKeys(
  tags: readonly { readonly key: string; readonly value?: string | undefined }[],
): RequestKeys {
  const keys: Record<string, string | readonly string[]> = {}
  for (const { key, value } of tags) {
    if (value !== undefined) keys[`aws:RequestTag/${key}`] = value
  }
  return tags.length === 0 ? keys : { ...keys, 'aws:TagKeys': tags.map(({ key }) => key) }
}

/** `pratique:Tag`, `pratique:Digest`, `pratique:MediaType` and `pratique:ArtifactType` of the images that a request names. */
export function imageKeys(named: {
  readonly tags: readonly string[]
  readonly digests: readonly string[]
  readonly mediaType?: string | undefined
  readonly artifactType?: string | undefined
}): RequestKeys {
  const keys: Record<string, string | readonly string[]> = {}
  const put = (key: string, values: readonly string[]): void => {
    const [first, ...others] = new Set(values)
    if (first !== undefined) keys[key] = others.length === 0 ? first : [first, ...others]
  }
  put('pratique:Tag', named.tags)
  put('pratique:Digest', named.digests)
  put('pratique:MediaType', named.mediaType === undefined ? [] : [named.mediaType])
  put('pratique:ArtifactType', named.artifactType === undefined ? [] : [named.artifactType])
  return keys
}

type Read = (facts: ContextFacts) => string | readonly string[] | undefined

const readers: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['aws:principalarn', ({ caller }) => principalArnOf(caller.requester)],
  ['aws:principalaccount', ({ caller }) => accountOf(caller)],
  [
    'aws:principalorgid',
    ({ caller, installation }) =>
      accountOf(caller) === undefined ? undefined : installation.organization,
  ],
  [
    'aws:principalorgpaths',
    ({ caller, installation: { organization } }) =>
      accountOf(caller) === undefined || organization === undefined
        ? undefined
        : [`${organization}/${organizationRoot}/`],
  ],
  ['aws:principaltype', ({ caller }) => principalTypeOf(caller.requester)],
  ['aws:userid', ({ caller }) => userId(caller)],
  ['aws:username', ({ caller }) => userName(caller)],
  ['aws:principalisawsservice', ({ caller }) => String(caller.requester.kind === 'service')],
  ['aws:principalservicename', ({ caller }) => serviceName(caller)],
  ['aws:tokenissuetime', ({ caller }) => caller.session && isoSeconds(caller.session.issuedAt)],
  ['aws:multifactorauthpresent', ({ caller }) => (caller.session ? 'false' : undefined)],
  ['aws:federatedprovider', ({ caller }) => caller.session?.federatedProvider],
  ['aws:sourceidentity', ({ caller }) => caller.session?.sourceIdentity],
  ['aws:sourceip', ({ caller }) => caller.sourceAddress.replace(/^::ffff:(?=[0-9.]+$)/i, '')],
  ['aws:securetransport', ({ caller }) => String(caller.secureTransport)],
  ['aws:currenttime', ({ now }) => isoSeconds(now)],
  ['aws:epochtime', ({ now }) => String(Math.floor(now.getTime() / 1000))],
  ['aws:useragent', ({ caller }) => headerValue(caller.userAgent)],
  ['aws:referer', ({ caller }) => headerValue(caller.referer)],
  ['aws:requestedregion', ({ installation }) => installation.region],
  ['aws:resourceaccount', ({ resource }) => resource.account],
  [
    'aws:resourceorgid',
    ({ resource, installation }) =>
      resource.account === undefined ? undefined : installation.organization,
  ],
  ['aws:viaawsservice', ({ caller }) => String(caller.requester.kind === 'service')],
  ['pratique:authmethod', ({ caller }) => authMethods[caller.method]],
])

/** All accounts lie in the root of the organisation: there are no organisational units. A root of AWS has an id of its own. */
const organizationRoot = 'r-root'

const authMethods = {
  sigv4: 'sigv4',
  'sigv4-presigned': 'sigv4',
  'ecr-token': 'ecr-token',
  'access-key-basic': 'basic',
  'bearer-token': 'bearer',
  anonymous: undefined,
  'web-identity': undefined,
  'data-directory': undefined,
  job: undefined,
} as const satisfies Record<Caller['method'], string | undefined>

function accountOf({ requester }: Caller): string | undefined {
  return 'account' in requester ? requester.account : undefined
}

function userId({ requester, principalId }: Caller): string | undefined {
  if (requester.kind === 'anonymous') return 'anonymous'
  return requester.kind === 'service' || requester.kind === 'web-identity' ? undefined : principalId
}

/** Without its path. */
function userName({ requester }: Caller): string | undefined {
  return requester.kind === 'user'
    ? requester.arn.slice(requester.arn.lastIndexOf('/') + 1)
    : undefined
}

function serviceName({ requester }: Caller): string | undefined {
  return requester.kind === 'service' ? requester.name : undefined
}

function tagOrClaim(facts: ContextFacts, key: string): string | undefined {
  const slash = key.indexOf('/')
  const [prefix, name] = slash === -1 ? [key, ''] : [key.slice(0, slash), key.slice(slash + 1)]
  if (prefix === 'aws:principaltag') {
    return ofRecord(facts.caller.session?.tags, name) ?? facts.principal.tags.get(name)
  }
  if (prefix === 'aws:resourcetag' || prefix === 'ecr:resourcetag') {
    return facts.resource.tags.get(name)
  }
  // Claims bear the name of their issuer's host, which may hold slashes; none of ours begins so.
  return ofRecord(facts.caller.session?.claims, key)
}

/** Without regard to case, and of the record's own members only. */
function ofRecord(
  record: Readonly<Record<string, string>> | undefined,
  key: string,
): string | undefined {
  if (record === undefined) return undefined
  return Object.entries(record).find(([name]) => name.toLowerCase() === key)?.[1]
}

function headerValue(text: string | undefined): string | undefined {
  const isUsable = text !== undefined && text.length <= longestHeader && /^[^\p{Cc}]*$/u.test(text)
  return isUsable ? text : undefined
}

/** As AWS writes moments, without fractions. */
function isoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
