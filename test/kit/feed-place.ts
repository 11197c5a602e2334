// A place where feeds are refreshed from a server on loopback, and images are scanned with what they said.
import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { openOrigin, type FeedOrigin } from '../../src/feeds/origin.ts'
import { findFeed } from '../../src/feeds/table.ts'
import { systemIds } from '../../src/lib/ids.ts'
import type { RefreshDeps, PartRefresh } from '../../src/scanning/refresh-part.ts'
import { refreshPart } from '../../src/scanning/refresh-part.ts'
import { defaultHttpLimits, openHttpTransport } from '../../src/storage/feeds/http.ts'
import { temporaryDirectory } from './database.ts'
import type { FakeClock } from './fake-clock.ts'
import { fileServer, type Answer } from './file-server.ts'
import { scanPlace, type ScanPlace } from './scanning.ts'

export type ServedFiles = Map<string, Buffer | string>

export interface FeedPlace extends ScanPlace {
  /** By path below the home; what is absent is 404. A test changes it as it likes. */
  readonly files: ServedFiles
  /** Paths asked for, in order. */
  readonly asked: readonly string[]
  readonly origin: FeedOrigin
  /** A part of a feed of the table, from the served files. */
  refresh(feed: string, part?: string): Promise<PartRefresh>
}

export async function feedPlace(t: TestContext, served: ServedFiles): Promise<FeedPlace> {
  const place = await scanPlace(t)
  const { asked, origin, rest } = await servedOrigin(t, served, place.clock)
  const deps: RefreshDeps = { ...place, rest, originOf: () => origin, everyMs: 7_200_000 }
  return {
    ...place,
    files: served,
    asked,
    origin,
    refresh: (name, part = '') => {
      const feed = findFeed(name)
      if (feed === undefined) throw new Error(`there is no feed ${name}`)
      const { signal } = new AbortController()
      return refreshPart(deps, { feed, part, confirmLoss: false }, { signal })
    },
  }
}

const archive = '/archive/'

/** Only the origin, for what a feed asks of it. */
export async function servedOrigin(
  t: TestContext,
  files: ServedFiles,
  clock: FakeClock,
): Promise<{
  readonly asked: readonly string[]
  readonly origin: FeedOrigin
  readonly rest: () => Promise<void>
}> {
  const server = await fileServer(t, answerFrom(files))
  const rest = (): Promise<void> => Promise.resolve()
  const proxy = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined }
  const directory = await temporaryDirectory(t)
  const http = { ids: systemIds, clock, rest, directory, proxy }
  const transport = openHttpTransport(http, { ...defaultHttpLimits, timeoutMs: 5000 })
  return { asked: server.paths, origin: openOrigin(transport, server.url), rest }
}

function answerFrom(files: ServedFiles): Answer {
  return (request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(archive.length)
    const content = files.get(path)
    if (content === undefined) {
      response.writeHead(404).end()
      return
    }
    const etag = `"${createHash('sha256').update(content).digest('hex')}"`
    const isKnown = request.headers['if-none-match'] === etag
    response.writeHead(isKnown ? 304 : 200, { etag })
    response.end(isKnown ? undefined : content)
  }
}
