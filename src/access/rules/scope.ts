// Purpose:  read what a client asks a token for, and say whether a token's grants cover a request.
// Spec:     distribution "Token Scope Documentation" (`type(class):name:action,action`); no specification but this one exists.
// Input:    the `scope` parameter of a token request; hostile.
// Deviates: `repository:*:…` asks for every repository; a mount that names no source needs it.
// Unknowns: another type, a name with a host in it, an action that is none, malformed text → grants nothing, as for what is denied.

/** What a scope can open in a repository. */
export const scopeActions = ['pull', 'push', 'delete'] as const
export type ScopeAction = (typeof scopeActions)[number]

export type Scope =
  | {
      readonly kind: 'repository'
      readonly name: string
      readonly actions: readonly ScopeAction[]
    }
  /** The list of repositories: `registry:catalog:*`. */
  | { readonly kind: 'catalog' }

/** What a token opens at most: an ARN, and what may be done to it. `catalog` is the list of repositories. */
export interface Grant {
  readonly resource: string
  readonly actions: readonly (ScopeAction | 'catalog')[]
}

/** Scopes are parted by spaces within one parameter, and the parameter may be repeated. */
export function parseScopes(parameters: readonly string[]): readonly Scope[] {
  return parameters.flatMap((text) => text.split(' ')).flatMap((text) => parseScope(text) ?? [])
}

export function parseScope(text: string): Scope | undefined {
  // A name may hold colons (a host's port), so the type ends at the first and the name at the last.
  const parts = /^([a-z0-9]+)(?:\([a-z0-9]+\))?:(.+):([a-z,*]*)$/.exec(text)
  const [, type, name, list] = parts ?? []
  if (name === undefined || list === undefined) return undefined
  if (type === 'registry')
    return name === 'catalog' && list === '*' ? { kind: 'catalog' } : undefined
  if (type !== 'repository') return undefined
  const asked = new Set(list.split(','))
  const actions = scopeActions.filter((action) => asked.has(action) || asked.has('*'))
  return actions.length === 0 ? undefined : { kind: 'repository', name, actions }
}

/** As a challenge names it. */
export function formatScope(scope: Scope): string {
  return scope.kind === 'catalog'
    ? 'registry:catalog:*'
    : `repository:${scope.name}:${scope.actions.join(',')}`
}

/** The grants of a token, or undefined for a caller that no token limits. */
export type Limits = readonly Grant[] | undefined

/** Whether the limits leave room for this; rights are another question. */
export function covers(limits: Limits, resource: string, action: ScopeAction | 'catalog'): boolean {
  if (limits === undefined) return true
  return limits.some(
    (grant) =>
      (grant.resource === resource || grant.resource === anyRepository) &&
      grant.actions.includes(action),
  )
}

/** Stands for every repository; who may do what in each of them is judged at use. */
export const anyRepository = '*'
