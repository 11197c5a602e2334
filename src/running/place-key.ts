// An image at one place of a cluster, as its row is found: one order of columns and values.
import type { AccountId } from '../policy/account-id.ts'
import { text, type SqlRow } from '../storage/database/database.ts'
import type { UsePlace } from './image-use.ts'

export interface ImagePlace extends UsePlace {
  readonly repository: string
  readonly digest: string
}

export const placeColumns =
  'account, cluster, namespace, workload_kind, workload_name, repository, digest'

/** In the order of the columns. */
export function placeValues(
  place: ImagePlace & { readonly account: AccountId },
): readonly string[] {
  const { account, cluster, namespace, workloadKind, workloadName, repository, digest } = place
  return [account, cluster, namespace, workloadKind, workloadName, repository, digest]
}

/** Whose it is, who asked knows. */
export function placeOf(row: SqlRow): ImagePlace {
  return {
    cluster: text(row, 'cluster'),
    namespace: text(row, 'namespace'),
    workloadKind: text(row, 'workload_kind'),
    workloadName: text(row, 'workload_name'),
    repository: text(row, 'repository'),
    digest: text(row, 'digest'),
  }
}
