// What tests of signing with real clients share: an image, and a proxy in whose eyes every name is the server.
import { createServer, request as httpRequest } from 'node:http'
import type { TestContext } from 'node:test'
import { digestOf } from '../../src/oci/digest.ts'
import { pushBlob, pushManifest } from './push-layout.ts'
import type { ServerProcess } from './server-process.ts'

/** An image of no layers under that tag; its digest. */
export async function pushEmptyImage(
  server: ServerProcess,
  repository: string,
  tag: string,
): Promise<string> {
  const config = Buffer.from(
    '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
  )
  const mediaType = 'application/vnd.oci.image.config.v1+json'
  await pushBlob(server, repository, digestOf(config), config)
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType, digest: digestOf(config), size: config.length },
    layers: [],
    annotations: { name: tag },
  })
  await pushManifest(server, repository, tag, manifest)
  return digestOf(Buffer.from(manifest))
}

/** For names under `.test`, which are nobody's. */
export async function forwarding(
  t: TestContext,
  server: ServerProcess,
  onRequest: (url: string) => void = () => undefined,
): Promise<string> {
  const proxy = createServer((from, to) => {
    const target = new URL(from.url ?? '/', 'http://reg.test')
    onRequest(target.href)
    const { hostname, port } = new URL(server.url)
    const path = `${target.pathname}${target.search}`
    const { method, headers } = from
    const out = httpRequest({ hostname, port, path, method, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(to)
    })
    out.on('error', () => to.destroy())
    from.pipe(out)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.after(() => proxy.close())
  const address = proxy.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `http://127.0.0.1:${port}`
}
