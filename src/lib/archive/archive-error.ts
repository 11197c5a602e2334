/** Why bytes that claim to be an archive could not be read to their end. */
export type ArchiveFault = 'malformed' | 'truncated' | 'window-too-large'

/** Thrown through a stream of archive bytes; the consumer turns it into a value where it owns the stream. */
export class ArchiveError extends Error {
  readonly fault: ArchiveFault

  constructor(fault: ArchiveFault, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'ArchiveError'
    this.fault = fault
  }
}

/** Node's codec errors by code; an error of the source passes as it is. */
export function asArchiveError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (typeof code !== 'string') return error
  if (code === 'Z_BUF_ERROR')
    return new ArchiveError('truncated', 'compressed stream is cut short', { cause: error })
  if (code === 'ZSTD_error_frameParameter_windowTooLarge')
    return new ArchiveError('window-too-large', 'zstd window is too large', { cause: error })
  // zlib does not tell a damaged member from foreign bytes after the last one.
  if (/^Z_|^ZSTD_error_/.test(code))
    return new ArchiveError('malformed', `compressed stream is damaged (${code})`, { cause: error })
  return error
}
