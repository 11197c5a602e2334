// Documents of a command: printed, or written where `FORMAT=FILE` says.
import { writeFileSync } from 'node:fs'
import { exitCodes, Failure } from './failure.ts'
import { note, say } from './output.ts'

/** `outputs` as they were given, each known to be a format; a table where there is none. */
export async function writeDocuments<Format extends string>(
  outputs: readonly string[],
  formats: readonly (Format | 'table')[],
  textOf: (format: Format | 'table') => Promise<string>,
): Promise<void> {
  for (const one of outputs.length === 0 ? ['table'] : outputs) {
    const [name = 'table', ...rest] = one.split('=')
    const text = await textOf(formats.find((known) => known === name) ?? 'table')
    const file = rest.join('=')
    if (file === '') say(text)
    else writeFile(file, `${text}\n`)
  }
}

function writeFile(file: string, text: string): void {
  try {
    writeFileSync(file, text)
    note(`wrote ${file}`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.error, `${file} cannot be written: ${why}`)
  }
}
