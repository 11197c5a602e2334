/**
 * The one error class that operations throw for an outcome a caller can act on.
 * `code` is a closed union that each room declares in its `errors.ts`; edges translate it by table.
 * A bug throws a plain `Error` instead.
 */
export class PratiqueError<Code extends string = string> extends Error {
  readonly code: Code
  readonly detail: Readonly<Record<string, unknown>>

  constructor(
    code: Code,
    message: string,
    detail: Readonly<Record<string, unknown>> = {},
    options: { cause?: unknown } = {},
  ) {
    super(message, options)
    this.name = 'PratiqueError'
    this.code = code
    this.detail = detail
  }
}

/** A code of a room's catalogue: what it means, what to do about it, and whether the same call may succeed later. */
export interface ErrorEntry {
  readonly sentence: string
  readonly remedy: string
  readonly retryable: boolean
}

export function entry(sentence: string, remedy: string, retryable = false): ErrorEntry {
  return { sentence, remedy, retryable }
}

/** For the impossible branch of an exhaustive switch. */
export function unreachable(value: never): Error {
  return new Error(`unreachable: ${JSON.stringify(value)}`)
}
