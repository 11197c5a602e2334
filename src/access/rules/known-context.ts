// Purpose:  which condition keys are the same in every request that a principal could make, and which differ?
// Spec:     AWS IAM User Guide, "AWS global condition context keys": what each key says, and of whom.
// Input:    the values of one request, who makes it, and the keys that somebody says the request has, in lower case.
// Deviates: nothing.
// Unknowns: a key that is not known to stay is free, never absent.
import type { ContextValues } from '../../policy/context-values.ts'
import type { PartialContext } from '../../policy/residual.ts'

/** A session of a role that is named, or any of them: the latter's name is not known. */
export type KnownKind = 'root' | 'user' | 'role' | 'session' | 'nobody'

export function knownContext(
  values: ContextValues,
  kind: KnownKind,
  given: ReadonlySet<string>,
): PartialContext {
  const stays = staysOf(kind)
  return {
    get: (key) => values.get(key),
    isFree: (key) => !given.has(key) && !ofResource(key) && !stays(key),
  }
}

function ofResource(key: string): boolean {
  return (
    key === 'aws:resourceaccount' ||
    key === 'aws:resourceorgid' ||
    key === 'aws:requestedregion' ||
    key.startsWith('aws:resourcetag/') ||
    key.startsWith('ecr:resourcetag/')
  )
}

const ofPrincipal = [
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principaltype',
  'aws:principalisawsservice',
  'aws:principalservicename',
  'aws:viaawsservice',
  'aws:username',
]

const ofUser = new Set([
  ...ofPrincipal,
  'aws:userid',
  // Sessions of a user have neither.
  'aws:federatedprovider',
  'aws:sourceidentity',
])

/** A session brings its own name, tags, identity provider and source identity. */
const ofRole = new Set(ofPrincipal)
const ofSession = new Set([...ofPrincipal, 'aws:userid'])

function staysOf(kind: KnownKind): (key: string) => boolean {
  switch (kind) {
    case 'root':
    case 'user':
      return (key) => ofUser.has(key) || key.startsWith('aws:principaltag/')
    case 'role':
      return (key) => ofRole.has(key)
    case 'session':
      return (key) => ofSession.has(key)
    case 'nobody':
      return () => false
  }
}
