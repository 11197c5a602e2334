/** The disk, or a quota of the system, has no room: the one fault of storage that a caller is told as such. */
export class StorageFullError extends Error {
  /** `isReserved`: what is left is kept for the database, deletes and the collector. */
  constructor(options: { readonly cause: unknown } | { readonly isReserved: true }) {
    const isReserved = 'isReserved' in options
    super(
      isReserved
        ? 'the registry’s disk is nearly full and takes no more blobs'
        : 'the registry’s disk is full',
      isReserved ? {} : options,
    )
    this.name = 'StorageFullError'
  }
}

/** The database's disk fails or takes no writes: nothing can be kept, much can still be read. */
export class StorageFaultError extends Error {
  constructor(options: { readonly cause: unknown }) {
    super('the registry’s disk does not take what is written', options)
    this.name = 'StorageFaultError'
  }
}

/** Whether the disk is the reason, so that what can do without writing may go on. */
export function isStorageFault(error: unknown): boolean {
  return error instanceof StorageFullError || error instanceof StorageFaultError
}

/** The same error, said so where the system says that there is no room. */
export function nameStorageFault(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === 'EDQUOT' ? new StorageFullError({ cause: error }) : error
}
