import type { TestContext } from 'node:test'
import type { Feed } from '../../src/feeds/feed.ts'
import { openOrigin } from '../../src/feeds/origin.ts'
import { systemIds } from '../../src/lib/ids.ts'
import { refreshPart, type PartRefresh, type RefreshDeps } from '../../src/scanning/refresh-part.ts'
import { defaultHttpLimits, openHttpTransport } from '../../src/storage/feeds/http.ts'
import { temporaryDatabase, temporaryDirectory } from './database.ts'
import { fakeClock } from './fake-clock.ts'
import { fileServer, type Answer } from './file-server.ts'
import { zipOf } from './zip.ts'

type FakeClock = ReturnType<typeof fakeClock>

export interface FeedPlace {
  readonly deps: RefreshDeps & { readonly clock: FakeClock }
  readonly server: Awaited<ReturnType<typeof fileServer>>
  /** Where fetched files are spooled. */
  readonly directory: string
  readonly clock: FakeClock
  refresh(feed: Feed, part: string, confirmLoss?: boolean): Promise<PartRefresh>
}

/** A database, and an origin on loopback that answers as the test says; nobody waits between two attempts. */
export async function feedPlace(t: TestContext, answer: Answer): Promise<FeedPlace> {
  const server = await fileServer(t, answer)
  const directory = await temporaryDirectory(t)
  const clock = fakeClock()
  const proxy = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined }
  const rest = (): Promise<void> => Promise.resolve()
  const http = { ids: systemIds, clock, rest, directory, proxy }
  const transport = openHttpTransport(http, { ...defaultHttpLimits, timeoutMs: 10_000 })
  const deps = {
    database: await temporaryDatabase(t),
    clock,
    ids: systemIds,
    rest,
    originOf: () => openOrigin(transport, server.url),
    everyMs: 2 * 3_600_000,
  }
  const { signal } = new AbortController()
  return {
    deps,
    server,
    directory,
    clock,
    refresh: (feed, part, confirmLoss = false) =>
      refreshPart(deps, { feed, part, confirmLoss }, { signal }),
  }
}

/** Files by their path below the origin's base; the ETag of one is a hash of its content. */
export function serveFiles(files: ReadonlyMap<string, Buffer | string>): Answer {
  return (request, response) => {
    const path = decodeURIComponent(request.url ?? '').replace(/^\/archive\//, '')
    const file = files.get(path)
    if (file === undefined) {
      response.writeHead(404).end()
      return
    }
    const content = Buffer.from(file)
    const etag = `"${content.length}-${sumOf(content)}"`
    if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end()
    else response.writeHead(200, { etag, 'content-length': content.length }).end(content)
  }
}

function sumOf(content: Buffer): number {
  let sum = 7
  for (const byte of content) sum = (sum * 31 + byte) % 4_294_967_291
  return sum
}

/** Files of an origin as a zip archive. */
export function zipFiles(files: Iterable<readonly [name: string, content: string]>): Buffer {
  return zipOf([...files].map(([name, content]) => ({ name, content })))
}
