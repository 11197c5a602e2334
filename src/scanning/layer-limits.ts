/** What reading one layer may cost. Exceeding one is said as LIMIT_HIT; it is never a failed process. */
export interface LayerLimits {
  readonly compressedBytes: number
  readonly decompressedBytes: number
  /** Decompressed over compressed bytes, of the layer so far. */
  readonly ratio: number
  /** The ratio says nothing before so many decompressed bytes: small layers of zeros are common. */
  readonly ratioFreeBytes: number
  /** Tar headers, those of long names included. */
  readonly entries: number
  /** One file that is read. It is held in memory whole. */
  readonly fileBytes: number
  /** All files that are read, together. */
  readonly totalFileBytes: number
  /** Names, packages and links kept of the layer, together. */
  readonly inventoryBytes: number
  readonly problems: number
  readonly wallTimeMs: number
  /** How long a worker may go on after its time: a parser that hangs hears nothing and is then ended. */
  readonly graceMs: number
}

const mebibyte = 1024 * 1024

export const defaultLayerLimits: LayerLimits = {
  compressedBytes: 10 * 1024 * mebibyte,
  decompressedBytes: 40 * 1024 * mebibyte,
  ratio: 200,
  ratioFreeBytes: 64 * mebibyte,
  entries: 2_000_000,
  fileBytes: 256 * mebibyte,
  totalFileBytes: 2 * 1024 * mebibyte,
  inventoryBytes: 64 * mebibyte,
  problems: 1000,
  wallTimeMs: 10 * 60 * 1000,
  graceMs: 5000,
}

/** Thrown while a layer is read; becomes a value in `inventoryLayer`. */
export class LayerLimitError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LayerLimitError'
  }
}
