// Purpose:  is an image of this registry, and which one?
// Spec:     Pratique's design, "Addresses": host names, and an account as the first segment of the name.
// Input:    a reference that was read, and under which hosts the cluster reaches this registry.
// Deviates: nothing.
// Unknowns: a name that no repository here can have is one that is not there.
import type { Reference } from '../../oci/reference.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import type { NormalReference } from './image-reference.ts'

export type LocatedImage =
  | { readonly kind: 'own'; readonly repository: RepositoryName; readonly reference: Reference }
  | { readonly kind: 'foreign'; readonly host: string; readonly repository: string }
  | { readonly kind: 'unnameable' }

/** Hosts in lower case, with ports; images of other accounts of this installation are not there. */
export function locateImage(
  { host, path, tag, digest }: NormalReference,
  { hosts, account }: { readonly hosts: ReadonlySet<string>; readonly account: AccountId },
): LocatedImage {
  if (!hosts.has(host)) return { kind: 'foreign', host, repository: path }
  const name = path.startsWith(`${account}/`) ? path.slice(account.length + 1) : path
  const repository = parseRepositoryName(name)
  if (repository === undefined) return { kind: 'unnameable' }
  if (digest !== undefined)
    return { kind: 'own', repository, reference: { kind: 'digest', digest } }
  if (tag === undefined) return { kind: 'unnameable' }
  return { kind: 'own', repository, reference: { kind: 'tag', tag } }
}
