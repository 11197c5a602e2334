/** The port: how files of feeds come here. */
export interface FeedTransport {
  /**
   * The file at `url`, unless it is still the one that `validator` names. Fails with a FeedError, after as many attempts as
   * the fault is worth.
   */
  get(
    url: URL,
    request: FeedRequest,
    options: { readonly signal: AbortSignal },
  ): Promise<FeedAnswer>
}

export interface FeedRequest {
  /** From an earlier answer: names the state of the file that is here. */
  readonly validator?: string | undefined
  /** The file is known to be smaller than the largest that is ever fetched. */
  readonly maxBytes?: number
  /** What the feed publishes of the file; another one is refused. */
  readonly checksum?: FeedChecksum
  /** The file is a web page, such as a list of directories; else a page in its place is refused. */
  readonly isPage?: boolean
}

export interface FeedChecksum {
  readonly algorithm: 'sha256' | 'sha512'
  /** Lower-case hexadecimal. */
  readonly hex: string
}

export type FeedAnswer =
  | { readonly kind: 'unchanged' }
  /** The origin is there, and says that the file is not. */
  | { readonly kind: 'absent' }
  | SpooledFile

export interface SpooledFile {
  readonly kind: 'fetched'
  /** A file on this machine, whole, until it is released. */
  readonly path: string
  /** Names this state of the file. */
  readonly validator: string
  release(): Promise<void>
}

export type FeedFault =
  /** No answer came, or it broke off: another attempt may bring it. */
  | 'unreachable'
  /** The origin answers, with something else than the file. */
  | 'refused'
  | 'too-large'
  | 'too-slow'
  | 'wrong-checksum'
  | 'malformed'

/** Why a feed could not be had or read; the message is for the operator. */
export class FeedError extends Error {
  readonly fault: FeedFault
  /** The origin asks not to be asked before so many milliseconds have passed. */
  readonly retryAfterMs: number | undefined

  constructor(
    fault: FeedFault,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'FeedError'
    this.fault = fault
    this.retryAfterMs = options.retryAfterMs
  }
}
