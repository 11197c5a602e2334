import type { V2Path } from './path.ts'

type Parameters = Readonly<Record<string, string>>

/** A request of /v2 in the words of ECR's parameters, for its audit record. */
export function parametersOf(path: V2Path, query: URLSearchParams): Parameters | undefined {
  return 'name' in path ? { repositoryName: path.name, ...detailsOf(path, query) } : undefined
}

function detailsOf(path: V2Path, query: URLSearchParams): Parameters {
  if (path.kind === 'manifest') {
    const { reference } = path
    return reference.kind === 'tag'
      ? { imageTag: reference.tag }
      : { imageDigest: reference.digest }
  }
  if (path.kind === 'blob') return { layerDigest: path.digest }
  if (path.kind === 'referrers') return { imageDigest: path.digest }
  if (path.kind === 'upload') return { uploadId: path.uploadId, ...queryOf(query, 'digest') }
  return path.kind === 'uploads' ? queryOf(query, 'digest', 'mount', 'from') : {}
}

function queryOf(query: URLSearchParams, ...names: readonly string[]): Parameters {
  const found: Record<string, string> = {}
  for (const name of names) {
    const value = query.get(name)
    if (value !== null) found[name] = value
  }
  return found
}
