// What the commands about trust print.
import { Option } from 'commander'
import { renderTable, type Format } from '../output.ts'

/** As everywhere, with its short form. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'form of the answer')
    .choices(['table', 'json', 'yaml'] satisfies readonly Format[])
    .default('table')
}

/** `verified`, or `untrusted (identity-mismatch)`. */
export function outcome(of: {
  readonly result: string
  readonly reason?: string | undefined
}): string {
  return of.reason === undefined ? of.result : `${of.result} (${of.reason})`
}

/** Of signatures: what each is, what is said of it, and who made it. */
export function signatureTable(
  rows: readonly {
    readonly manifest: string
    readonly format: string
    readonly policy: string
    readonly entry: string
    readonly result: string
    readonly reason?: string | undefined
    readonly identity?: string | undefined
    readonly detail: string
  }[],
): string {
  const header = ['SIGNATURE', 'FORMAT', 'POLICY', 'ENTRY', 'RESULT', 'SIGNER', 'WHY']
  return renderTable(
    header,
    rows.map((row) => [
      row.manifest.slice(0, 19),
      row.format,
      row.policy,
      row.entry === '' ? '-' : row.entry,
      outcome(row),
      row.identity ?? '-',
      row.detail,
    ]),
  )
}

/** The check that decided. */
export function decidingCheck(
  checks: readonly { readonly outcome: string; readonly action: string; readonly detail: string }[],
): string {
  const failed = checks.filter((check) => check.outcome === 'fail' || check.outcome === 'unknown')
  return (failed.find(({ action }) => action === 'enforce') ?? failed[0])?.detail ?? ''
}
