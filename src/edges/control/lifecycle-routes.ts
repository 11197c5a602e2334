// Lifecycle policies beyond ECR's API: previews with bytes and reasons, runs on demand, history, guards, and undoing.
import { readAll } from '../../lib/read-all.ts'
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import type { AccountId } from '../../policy/account-id.ts'
import {
  refused,
  type ControlCall,
  type ControlReply,
  type ControlRoute,
  repositoryIn,
} from './route.ts'

interface Address {
  readonly account: AccountId
  readonly name: RepositoryName
}

interface Options {
  readonly signal: AbortSignal
}

export interface LifecycleRooms {
  readonly previewLifecycle: (
    input: {
      readonly repository: Address
      readonly text: string | undefined
      readonly at: Date | undefined
    },
    options: Options,
  ) => Promise<unknown>
  /** Undefined where the repository has no such image. */
  readonly explainLifecycle: (
    input: { readonly repository: Address; readonly text: undefined; readonly digest: Digest },
    options: Options,
  ) => Promise<unknown>
  /** The run's state after each batch. */
  readonly runLifecycle: (repository: Address, options: Options) => AsyncIterable<unknown>
  readonly showLifecycleHistory: (input: {
    readonly repository: Address
    readonly of:
      | { readonly kind: 'tag'; readonly tag: Tag }
      | { readonly kind: 'digest'; readonly digest: Digest }
      | { readonly kind: 'repository' }
    readonly before: number | undefined
    readonly limit: number
  }) => Promise<unknown>
  readonly undoLifecycle: (input: {
    readonly repository: Address
    readonly digest: Digest
    readonly principal: string
  }) => Promise<unknown>
  /** The document as it was put; undefined where there is none. */
  readonly getLifecycleGuards: (account: AccountId) => Promise<string | undefined>
  readonly putLifecycleGuards: (input: {
    readonly account: AccountId
    readonly text: string
    readonly by: string
  }) => Promise<unknown>
  /** False where there were none. */
  readonly deleteLifecycleGuards: (account: AccountId) => Promise<boolean>
}

const base = '/pratique/v1/lifecycle'
/** A policy has 30,720 characters at most. */
const maxPolicyBytes = 128 * 1024
/** Guards have 1,048,576 characters at most. */
const maxGuardBytes = 4 * 1024 * 1024
const historyLimit = 100

export const lifecycleRoutes: readonly ControlRoute<LifecycleRooms>[] = [
  {
    method: 'POST',
    path: `${base}/preview`,
    action: 'pratique:PreviewLifecyclePolicy',
    isOfAccount: true,
    resources: repositoryIn,
    run: preview,
  },
  {
    method: 'GET',
    path: `${base}/explanation`,
    action: 'pratique:PreviewLifecyclePolicy',
    isOfAccount: true,
    resources: repositoryIn,
    run: explain,
  },
  {
    method: 'POST',
    path: `${base}/runs`,
    action: 'pratique:RunLifecyclePolicy',
    isOfAccount: true,
    resources: repositoryIn,
    run: async (rooms, call) => {
      const repository = addressIn(call)
      if (repository === undefined) return refused(noRepository)
      return Promise.resolve({ kind: 'lines', values: rooms.runLifecycle(repository, call) })
    },
  },
  {
    method: 'GET',
    path: `${base}/history`,
    action: 'pratique:GetLifecycleHistory',
    isOfAccount: true,
    resources: repositoryIn,
    run: history,
  },
  {
    method: 'POST',
    path: `${base}/undo`,
    action: 'pratique:UndoLifecycleDeletion',
    isOfAccount: true,
    resources: repositoryIn,
    run: undo,
  },
  {
    method: 'GET',
    path: `${base}/guards`,
    action: 'pratique:GetLifecycleGuards',
    isOfAccount: true,
    run: async (rooms, { account }) => {
      const text = await rooms.getLifecycleGuards(account)
      return text === undefined ? noGuards(account) : { kind: 'json', value: { account, text } }
    },
  },
  {
    method: 'POST',
    path: `${base}/guards`,
    action: 'pratique:PutLifecycleGuards',
    isOfAccount: true,
    run: async (rooms, { account, principal, body }) => {
      const bytes = await readAll(body, maxGuardBytes)
      if (bytes === undefined) return refused(`the document has more than ${maxGuardBytes} bytes`)
      const text = Buffer.from(bytes).toString()
      const value = await rooms.putLifecycleGuards({ account, text, by: principal })
      return { kind: 'json', value }
    },
  },
  {
    method: 'DELETE',
    path: `${base}/guards`,
    action: 'pratique:PutLifecycleGuards',
    isOfAccount: true,
    run: async (rooms, { account }) => {
      const isGone = await rooms.deleteLifecycleGuards(account)
      return isGone ? { kind: 'json', value: { account } } : noGuards(account)
    },
  },
]

const noRepository = 'repository must be the name of a repository'

function noGuards(account: AccountId): ControlReply {
  const message = `account ${account} has no lifecycle guards`
  return { kind: 'refused', status: 404, code: 'LIFECYCLE_GUARDS_UNKNOWN', message }
}

function addressIn({ account, query }: ControlCall): Address | undefined {
  const name = parseRepositoryName(query.get('repository') ?? '')
  return name === undefined ? undefined : { account, name }
}

/** The body is the policy to be tried; empty, the one in force. `at`: a date as ISO 8601 has it. */
async function preview(rooms: LifecycleRooms, call: ControlCall): Promise<ControlReply> {
  const repository = addressIn(call)
  if (repository === undefined) return refused(noRepository)
  const day = call.query.get('at')
  const at = day === null ? undefined : new Date(day)
  if (at !== undefined && Number.isNaN(at.getTime())) {
    return refused('at must be a date: 2026-12-31 or 2026-12-31T12:00:00Z')
  }
  const bytes = await readAll(call.body, maxPolicyBytes)
  if (bytes === undefined) return refused(`the policy has more than ${maxPolicyBytes} bytes`)
  const text = bytes.byteLength === 0 ? undefined : Buffer.from(bytes).toString()
  return { kind: 'json', value: await rooms.previewLifecycle({ repository, text, at }, call) }
}

async function explain(rooms: LifecycleRooms, call: ControlCall): Promise<ControlReply> {
  const repository = addressIn(call)
  if (repository === undefined) return refused(noRepository)
  const digest = parseDigest(call.query.get('digest') ?? '')
  if (digest === undefined) return refused(noDigest)
  const value = await rooms.explainLifecycle({ repository, text: undefined, digest }, call)
  if (value !== undefined) return { kind: 'json', value }
  const message = `repository ${repository.name} has no image ${digest}`
  return { kind: 'refused', status: 404, code: 'MANIFEST_UNKNOWN', message }
}

const noDigest = 'digest must be that of an image: sha256:…'

async function history(rooms: LifecycleRooms, call: ControlCall): Promise<ControlReply> {
  const repository = addressIn(call)
  if (repository === undefined) return refused(noRepository)
  const of = subjectIn(call.query)
  if (typeof of === 'string') return refused(of)
  const before = call.query.get('before')
  if (before !== null && !/^[0-9]{1,15}$/.test(before)) {
    return refused('before must be the number that the page before ended with')
  }
  const page = { before: before === null ? undefined : Number(before), limit: historyLimit }
  return { kind: 'json', value: await rooms.showLifecycleHistory({ repository, of, ...page }) }
}

/** What the history is of, or what is wrong with the query. */
function subjectIn(
  query: URLSearchParams,
): Parameters<LifecycleRooms['showLifecycleHistory']>[0]['of'] | string {
  const [tagText, digestText] = [query.get('tag'), query.get('digest')]
  if (tagText !== null) {
    const tag = parseTag(tagText)
    return tag === undefined ? 'tag must be a tag' : { kind: 'tag', tag }
  }
  if (digestText === null) return { kind: 'repository' }
  const digest = parseDigest(digestText)
  return digest === undefined ? noDigest : { kind: 'digest', digest }
}

async function undo(rooms: LifecycleRooms, call: ControlCall): Promise<ControlReply> {
  const repository = addressIn(call)
  if (repository === undefined) return refused(noRepository)
  const digest = parseDigest(call.query.get('digest') ?? '')
  if (digest === undefined) return refused(noDigest)
  const { principal } = call
  return { kind: 'json', value: await rooms.undoLifecycle({ repository, digest, principal }) }
}
