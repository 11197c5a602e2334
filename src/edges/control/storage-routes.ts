import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

interface CheckInput {
  readonly repair: boolean
  readonly hashes: boolean
  readonly maxBytesPerSecond: number | undefined
}

interface Options {
  readonly signal: AbortSignal
}

export interface StorageRooms {
  /** Progress and problems as they are found; the last says how it ended. */
  readonly checkStorage: (input: CheckInput, options: Options) => AsyncIterable<unknown>
  /** The pieces of an archive. */
  readonly writeBackup: (
    input: { readonly withKeys: boolean },
    options: Options,
  ) => AsyncIterable<Uint8Array>
}

export const storageRoutes: readonly ControlRoute<StorageRooms>[] = [
  {
    method: 'POST',
    path: '/pratique/v1/storage-checks',
    action: 'pratique:CheckStorage',
    run: async (rooms, call) => withInput(call, (input) => rooms.checkStorage(input, call), false),
  },
  {
    method: 'POST',
    path: '/pratique/v1/storage-checks/repair',
    action: 'pratique:RepairStorage',
    run: async (rooms, call) => withInput(call, (input) => rooms.checkStorage(input, call), true),
  },
  {
    method: 'POST',
    path: '/pratique/v1/backups',
    action: 'pratique:BackupStorage',
    run: async (rooms, { query, signal }) => {
      const withKeys = query.get('keys') !== 'false'
      const pieces = rooms.writeBackup({ withKeys }, { signal })
      return Promise.resolve({ kind: 'bytes', type: 'application/x-tar', pieces })
    },
  },
]

/** `hashes=true` reads every blob, at most `max-bytes-per-second` of them. */
async function withInput(
  { query }: ControlCall,
  start: (input: CheckInput) => AsyncIterable<unknown>,
  repair: boolean,
): Promise<ControlReply> {
  const rate = query.get('max-bytes-per-second')
  if (rate !== null && !/^[1-9][0-9]{3,14}$/.test(rate)) {
    return Promise.resolve(refused('max-bytes-per-second must be a whole number from 1000'))
  }
  const hashes = query.get('hashes') === 'true'
  const maxBytesPerSecond = rate === null ? undefined : Number(rate)
  return Promise.resolve({ kind: 'lines', values: start({ repair, hashes, maxBytesPerSecond }) })
}
