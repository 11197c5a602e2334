// Purpose:  the scopes that a request to /v2 needs, as its challenge names them.
// Spec:     distribution "Token Scope Documentation"; a mount needs to push here and to pull there.
// Input:    the parsed path and query; the names in them are hostile until parsed here.
// Deviates: nothing.
// Unknowns: a name that is none is left out of the challenge: it would end up in a header.
import type { Scope, ScopeAction } from '../../access/rules/scope.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'
import type { V2Path } from './path.ts'

export function requiredScopes(
  path: V2Path,
  action: ScopeAction | undefined,
  query: URLSearchParams,
): readonly Scope[] {
  if (path.kind === 'catalog') return [{ kind: 'catalog' }]
  if (action === undefined || !('name' in path)) return []
  // Who pushes also looks for what is there already.
  const here = repository(path.name, action === 'push' ? ['pull', 'push'] : [action])
  if (path.kind !== 'uploads' || !query.has('mount')) return here
  const from = query.get('from')
  const source: readonly Scope[] = from === null ? [anySource] : repository(from, ['pull'])
  return [...here, ...source]
}

/** A mount that names no source looks wherever the caller may pull. */
const anySource: Scope = { kind: 'repository', name: '*', actions: ['pull'] }

function repository(name: string, actions: readonly ScopeAction[]): readonly Scope[] {
  return parseRepositoryName(name) === undefined ? [] : [{ kind: 'repository', name, actions }]
}
