// Trust policies, what they stand on, and what is known of signatures.
import { readAll } from '../../lib/read-all.ts'
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import {
  refused,
  type ControlCall,
  type ControlReply,
  type ControlRoute,
  repositoryIn,
} from './route.ts'

interface Image {
  readonly account: AccountId
  readonly repository: RepositoryName
  readonly digest: Digest
}

interface Reference {
  readonly kind: 'store' | 'key' | 'root'
  readonly name: string
}

/** What a change did, for the caller and for the audit log. */
interface Changed {
  readonly name: string
  readonly version: number
  readonly changes: readonly string[]
}

export interface TrustRooms {
  readonly listTrustPolicies: (account: AccountId) => Promise<unknown>
  readonly showTrustPolicy: (input: {
    readonly account: AccountId
    readonly name: string
  }) => Promise<unknown>
  readonly putTrustPolicy: (input: {
    readonly account: AccountId
    readonly text: string
    readonly by: string
  }) => Promise<Changed>
  readonly deleteTrustPolicy: (input: {
    readonly account: AccountId
    readonly name: string
    readonly by: string
  }) => Promise<Changed>
  /** A value for each image that would change, then the sum. */
  readonly testTrustPolicy: (
    input: { readonly account: AccountId; readonly text: string },
    options: { readonly signal: AbortSignal },
  ) => AsyncIterable<unknown>
  readonly listTrustMaterial: (input: {
    readonly account: AccountId
    readonly kind: Reference['kind']
  }) => Promise<unknown>
  readonly showTrustMaterial: (input: {
    readonly account: AccountId
    readonly reference: Reference
  }) => Promise<unknown>
  readonly putTrustMaterial: (input: {
    readonly account: AccountId
    readonly reference: Reference
    readonly text: string
    /** Of keys, in milliseconds. */
    readonly window: Window
    readonly by: string
  }) => Promise<Changed>
  readonly deleteTrustMaterial: (input: {
    readonly account: AccountId
    readonly reference: Reference
    readonly by: string
  }) => Promise<Changed>
  /** The public sigstore instance's, kept up to date from then on. */
  readonly followPublicRoot: (
    input: { readonly account: AccountId; readonly name: string; readonly by: string },
    options: { readonly signal: AbortSignal },
  ) => Promise<Changed>
  readonly describeSignatures: (image: Image) => Promise<unknown>
  readonly describeEvidence: (
    image: Image,
    policy: string | undefined,
  ) => Promise<readonly unknown[]>
  /** Undefined: nothing was known then. */
  readonly recallEvidence: (
    image: Image,
    asked: { readonly policy: string | undefined; readonly at: Date },
  ) => Promise<unknown>
}

interface Window {
  readonly validFrom: number | undefined
  readonly validUntil: number | undefined
  readonly revokedFrom: number | undefined
}

const base = '/pratique/v1/trust'
/** A policy has 256 KiB at most, a store or a root 1 MiB. */
const maxBodyBytes = 1024 * 1024

export const trustRoutes: readonly ControlRoute<TrustRooms>[] = [
  {
    method: 'GET',
    path: `${base}/policies`,
    action: 'pratique:ListTrustPolicies',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: { account, policies: await rooms.listTrustPolicies(account) },
    }),
  },
  {
    method: 'GET',
    path: `${base}/policy`,
    action: 'pratique:GetTrustPolicy',
    isOfAccount: true,
    run: async (rooms, { account, query }) => {
      const name = query.get('name')
      if (name === null) return refused(noName)
      return { kind: 'json', value: await rooms.showTrustPolicy({ account, name }) }
    },
  },
  {
    method: 'POST',
    path: `${base}/policy`,
    action: 'pratique:PutTrustPolicy',
    isOfAccount: true,
    run: async (rooms, call) => {
      const text = await textIn(call)
      if (text === undefined) return refused(tooLarge)
      const { account, principal: by, query } = call
      const name = query.get('name')
      const input = { account, text, by, ...(name === null ? {} : { name }) }
      return changed(await rooms.putTrustPolicy(input))
    },
  },
  {
    method: 'DELETE',
    path: `${base}/policy`,
    action: 'pratique:DeleteTrustPolicy',
    isOfAccount: true,
    run: async (rooms, { account, principal: by, query }) => {
      const name = query.get('name')
      return name === null
        ? refused(noName)
        : changed(await rooms.deleteTrustPolicy({ account, name, by }))
    },
  },
  {
    method: 'POST',
    path: `${base}/test`,
    action: 'pratique:TestTrustPolicy',
    isOfAccount: true,
    run: async (rooms, call) => {
      const text = await textIn(call)
      if (text === undefined) return refused(tooLarge)
      const { account } = call
      return { kind: 'lines', values: rooms.testTrustPolicy({ account, text }, call) }
    },
  },
  {
    method: 'GET',
    path: `${base}/materials`,
    action: 'pratique:ListTrustMaterial',
    isOfAccount: true,
    run: async (rooms, { account, query }) => {
      const kind = kindIn(query)
      if (kind === undefined) return refused(noKind)
      return {
        kind: 'json',
        value: { account, material: await rooms.listTrustMaterial({ account, kind }) },
      }
    },
  },
  {
    method: 'GET',
    path: `${base}/material`,
    action: 'pratique:GetTrustMaterial',
    isOfAccount: true,
    run: async (rooms, { account, query }) => {
      const reference = referenceIn(query)
      if (typeof reference === 'string') return refused(reference)
      return { kind: 'json', value: await rooms.showTrustMaterial({ account, reference }) }
    },
  },
  {
    method: 'POST',
    path: `${base}/material`,
    action: 'pratique:PutTrustMaterial',
    isOfAccount: true,
    run: putMaterial,
  },
  {
    method: 'POST',
    path: `${base}/public-root`,
    action: 'pratique:PutTrustMaterial',
    isOfAccount: true,
    run: async (rooms, call) => {
      const { account, principal: by, query } = call
      const name = query.get('name')
      if (name === null) return refused('name must be that of a root')
      return changed(await rooms.followPublicRoot({ account, name, by }, call))
    },
  },
  {
    method: 'DELETE',
    path: `${base}/material`,
    action: 'pratique:DeleteTrustMaterial',
    isOfAccount: true,
    run: async (rooms, { account, principal: by, query }) => {
      const reference = referenceIn(query)
      if (typeof reference === 'string') return refused(reference)
      return changed(await rooms.deleteTrustMaterial({ account, reference, by }))
    },
  },
  {
    method: 'GET',
    path: '/pratique/v1/signatures',
    action: 'pratique:DescribeSignatures',
    isOfAccount: true,
    resources: repositoryIn,
    run: async (rooms, call) => {
      const image = imageIn(call)
      if (typeof image === 'string') return refused(image)
      return { kind: 'json', value: await rooms.describeSignatures(image) }
    },
  },
  {
    method: 'GET',
    path: '/pratique/v1/evidence',
    action: 'pratique:GetEvidence',
    isOfAccount: true,
    resources: repositoryIn,
    run: evidence,
  },
]

const noName = 'name must be that of a trust policy'
const noKind = 'kind must be store, key or root'
const tooLarge = `the document has more than ${maxBodyBytes} bytes`

function changed(value: Changed): ControlReply {
  return { kind: 'json', value, audited: value }
}

async function textIn({ body }: ControlCall): Promise<string | undefined> {
  return (await readAll(body, maxBodyBytes))?.toString()
}

function kindIn(query: URLSearchParams): Reference['kind'] | undefined {
  return (['store', 'key', 'root'] as const).find((kind) => kind === query.get('kind'))
}

function referenceIn(query: URLSearchParams): Reference | string {
  const kind = kindIn(query)
  const name = query.get('name')
  if (kind === undefined) return noKind
  return name === null ? `name must be that of a ${kind}` : { kind, name }
}

async function putMaterial(rooms: TrustRooms, call: ControlCall): Promise<ControlReply> {
  const reference = referenceIn(call.query)
  if (typeof reference === 'string') return refused(reference)
  const [validFrom, validUntil, revokedFrom] = ['valid-from', 'valid-until', 'revoked-from'].map(
    (name) => timeIn(call.query, name),
  )
  for (const time of [validFrom, validUntil, revokedFrom])
    if (typeof time === 'string') return refused(time)
  const text = await textIn(call)
  if (text === undefined) return refused(tooLarge)
  const window = {
    validFrom: numberOf(validFrom),
    validUntil: numberOf(validUntil),
    revokedFrom: numberOf(revokedFrom),
  }
  const { account, principal: by } = call
  return changed(await rooms.putTrustMaterial({ account, reference, text, window, by }))
}

function numberOf(time: number | string | undefined): number | undefined {
  return typeof time === 'number' ? time : undefined
}

/** Milliseconds, or what is wrong. */
function timeIn(query: URLSearchParams, name: string): number | string | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const time = new Date(text).getTime()
  return Number.isNaN(time) ? `${name} must be a date: 2026-12-31 or 2026-12-31T12:00:00Z` : time
}

function imageIn({ account, query }: ControlCall): Image | string {
  const repository = parseRepositoryName(query.get('repository') ?? '')
  const digest = parseDigest(query.get('digest') ?? '')
  if (repository === undefined) return 'repository must be the name of a repository'
  return digest === undefined
    ? 'digest must be that of an image: sha256:…'
    : { account, repository, digest }
}

async function evidence(rooms: TrustRooms, call: ControlCall): Promise<ControlReply> {
  const image = imageIn(call)
  if (typeof image === 'string') return refused(image)
  const policy = call.query.get('trust') ?? undefined
  const at = timeIn(call.query, 'at')
  if (typeof at === 'string') return refused(at)
  if (at === undefined)
    return { kind: 'json', value: { evidence: await rooms.describeEvidence(image, policy) } }
  const known = await rooms.recallEvidence(image, { policy, at: new Date(at) })
  return { kind: 'json', value: { known: known ?? null } }
}
