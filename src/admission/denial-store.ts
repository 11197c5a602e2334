import { isRecord } from '../oci/descriptor.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { UsePlace } from '../running/image-use.ts'
import {
  instant,
  integer,
  text,
  texts,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { insertRows } from '../storage/database/many-rows.ts'

export interface DenialReason {
  readonly code: string
  readonly message: string
  readonly policy?: string
}

/** Texts are empty where they are not known. */
export interface Denial extends UsePlace {
  readonly account: AccountId
  readonly door: string
  /** As it was named. */
  readonly image: string
  readonly repository: string
  readonly digest: string
  /** `base@3` */
  readonly policies: readonly string[]
  readonly reasons: readonly DenialReason[]
  /** Equal ones that were written at once. */
  readonly times: number
  /** Of the last of them. */
  readonly at: Date
}

/** Of one account. */
export const maxDenials = 10_000

export async function insertDenials(tx: SqlWriter, denials: readonly Denial[]): Promise<void> {
  const into = `admission_denials (account, cluster, door, namespace, workload_kind, workload_name, image, repository, digest, policies, reasons, times, at)`
  const rows = denials.map((denial) => [
    denial.account,
    denial.cluster,
    denial.door,
    denial.namespace,
    denial.workloadKind,
    denial.workloadName,
    denial.image,
    denial.repository,
    denial.digest,
    JSON.stringify(denial.policies),
    JSON.stringify(denial.reasons),
    denial.times,
    denial.at.getTime(),
  ])
  await insertRows(tx, { into }, rows)
}

/** The oldest beyond the bound. */
export async function trimDenials(
  tx: SqlWriter,
  account: AccountId,
  most = maxDenials,
): Promise<number> {
  return tx.run(
    `DELETE FROM admission_denials WHERE account = $1 AND id <= (SELECT id FROM admission_denials WHERE account = $1
       ORDER BY id DESC LIMIT 1 OFFSET $2)`,
    [account, most],
  )
}

export async function deleteDenialsBefore(
  tx: SqlWriter,
  before: Date,
  limit: number,
): Promise<number> {
  return tx.run(
    'DELETE FROM admission_denials WHERE id IN (SELECT id FROM admission_denials WHERE at < $1 ORDER BY at LIMIT $2)',
    [before.getTime(), limit],
  )
}

export async function deleteDenialsOf(
  tx: SqlWriter,
  { account, cluster }: { readonly account: AccountId; readonly cluster: string },
): Promise<void> {
  await tx.run('DELETE FROM admission_denials WHERE account = $1 AND cluster = $2', [
    account,
    cluster,
  ])
}

export type ListedDenial = Denial & { readonly id: number }

/** The latest first, before an id; of one cluster where it is named. */
export async function listDenials(
  reader: SqlReader,
  account: AccountId,
  page: {
    readonly cluster: string | undefined
    readonly before: number | undefined
    readonly limit: number
  },
): Promise<readonly ListedDenial[]> {
  const { cluster, before = Number.MAX_SAFE_INTEGER, limit } = page
  const rows =
    cluster === undefined
      ? await reader.all(
          'SELECT * FROM admission_denials WHERE account = $1 AND id < $2 ORDER BY id DESC LIMIT $3',
          [account, before, limit],
        )
      : await reader.all(
          'SELECT * FROM admission_denials WHERE account = $1 AND cluster = $2 AND id < $3 ORDER BY id DESC LIMIT $4',
          [account, cluster, before, limit],
        )
  return rows.map((row) => denialOf(row, account))
}

function denialOf(row: SqlRow, account: AccountId): ListedDenial {
  return {
    id: integer(row, 'id'),
    account,
    cluster: text(row, 'cluster'),
    door: text(row, 'door'),
    namespace: text(row, 'namespace'),
    workloadKind: text(row, 'workload_kind'),
    workloadName: text(row, 'workload_name'),
    image: text(row, 'image'),
    repository: text(row, 'repository'),
    digest: text(row, 'digest'),
    policies: texts(row, 'policies'),
    reasons: reasonsIn(text(row, 'reasons')),
    times: integer(row, 'times'),
    at: instant(row, 'at'),
  }
}

function reasonsIn(stored: string): readonly DenialReason[] {
  const list: unknown = JSON.parse(stored)
  return (Array.isArray(list) ? list : []).filter(isRecord).map(({ code, message, policy }) => ({
    code: String(code),
    message: String(message),
    ...(typeof policy === 'string' ? { policy } : {}),
  }))
}
