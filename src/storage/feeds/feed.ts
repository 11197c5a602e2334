/** The port: where files of advisories come from. */
export interface Feed {
  /** The file of that name, unless it is still the one that `validator` names. Fails with a FeedError. */
  fetch(
    name: string,
    validator: string | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<FeedAnswer>
}

export type FeedAnswer =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'fetched'
      /** A file on this machine, whole, until it is released. */
      readonly path: string
      /** Names this state of the file; undefined where the origin cannot say. */
      readonly validator: string | undefined
      release(): Promise<void>
    }

export type FeedFault = 'unreachable' | 'refused' | 'too-large' | 'malformed'

/** Why a feed could not be had or read; the message is for the operator. */
export class FeedError extends Error {
  readonly fault: FeedFault

  constructor(fault: FeedFault, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'FeedError'
    this.fault = fault
  }
}

/** Relative names only: segments of letters, digits and `. _ : -` that do not begin with a dot. */
export function isFeedName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._: -]*(?:\/[A-Za-z0-9_][A-Za-z0-9._: -]*)*$/.test(name)
}
