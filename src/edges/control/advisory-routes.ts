import type { Readable } from 'node:stream'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

/** The state that a delta starts from. */
type BundleBase = { readonly revision: number } | { readonly bundleId: string }

interface Options {
  readonly signal: AbortSignal
}

/** Bundles of vulnerability data, and questions about the data. */
export interface AdvisoryRooms {
  readonly exportBundle: (
    input: { readonly since: BundleBase | undefined },
    options: Options,
  ) => AsyncIterable<Uint8Array>
  readonly importBundle: (
    input: {
      readonly bytes: AsyncIterable<Uint8Array>
      readonly allowUnsigned: boolean
      readonly allowOlder: boolean
      readonly confirmLoss: boolean
      readonly importedBy: string
    },
    options: Options,
  ) => Promise<unknown>
  /** What an import would change; a line for each record, then the counts. */
  readonly diffBundle: (
    input: { readonly bytes: AsyncIterable<Uint8Array>; readonly allowUnsigned: boolean },
    options: Options,
  ) => AsyncIterable<unknown>
  readonly diffAdvisories: (
    input: { readonly from: string; readonly to: string },
    options: Options,
  ) => AsyncIterable<unknown>
  readonly isRevisionName: (text: string) => boolean
  readonly searchAdvisories: (
    input: { readonly text: string; readonly limit: number },
    options: Options,
  ) => Promise<unknown>
  readonly showAdvisory: (input: {
    readonly id: string
    readonly withHolders: boolean
  }) => Promise<unknown>
  readonly removeSource: (input: { readonly source: string }, options: Options) => Promise<unknown>
  readonly listBundleKeys: () => Promise<unknown>
  readonly makeBundleKeys: (input: { readonly rotate: boolean }) => Promise<unknown>
}

export const advisoryRoutes: readonly ControlRoute<AdvisoryRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/advisories/bundle',
    action: 'pratique:ExportAdvisories',
    run: (rooms, call) => Promise.resolve(exportBundle(rooms, call)),
  },
  {
    method: 'POST',
    path: '/pratique/v1/advisories/bundle',
    action: 'pratique:ImportAdvisories',
    run: importBundle,
  },
  {
    method: 'POST',
    path: '/pratique/v1/advisories/bundle/differences',
    action: 'pratique:DescribeAdvisories',
    run: (rooms, { query, body, signal }) => {
      const input = { bytes: piecesOf(body), allowUnsigned: isAsked(query, 'allow-unsigned') }
      const values = untilRead(body, rooms.diffBundle(input, { signal }))
      return Promise.resolve({ kind: 'lines', values })
    },
  },
  {
    method: 'GET',
    path: '/pratique/v1/advisories/differences',
    action: 'pratique:DescribeAdvisories',
    isOfAccount: true,
    run: (rooms, call) => Promise.resolve(diffAdvisories(rooms, call)),
  },
  {
    method: 'GET',
    path: '/pratique/v1/advisories/search',
    action: 'pratique:DescribeAdvisories',
    isOfAccount: true,
    run: searchAdvisories,
  },
  {
    method: 'GET',
    path: '/pratique/v1/advisories/record',
    action: 'pratique:DescribeAdvisories',
    // Who holds what is told of all accounts.
    isOfAccount: (query) => !isAsked(query, 'holders'),
    run: showAdvisory,
  },
  {
    method: 'DELETE',
    path: '/pratique/v1/advisories',
    action: 'pratique:ImportAdvisories',
    run: removeSource,
  },
  {
    method: 'GET',
    path: '/pratique/v1/bundle-keys',
    action: 'pratique:DescribeAdvisories',
    run: async (rooms) => ({ kind: 'json', value: { keys: await rooms.listBundleKeys() } }),
  },
  {
    method: 'POST',
    path: '/pratique/v1/bundle-keys',
    action: 'pratique:CreateBundleKey',
    run: async (rooms, { query }) => {
      const keys = await rooms.makeBundleKeys({ rotate: isAsked(query, 'rotate') })
      return { kind: 'json', value: { keys } }
    },
  },
]

function isAsked(query: URLSearchParams, name: string): boolean {
  return query.get(name) === 'true'
}

/** `since`: a revision of the data or the id of a bundle; without it the bundle is whole. */
function exportBundle(rooms: AdvisoryRooms, { query, signal }: ControlCall): ControlReply {
  const asked = query.get('since')
  const since = asked === null ? undefined : baseIn(asked)
  if (asked !== null && since === undefined)
    return refused('since must be a revision of the data, or the id of a bundle: 64 hex digits')
  return {
    kind: 'bytes',
    type: 'application/x-tar',
    pieces: rooms.exportBundle({ since }, { signal }),
  }
}

function baseIn(text: string): BundleBase | undefined {
  if (/^[0-9]{1,15}$/.test(text)) return { revision: Number(text) }
  return /^[0-9a-f]{64}$/.test(text) ? { bundleId: text } : undefined
}

async function importBundle(
  rooms: AdvisoryRooms,
  { query, body, principal, signal }: ControlCall,
): Promise<ControlReply> {
  const input = {
    bytes: piecesOf(body),
    allowUnsigned: isAsked(query, 'allow-unsigned'),
    allowOlder: isAsked(query, 'allow-older'),
    confirmLoss: isAsked(query, 'confirm-loss'),
    importedBy: principal,
  }
  try {
    return { kind: 'json', value: await rooms.importBundle(input, { signal }) }
  } finally {
    body.resume()
  }
}

/** A refusal must reach whoever is still sending: the connection stays, and the rest is passed over. */
function piecesOf(body: Readable): AsyncIterable<Uint8Array> {
  return body.iterator({ destroyOnReturn: false })
}

async function* untilRead(body: Readable, values: AsyncIterable<unknown>): AsyncGenerator {
  try {
    yield* values
  } finally {
    body.resume()
  }
}

/** `from` and `to`: a revision, a date, or `now`. */
function diffAdvisories(rooms: AdvisoryRooms, { query, signal }: ControlCall): ControlReply {
  const [from, to] = [query.get('from') ?? '', query.get('to') ?? 'now']
  if (!rooms.isRevisionName(from) || !rooms.isRevisionName(to))
    return refused('from and to must be a revision, a date such as 2026-11-01, or now')
  return { kind: 'lines', values: rooms.diffAdvisories({ from, to }, { signal }) }
}

const mostFound = 1000

async function searchAdvisories(
  rooms: AdvisoryRooms,
  { query, signal }: ControlCall,
): Promise<ControlReply> {
  const text = query.get('text') ?? ''
  const limit = Number(query.get('limit') ?? '50')
  if (text.length < 2 || text.length > 200) return refused('text must have 2 to 200 characters')
  if (!Number.isInteger(limit) || limit < 1 || limit > mostFound)
    return refused(`limit must be a whole number from 1 to ${mostFound}`)
  return { kind: 'json', value: await rooms.searchAdvisories({ text, limit }, { signal }) }
}

/** What a feed brought has its name and its part in the name of the source, and a release that is kept the ecosystem. */
async function removeSource(
  rooms: AdvisoryRooms,
  { query, signal }: ControlCall,
): Promise<ControlReply> {
  const source = query.get('source') ?? ''
  if (!/^[\x20-\x7e]{1,200}$/.test(source))
    return refused('source must be the name of a source, as the list of sources has it')
  return { kind: 'json', value: await rooms.removeSource({ source }, { signal }) }
}

async function showAdvisory(rooms: AdvisoryRooms, { query }: ControlCall): Promise<ControlReply> {
  const id = query.get('id') ?? ''
  if (!/^[\x21-\x7e]{1,128}$/.test(id))
    return refused('id must be that of a record, such as CVE-2021-44228 or GHSA-jfh8-c2jp-5v3q')
  const input = { id, withHolders: isAsked(query, 'holders') }
  return { kind: 'json', value: await rooms.showAdvisory(input) }
}
