/** The disk, or a quota of the system, has no room: the one fault of storage that a caller is told as such. */
export class StorageFullError extends Error {
  /** `isReserved`: what is left is kept for the database, deletes and the collector. `isAudit`: nothing that is done could be recorded. */
  constructor(
    options: { readonly cause: unknown; readonly isAudit?: true } | { readonly isReserved: true },
  ) {
    const isReserved = 'isReserved' in options
    super(sentenceFor(options), isReserved ? {} : { cause: options.cause })
    this.name = 'StorageFullError'
  }
}

function sentenceFor(options: { readonly isAudit?: true } | { readonly isReserved: true }): string {
  if ('isReserved' in options) return 'the registry’s disk is nearly full and takes no more blobs'
  return options.isAudit === true
    ? 'the audit log cannot be written, so nothing may be changed'
    : 'the registry’s disk is full'
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
