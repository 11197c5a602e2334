// Admission policies, the clusters that ask by them, and which repositories refuse pulls.
import { readAll } from '../../lib/read-all.ts'
import { maxReportBytes } from '../../admission/rules/cluster-report.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import type { PlaceCursor } from '../../running/cluster-image-store.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

interface NamedInput {
  readonly account: AccountId
  readonly name: string
  /** ARN. */
  readonly by: string
}

/** What a change did, for the caller and for the audit log. */
interface Changed {
  readonly name: string
  readonly version: number
  readonly changes: readonly string[]
}

type Door = 'pull' | 'admission' | 'gatekeeper' | 'gate'

export interface AdmissionRooms {
  readonly listAdmissionPolicies: (account: AccountId) => Promise<unknown>
  readonly showAdmissionPolicy: (input: Omit<NamedInput, 'by'>) => Promise<unknown>
  readonly putAdmissionPolicy: (input: {
    readonly account: AccountId
    readonly text: string
    readonly name?: string
    readonly by: string
  }) => Promise<Changed>
  readonly deleteAdmissionPolicy: (input: NamedInput) => Promise<Changed>
  /** A value for each image that would not pass, then the sum. */
  readonly previewAdmissionPolicy: (
    input: {
      readonly account: AccountId
      readonly text: string
      readonly context: {
        readonly door: Door
        readonly cluster?: string
        readonly namespace?: string
      }
    },
    options: { readonly signal: AbortSignal },
  ) => AsyncIterable<unknown>
  readonly listPullGates: (account: AccountId) => Promise<unknown>
  readonly putPullGate: (input: {
    readonly account: AccountId
    /** Undefined: of the account. */
    readonly repository: RepositoryName | undefined
    readonly state: 'on' | 'off' | 'unset'
    readonly by: string
  }) => Promise<void>
  readonly listClusters: (account: AccountId) => Promise<unknown>
  /** With a page of what runs there, or of all that it asked about. */
  readonly showCluster: (input: {
    readonly account: AccountId
    readonly name: string
    readonly only: 'running' | 'all'
    readonly after: PlaceCursor | undefined
    readonly limit: number
  }) => Promise<{ readonly next: PlaceCursor | undefined }>
  /** What a cluster says that it runs, in the place of what was known. */
  readonly reportCluster: (input: {
    readonly account: AccountId
    readonly name: string
    readonly asked: unknown
    readonly by: string
  }) => Promise<unknown>
  /** The latest first. */
  readonly listDenials: (input: {
    readonly account: AccountId
    /** Undefined: of all clusters, and of pulls. */
    readonly name: string | undefined
    readonly before: number | undefined
    readonly limit: number
  }) => Promise<unknown>
  readonly registerCluster: (input: {
    readonly account: AccountId
    readonly asked: unknown
    readonly by: string
  }) => Promise<unknown>
  readonly deleteCluster: (input: Omit<NamedInput, 'by'>) => Promise<void>
  /** Whether a cluster that asks would be answered, step by step. */
  readonly checkCluster: (input: Omit<NamedInput, 'by'>) => Promise<unknown>
}

const base = '/pratique/v1/admission'
const maxPolicyBytes = 256 * 1024
const maxClusterBytes = 64 * 1024

export const admissionRoutes: readonly ControlRoute<AdmissionRooms>[] = [
  {
    method: 'GET',
    path: `${base}/policies`,
    action: 'pratique:ListAdmissionPolicies',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: { account, policies: await rooms.listAdmissionPolicies(account) },
    }),
  },
  {
    method: 'GET',
    path: `${base}/policy`,
    action: 'pratique:GetAdmissionPolicy',
    isOfAccount: true,
    run: async (rooms, call) =>
      withName(call, async ({ account, name }) => ({
        kind: 'json',
        value: await rooms.showAdmissionPolicy({ account, name }),
      })),
  },
  {
    method: 'POST',
    path: `${base}/policy`,
    action: 'pratique:PutAdmissionPolicy',
    isOfAccount: true,
    run: async (rooms, call) =>
      withText(call, async (text) => {
        const name = call.query.get('name')
        const named = name === null ? {} : { name }
        const { account, principal: by } = call
        return changed(await rooms.putAdmissionPolicy({ account, text, by, ...named }))
      }),
  },
  {
    method: 'DELETE',
    path: `${base}/policy`,
    action: 'pratique:DeleteAdmissionPolicy',
    isOfAccount: true,
    run: async (rooms, call) =>
      withName(call, async (named) => changed(await rooms.deleteAdmissionPolicy(named))),
  },
  {
    method: 'POST',
    path: `${base}/preview`,
    action: 'pratique:PreviewAdmissionPolicy',
    isOfAccount: true,
    run: preview,
  },
  {
    method: 'GET',
    path: `${base}/pull-gates`,
    action: 'pratique:ListPullGates',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: { account, gates: await rooms.listPullGates(account) },
    }),
  },
  {
    method: 'POST',
    path: `${base}/pull-gates`,
    action: 'pratique:PutPullGate',
    isOfAccount: true,
    run: putPullGate,
  },
  {
    method: 'GET',
    path: `${base}/clusters`,
    action: 'pratique:ListClusters',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: { account, clusters: await rooms.listClusters(account) },
    }),
  },
  {
    method: 'POST',
    path: `${base}/clusters`,
    action: 'pratique:RegisterCluster',
    isOfAccount: true,
    run: registerCluster,
  },
  {
    method: 'DELETE',
    path: `${base}/clusters`,
    action: 'pratique:DeleteCluster',
    isOfAccount: true,
    run: async (rooms, call) =>
      withName(call, async ({ account, name }) => {
        await rooms.deleteCluster({ account, name })
        return { kind: 'json', value: { account, name } }
      }),
  },
  {
    method: 'GET',
    path: `${base}/cluster`,
    action: 'pratique:GetCluster',
    isOfAccount: true,
    run: async (rooms, call) => withName(call, async (named) => showCluster(rooms, call, named)),
  },
  {
    method: 'POST',
    path: `${base}/cluster-report`,
    action: 'pratique:ReportCluster',
    isOfAccount: true,
    run: async (rooms, call) => withName(call, async (named) => reportCluster(rooms, call, named)),
  },
  {
    method: 'GET',
    path: `${base}/denials`,
    action: 'pratique:ListAdmissionDenials',
    isOfAccount: true,
    run: listDenials,
  },
  {
    method: 'GET',
    path: `${base}/cluster-check`,
    action: 'pratique:CheckCluster',
    isOfAccount: true,
    run: async (rooms, call) =>
      withName(call, async ({ account, name }) => ({
        kind: 'json',
        value: await rooms.checkCluster({ account, name }),
      })),
  },
]

function changed(value: Changed): ControlReply {
  return { kind: 'json', value, audited: value }
}

async function withName(
  { account, principal: by, query }: ControlCall,
  work: (named: NamedInput) => Promise<ControlReply>,
): Promise<ControlReply> {
  const name = query.get('name')
  return name === null || name === '' ? refused('name is missing') : work({ account, name, by })
}

async function withText(
  { body }: ControlCall,
  work: (text: string) => ControlReply | Promise<ControlReply>,
): Promise<ControlReply> {
  const bytes = await readAll(body, maxPolicyBytes)
  if (bytes === undefined) return refused(`a policy has at most ${maxPolicyBytes} bytes`)
  return work(bytes.toString())
}

const doors: readonly Door[] = ['pull', 'admission', 'gatekeeper', 'gate']

async function preview(rooms: AdmissionRooms, call: ControlCall): Promise<ControlReply> {
  const { account, query, signal } = call
  const door = doors.find((one) => one === (query.get('door') ?? 'admission'))
  if (door === undefined) return refused(`door must be one of ${doors.join(', ')}`)
  const [cluster, namespace] = [query.get('cluster'), query.get('namespace')]
  const context = {
    door,
    ...(cluster === null ? {} : { cluster }),
    ...(namespace === null ? {} : { namespace }),
  }
  return withText(call, (text) => ({
    kind: 'lines',
    values: rooms.previewAdmissionPolicy({ account, text, context }, { signal }),
  }))
}

async function putPullGate(rooms: AdmissionRooms, call: ControlCall): Promise<ControlReply> {
  const { account, principal: by, query } = call
  const state = (['on', 'off', 'unset'] as const).find((one) => one === query.get('state'))
  if (state === undefined) return refused('state must be on, off or unset')
  const named = query.get('repository')
  const repository = named === null ? undefined : parseRepositoryName(named)
  if (named !== null && repository === undefined)
    return refused('repository must be the name of a repository')
  await rooms.putPullGate({ account, repository, state, by })
  const audited = { repositoryName: repository ?? '*', status: state }
  return { kind: 'json', value: { account, repository: repository ?? null, state }, audited }
}

async function registerCluster(rooms: AdmissionRooms, call: ControlCall): Promise<ControlReply> {
  const { account, principal: by, body } = call
  const bytes = await readAll(body, maxClusterBytes)
  if (bytes === undefined)
    return refused(`a cluster is described in at most ${maxClusterBytes} bytes`)
  return withJson(bytes, async (asked) => ({
    kind: 'json',
    value: await rooms.registerCluster({ account, asked, by }),
  }))
}

async function withJson(
  bytes: Buffer,
  work: (asked: unknown) => Promise<ControlReply>,
): Promise<ControlReply> {
  let asked: unknown
  try {
    asked = JSON.parse(bytes.toString())
  } catch {
    return refused('the body must be JSON')
  }
  return work(asked)
}

async function reportCluster(
  rooms: AdmissionRooms,
  { body }: ControlCall,
  named: NamedInput,
): Promise<ControlReply> {
  const bytes = await readAll(body, maxReportBytes)
  if (bytes === undefined) return refused(`a report has at most ${maxReportBytes} bytes`)
  return withJson(bytes, async (asked) => ({
    kind: 'json',
    value: await rooms.reportCluster({ ...named, asked }),
    audited: { name: named.name },
  }))
}

const defaultLimit = 100
const maxLimit = 1000

/** Undefined of what is no number of rows. */
function limitIn(query: URLSearchParams): number | undefined {
  const text = query.get('limit')
  if (text === null) return defaultLimit
  const limit = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= maxLimit ? limit : undefined
}

async function showCluster(
  rooms: AdmissionRooms,
  { query }: ControlCall,
  { account, name }: NamedInput,
): Promise<ControlReply> {
  const only = (['running', 'all'] as const).find((one) => one === (query.get('only') ?? 'running'))
  if (only === undefined) return refused('only must be running or all')
  const limit = limitIn(query)
  if (limit === undefined) return refused(`limit must be a number from 1 to ${maxLimit}`)
  const text = query.get('after')
  const after = text === null ? undefined : cursorIn(text)
  if (text !== null && after === undefined)
    return refused('after must be the "next" of the page before')
  const { next, ...shown } = await rooms.showCluster({ account, name, only, after, limit })
  return { kind: 'json', value: next === undefined ? shown : { ...shown, next: tokenOf(next) } }
}

function tokenOf(cursor: PlaceCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

/** It only says where to go on within what the caller may see. */
function cursorIn(token: string): PlaceCursor | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(token, 'base64url').toString())
  } catch {
    return undefined
  }
  if (!isRecord(value)) return undefined
  const { namespace, workloadKind, workloadName, repository, digest } = value
  const isPlace = [namespace, workloadKind, workloadName, repository, digest].every(
    (part) => typeof part === 'string',
  )
  return isPlace
    ? {
        namespace: String(namespace),
        workloadKind: String(workloadKind),
        workloadName: String(workloadName),
        repository: String(repository),
        digest: String(digest),
      }
    : undefined
}

async function listDenials(
  rooms: AdmissionRooms,
  { account, query }: ControlCall,
): Promise<ControlReply> {
  const limit = limitIn(query)
  if (limit === undefined) return refused(`limit must be a number from 1 to ${maxLimit}`)
  const text = query.get('before')
  if (text !== null && !/^[0-9]{1,15}$/.test(text))
    return refused('before must be the "next" of the page before')
  const before = text === null ? undefined : Number(text)
  const name = query.get('name') ?? undefined
  return { kind: 'json', value: await rooms.listDenials({ account, name, before, limit }) }
}
