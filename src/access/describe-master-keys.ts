import type { SqlReader } from '../storage/database/database.ts'
import type { MasterKeySource } from '../storage/master-key/master-key-source.ts'
import { listMasterKeys } from './master-key-store.ts'
import { countSealedRecords } from './sealed-record-store.ts'

export interface MasterKeysDescription {
  readonly source: MasterKeySource['kind']
  /** The primary first. Ids are derived from the keys and tell nothing of them. */
  readonly keys: readonly {
    readonly id: string
    readonly state: 'primary' | 'previous'
    readonly createdAt: Date
    /** Of a previous one: until when tokens made under it are believed. */
    readonly dropAfter: Date | undefined
    /** Sealed under it. */
    readonly records: number
  }[]
  /** Sealed before keys had names; the next rotation reseals them. */
  readonly unnamedRecords: number
}

export async function describeMasterKeys({
  reader,
  source,
}: {
  readonly reader: SqlReader
  readonly source: MasterKeySource
}): Promise<MasterKeysDescription> {
  const counts = await countSealedRecords(reader)
  const keys = await listMasterKeys(reader)
  return {
    source: source.kind,
    keys: keys.map(({ id, state, createdAt, dropAfter }) => {
      return { id, state, createdAt, dropAfter, records: counts.get(id) ?? 0 }
    }),
    unnamedRecords: counts.get(undefined) ?? 0,
  }
}
