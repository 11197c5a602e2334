import type { PolicyDocument } from '../policy/document.ts'
import { principalArnsOf } from '../policy/parse-policy.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findArnOfPrincipal, findNamedPrincipal } from './principal-arn-store.ts'

export type ResolvedPrincipals =
  | { readonly kind: 'resolved'; readonly ids: ReadonlyMap<string, string> }
  /** A user or role of an account that is here, which is not there itself. */
  | { readonly kind: 'absent'; readonly arn: string }

/**
 * The unique id of each user and role that the document names: what is put is about them, and not about whoever has their
 * name later. ARNs of accounts that are not here stay as they are.
 */
export async function resolvePrincipals(
  reader: SqlReader,
  document: PolicyDocument,
): Promise<ResolvedPrincipals> {
  const ids = new Map<string, string>()
  for (const arn of principalArnsOf(document)) {
    const found = await findNamedPrincipal(reader, arn)
    if (found.kind === 'absent') return { kind: 'absent', arn }
    if (found.kind === 'entity') ids.set(arn, found.id)
  }
  return { kind: 'resolved', ids }
}

/** How those are called now whom a stored document names: another ARN after a rename, the bare id after a deletion. */
export async function presentNames(
  reader: SqlReader,
  principals: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  for (const [arn, id] of principals) {
    const present = (await findArnOfPrincipal(reader, id)) ?? id
    if (present !== arn) names.set(arn, present)
  }
  return names
}
