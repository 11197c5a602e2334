import { Option } from 'commander'
import { stringify } from 'yaml'

export type Format = 'table' | 'json' | 'yaml'

/** The same for every command that answers. */
export function formatOption(): Option {
  return new Option('--output <format>', 'form of the answer')
    .choices(['table', 'json', 'yaml'] satisfies readonly Format[])
    .default('table')
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Progress and advice; never part of the answer. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Columns as wide as their longest cell; the last is not padded. Text from images has its control characters shown. */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const cells = [header, ...rows].map((row) => row.map(visible))
  const widths = header.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  )
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A name from an image could hold terminal escapes. */
export function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- exactly these are dangerous on a terminal
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, '\uFFFD')
}

export function render(format: Format, value: unknown, table: () => string): string {
  if (format === 'json') return JSON.stringify(value, undefined, 2)
  return format === 'yaml' ? stringify(value).trimEnd() : table()
}

/** `3 h`, `2 d`: the age of data at a glance. */
export function age(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
