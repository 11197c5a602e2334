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

/** For the impossible branch of an exhaustive switch. */
export function unreachable(value: never): Error {
  return new Error(`unreachable: ${JSON.stringify(value)}`)
}
