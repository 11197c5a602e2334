import type { IncomingHttpHeaders } from 'node:http'

/** What a request is called in the names of steps: without names and digests, which differ from run to run. */
export function nameRequest(method: string, url: string, headers: IncomingHttpHeaders): string {
  const operation = /\.(\w+)$/.exec(String(headers['x-amz-target'] ?? ''))?.[1]
  if (operation !== undefined) return operation
  const [path = '', query = ''] = url.split('?')
  for (const [pattern, name] of kinds) if (pattern.test(path)) return `${method} ${name(query)}`
  return `${method} ${path}`
}

const kinds: readonly (readonly [RegExp, (query: string) => string])[] = [
  [
    /\/blobs\/uploads\/$/,
    (query) => (query.includes('mount=') ? 'mount' : query.includes('digest=') ? 'blob' : 'upload'),
  ],
  [/\/blobs\/uploads\/[^/]+$/, () => 'upload'],
  [/\/blobs\//, () => 'blob'],
  [/\/manifests\/sha(?:256|512):/, () => 'manifest by digest'],
  [/\/manifests\//, () => 'manifest by tag'],
  [/\/referrers\//, () => 'referrers'],
]
